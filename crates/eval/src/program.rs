//! Expressions over the columns of one schema, ready to run.

use arrow_array::{ArrayRef, BooleanArray, RecordBatch, new_null_array};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use base::ByteCount;
use rows::{AbsentMask, LogicalType, Schema};

use crate::error::{EvalError, TypeError};
use crate::evaluate;
use crate::expr::Expr;
use crate::kernel::args::Frame;
use crate::kernel::logic::Truth;
use crate::value::Value;
use crate::zone::Zone;

/// What a session sets for all its expressions.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub zone: Zone,
    /// The bytes that one column of texts may have in one batch; more is an error (`REPEAT('x', 1000000000)`).
    pub column_bytes_max: ByteCount,
}

impl Default for Limits {
    fn default() -> Self {
        Self { zone: Zone::UTC, column_bytes_max: ByteCount::mib(64) }
    }
}

/// A projection.
#[derive(Clone, Debug)]
pub struct Program {
    exprs: Vec<(Expr, Vec<usize>)>,
    limits: Limits,
}

impl Program {
    /// Fails if an expression reads a column that the schema does not have so, or if its type is unknown (a bare NULL).
    pub fn compile(exprs: Vec<Expr>, schema: &Schema, limits: Limits) -> Result<Self, TypeError> {
        let exprs = exprs
            .into_iter()
            .map(|expr| {
                check(&expr, schema)?;
                let used = expr.columns_used();
                Ok((expr, used))
            })
            .collect::<Result<_, TypeError>>()?;
        Ok(Self { exprs, limits })
    }

    pub fn exprs(&self) -> impl Iterator<Item = &Expr> {
        self.exprs.iter().map(|(expr, _)| expr)
    }

    /// One column per expression, and which of their cells are absent: those whose expression reads an absent cell. Such
    /// a cell is NULL in its column, and nothing that is evaluated for it can fail.
    pub fn evaluate(&self, batch: &RecordBatch, absent: &AbsentMask) -> Result<(Vec<ArrayRef>, AbsentMask), EvalError> {
        let mut columns = Vec::with_capacity(self.exprs.len());
        let mut masks = Vec::with_capacity(self.exprs.len());
        for (output, (expr, used)) in self.exprs.iter().enumerate() {
            let mask = absent_rows(used, absent);
            let present = mask.as_ref().map(|mask| !mask);
            let frame = frame(batch, present.as_ref(), self.limits);
            let value = evaluate::evaluate(expr, batch.columns(), frame);
            let column = value.and_then(|value| evaluate::materialise(value, expr, frame));
            let column = column.map_err(|error| EvalError { output, ..error })?;
            columns.push(match &present {
                Some(present) if expr.as_column().is_none() => nulled(column, present),
                _ => column,
            });
            masks.push(mask);
        }
        Ok((columns, AbsentMask::new(masks)))
    }
}

/// A condition.
#[derive(Clone, Debug)]
pub struct Predicate {
    expr: Expr,
    used: Vec<usize>,
    limits: Limits,
}

/// Which rows a condition selects.
#[derive(Clone, Debug)]
pub struct Selected {
    /// The rows for which the condition is true; neither false nor unknown.
    pub rows: BooleanBuffer,
    /// The rows for which it cannot be told, because it reads an absent cell; they are not among `rows`. `None` if there is none.
    pub undecided: Option<BooleanBuffer>,
}

impl Predicate {
    /// Fails unless the expression is boolean and reads only columns that the schema has so.
    pub fn compile(expr: Expr, schema: &Schema, limits: Limits) -> Result<Self, TypeError> {
        if *expr.ty() != LogicalType::Boolean {
            return Err(TypeError::new("WHERE clause must be a condition"));
        }
        check(&expr, schema)?;
        let used = expr.columns_used();
        Ok(Self { expr, used, limits })
    }

    pub fn expr(&self) -> &Expr {
        &self.expr
    }

    pub fn evaluate(&self, batch: &RecordBatch, absent: &AbsentMask) -> Result<Selected, EvalError> {
        let undecided = absent_rows(&self.used, absent);
        let decided = undecided.as_ref().map(|mask| !mask);
        let frame = frame(batch, decided.as_ref(), self.limits);
        let value: Value = evaluate::evaluate(&self.expr, batch.columns(), frame)?;
        let rows = Truth::of(&value, batch.num_rows()).is_true().clone();
        let rows = decided.map_or(rows.clone(), |decided| &rows & &decided);
        Ok(Selected { rows, undecided })
    }
}

impl Selected {
    /// As `arrow_select::filter` takes it.
    pub fn to_array(&self) -> BooleanArray {
        BooleanArray::new(self.rows.clone(), None)
    }
}

fn frame<'a>(batch: &RecordBatch, active: Option<&'a BooleanBuffer>, limits: Limits) -> Frame<'a> {
    Frame { rows: batch.num_rows(), active, zone: limits.zone, column_bytes_max: limits.column_bytes_max.as_usize() }
}

fn check(expr: &Expr, schema: &Schema) -> Result<(), TypeError> {
    if *expr.ty() == LogicalType::Null {
        return Err(TypeError::new("Illegal use of 'NULL'").hint("give it a type: CAST(NULL AS STRING)"));
    }
    expr.check_columns(schema)
}

/// The rows in which a column that the expression reads is absent.
fn absent_rows(used: &[usize], absent: &AbsentMask) -> Option<BooleanBuffer> {
    let mut masks = used.iter().filter_map(|column| absent.column(*column));
    let first = masks.next()?.clone();
    Some(masks.fold(first, |all, mask| &all | mask))
}

/// The column with NULL in the rows that are not present.
fn nulled(column: ArrayRef, present: &BooleanBuffer) -> ArrayRef {
    let nulls = NullBuffer::union(column.nulls(), Some(&NullBuffer::new(present.clone())));
    let data = column.to_data().into_builder().nulls(nulls).build();
    match data {
        Ok(data) => arrow_array::make_array(data),
        // Only the null bitmap changed, to one of the column's length.
        Err(_) => new_null_array(column.data_type(), column.len()),
    }
}
