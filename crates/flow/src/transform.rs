//! Filter and projection of one pipeline, row by row, compiled once.
//!
//! Over an upsert stream a row that the filter does not select becomes a delete of its key, since the table may hold an
//! older version that was selected; a delete passes a filter on other columns than the key, since it holds nothing else.
//! Where the filter reads key columns only it decides for all versions of a row alike, so what it does not select is
//! dropped. Nothing is evaluated over the cells of deletes but their keys.

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_buffer::BooleanBuffer;
use base::{Error, Result};
use eval::{EvalError, Limits, Predicate, Program, Selected, TypeError};
use rows::{AbsentMask, Batch, Changelog, RowKind, Schema};

use crate::plan::TransformPlan;

/// A compiled [`TransformPlan`].
#[derive(Debug)]
pub(crate) struct Transform {
    /// The sink's table, for messages.
    sink: String,
    filter: Option<Filter>,
    project: Program,
    /// Columns of the input that identify a row; empty for an append stream.
    key: Vec<usize>,
    upsert: bool,
    input: Schema,
    output: Schema,
}

#[derive(Debug)]
struct Filter {
    predicate: Predicate,
    /// It reads nothing but key columns.
    key_only: bool,
}

impl Transform {
    /// `sink` names the table that the rows are for, in messages.
    pub(crate) fn new(plan: &TransformPlan, limits: Limits, sink: &str) -> Result<Self> {
        let (upsert, key) = match &plan.input_changelog {
            Changelog::Upsert(key) => (true, key.clone()),
            Changelog::Append => (false, Vec::new()),
            Changelog::Retract => return Err(Error::internal("a retract stream was planned for a transform")),
        };
        let filter = plan.filter.clone().map(|expr| {
            let key_only = expr.columns_used().iter().all(|column| key.contains(column));
            Ok(Filter { predicate: Predicate::compile(expr, &plan.input, limits)?, key_only })
        });
        Ok(Self {
            sink: sink.to_owned(),
            filter: filter.transpose().map_err(|error| not_typed(&error))?,
            project: Program::compile(plan.project.clone(), &plan.input, limits).map_err(|error| not_typed(&error))?,
            key,
            upsert,
            input: plan.input.clone(),
            output: plan.output.clone(),
        })
    }

    /// The batch that comes of `batch`; it may have fewer rows, none at all included.
    pub(crate) fn apply(&mut self, batch: Batch) -> Result<Batch> {
        let batch = match &self.filter {
            Some(filter) => self.filtered(filter, batch)?,
            None => batch,
        };
        self.projected(batch)
    }

    fn filtered(&self, filter: &Filter, mut batch: Batch) -> Result<Batch> {
        let masked = self.without_deleted_cells(&batch);
        let Selected { rows, undecided } =
            filter.predicate.evaluate(&batch.columns, &masked).map_err(|error| self.failed(&batch, "WHERE", &error))?;
        let deletes = deletes(&batch);
        if let Some(undecided) = undecided {
            let open = (undecided.set_indices()).find(|row| filter.key_only || !is_set(deletes.as_ref(), *row));
            if let Some(row) = open {
                return Err(self.unavailable(&batch, row, "WHERE", &filter.predicate.expr().columns_used()));
            }
        }
        if !self.upsert || filter.key_only {
            return select(&batch, &rows);
        }
        let kinds = (0..batch.rows()).map(|row| if rows.value(row) { batch.kind(row) } else { RowKind::Delete });
        batch.kinds = Some(kinds.collect());
        Ok(batch)
    }

    fn projected(&self, batch: Batch) -> Result<Batch> {
        let masked = self.without_deleted_cells(&batch);
        let (columns, absent) =
            self.project.evaluate(&batch.columns, &masked).map_err(|error| self.failed_column(&batch, &error))?;
        let deletes = deletes(&batch);
        let mut masks = Vec::with_capacity(columns.len());
        for (index, expr) in self.project.exprs().enumerate() {
            let mask =
                absent.column(index).map(|mask| deletes.as_ref().map_or(mask.clone(), |deletes| mask & &!deletes));
            let mask = mask.filter(|mask| mask.count_set_bits() > 0);
            let used = expr.columns_used();
            if let (Some(mask), true) = (&mask, used.len() > 1) {
                let row = mask.set_indices().next().unwrap_or(0);
                let what = format!("the column '{}'", self.output.fields[index].name);
                return Err(self.unavailable(&batch, row, &what, &used));
            }
            masks.push(mask);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(batch.rows()));
        let columns = RecordBatch::try_new_with_options(self.output.arrow(), columns, &options)
            .map_err(|error| Error::internal("projected columns do not fit their types").caused_by(error))?;
        Ok(Batch { columns, kinds: batch.kinds, absent: AbsentMask::new(masks), origin: batch.origin })
    }

    /// The absent mask with every cell of a delete but its key absent too: nothing is computed from them.
    fn without_deleted_cells(&self, batch: &Batch) -> AbsentMask {
        let Some(deletes) = deletes(batch).filter(|_| self.upsert) else { return batch.absent.clone() };
        let masks = (0..batch.columns.num_columns()).map(|column| match batch.absent.column(column) {
            mask if self.key.contains(&column) => mask.cloned(),
            Some(mask) => Some(mask | &deletes),
            None => Some(deletes.clone()),
        });
        AbsentMask::new(masks.collect())
    }

    fn failed_column(&self, batch: &Batch, error: &EvalError) -> Error {
        let name = self.output.fields.get(error.output).map_or("?", |field| field.name.as_str());
        let failed = self.failed(batch, &format!("the column '{name}'"), error);
        match self.project.exprs().nth(error.output).map(ToString::to_string) {
            Some(whole) if whole != error.expression => failed.detail(format!("{name} is {whole}")),
            _ => failed,
        }
    }

    /// As in Flink the job stops: a row that was left out would be missing, and nobody would know.
    fn failed(&self, batch: &Batch, what: &str, error: &EvalError) -> Error {
        let rather = error.hint.as_ref().map_or(String::new(), |hint| format!("{hint}; "));
        Error::user(format!("{}: {what} for {}: {error}", place(batch, error.row), self.sink)).hint(format!(
            "{rather}CASE or WHERE can keep such values away from the expression, or correct them at their source; \
             'millstream.bad-records' is for records that cannot be decoded, not for expressions"
        ))
    }

    /// An expression over several columns, or a condition, met a cell whose value nobody sent.
    fn unavailable(&self, batch: &Batch, row: usize, what: &str, used: &[usize]) -> Error {
        let absent = used.iter().find(|column| batch.absent.is_absent(**column, row));
        let name = absent.map_or("?", |column| &self.input.fields[*column].name);
        let (place, sink) = (place(batch, row), &self.sink);
        Error::user(format!("{place}: {what} for {sink} needs the column '{name}', whose value is unavailable"))
            .detail("an unchanged large value is not in PostgreSQL's log, so the change event does not hold it")
            .hint(format!("use '{name}' alone in an output column, or set REPLICA IDENTITY FULL on the source table"))
    }
}

/// Bits of the rows that are deletes; `None` if none is.
fn deletes(batch: &Batch) -> Option<BooleanBuffer> {
    let kinds = batch.kinds.as_ref()?;
    if !kinds.contains(&RowKind::Delete) {
        return None;
    }
    Some(kinds.iter().map(|kind| *kind == RowKind::Delete).collect())
}

fn is_set(bits: Option<&BooleanBuffer>, row: usize) -> bool {
    bits.is_some_and(|bits| bits.value(row))
}

fn select(batch: &Batch, rows: &BooleanBuffer) -> Result<Batch> {
    batch.select(rows).map_err(|error| Error::internal("rows could not be selected").caused_by(error))
}

fn place(batch: &Batch, row: usize) -> String {
    let offset = batch.origin.offsets.get(row).map_or(String::new(), |offset| format!("@{offset}"));
    format!("{}{offset}", batch.origin.partition)
}

fn not_typed(error: &TypeError) -> Error {
    Error::internal(format!("the plan has an expression without meaning: {error}"))
}

#[cfg(test)]
mod tests;
