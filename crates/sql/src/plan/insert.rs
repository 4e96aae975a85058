//! INSERT INTO: a query's rows made to fit a sink.

use eval::Expr;
use flow::PipelinePlan;
use flow::plan::TransformPlan;
use rows::{Changelog, Field, Schema};

use super::key::loses_nothing;
use super::namespace::Object;
use super::planner::Planner;
use super::query::Query;
use super::sink::Arriving;
use super::store::stored;
use super::table::Table;
use crate::ast::{Ident, Insert};
use crate::text::{Diagnostic, Errors, did_you_mean};

impl Planner<'_> {
    pub(super) fn insert(&self, insert: &Insert) -> Result<PipelinePlan, Errors> {
        let mut errors = Errors::default();
        let sink = errors.take(self.target(insert));
        let query = errors.take(self.query(&insert.query));
        let (Some(sink), Some(query)) = (sink, query) else { return Err(errors) };
        let written = sink.written();
        let sources = assigned(&query, &sink, &written, insert)?;
        let (project, origins) = fitted(&query, &sink, &written, &sources, insert)?;
        let edge = Arriving { query: &query, origins: &origins, sink: &sink, schema: &written, insert };
        let changelog = edge.changelog()?;
        let output = with_key(written, &changelog);
        let instance = self.sink_instance(&sink, &output, &changelog, insert)?;
        let Query { mut input, filter, .. } = query;
        input.transforms.push(TransformPlan {
            input: input.schema.clone(),
            input_changelog: input.changelog.clone(),
            filter,
            project,
            output,
            output_changelog: changelog,
        });
        let source = self.source(&mut input)?;
        Ok(PipelinePlan {
            name: sink.name,
            source,
            source_name: input.table.name,
            transforms: input.transforms,
            sink: instance,
        })
    }

    /// The table to write, with the options of its hint.
    fn target(&self, insert: &Insert) -> Result<Table, Errors> {
        match self.names.lookup(&insert.table)? {
            Object::Table(table) => {
                let table = self.with_hints(&table, &insert.hints, insert.table.span)?;
                if table.stored.is_none() {
                    self.sink_factory(&table, insert.table.span)?;
                }
                Ok(table)
            }
            Object::View(view) => {
                Err(Diagnostic::error(insert.table.span, format!("'{}' is a view and cannot be written", view.name))
                    .into())
            }
            Object::Broken => Err(Errors::default()),
        }
    }
}

/// An upsert stream's schema names its key, whether or not the table declares one.
fn with_key(mut schema: Schema, changelog: &Changelog) -> Schema {
    if let Changelog::Upsert(key) = changelog {
        schema.key.clone_from(key);
    }
    schema
}

/// For each column of the sink the output that goes there; `None` for a column that the INSERT leaves out.
fn assigned(query: &Query, sink: &Table, written: &Schema, insert: &Insert) -> Result<Vec<Option<usize>>, Errors> {
    let Some(columns) = &insert.columns else {
        if query.items.len() != written.fields.len() {
            let cause = "Different number of columns.";
            return Err(mismatch(sink, cause, query, &written.fields, Diagnostic::error(query.span, "")).into());
        }
        return Ok((0..written.fields.len()).map(Some).collect());
    };
    let mut errors = Errors::default();
    let mut assigned = vec![None; written.fields.len()];
    for (at, column) in columns.iter().enumerate() {
        match written.index_of(&column.name).and_then(|field| assigned.get_mut(field)) {
            Some(slot @ None) => *slot = Some(at),
            Some(Some(_)) => {
                errors.push(Diagnostic::error(column.span, format!("column '{}' is named twice", column.name)));
            }
            None => errors.push(unknown_target(column, sink, written)),
        }
    }
    if query.items.len() != columns.len() {
        let message =
            format!("the query has {} columns for the {} that INSERT names", query.items.len(), columns.len());
        errors.push(Diagnostic::error(query.span, message));
    }
    errors.or(assigned)
}

fn unknown_target(column: &Ident, sink: &Table, written: &Schema) -> Diagnostic {
    let names = written.fields.iter().map(|field| field.name.as_str());
    Diagnostic::error(column.span, format!("column '{}' not found in '{}'", column.name, sink.name))
        .maybe_hint(did_you_mean(&column.name, names))
}

type Fitted = (Vec<Expr>, Vec<Option<usize>>);

/// The outputs as the sink's columns have them, with the input column that each carries.
fn fitted(
    query: &Query,
    sink: &Table,
    written: &Schema,
    sources: &[Option<usize>],
    insert: &Insert,
) -> Result<Fitted, Errors> {
    let mut errors = Errors::default();
    let mut fitted = (Vec::new(), Vec::new());
    for (position, (field, source)) in written.fields.iter().zip(sources).enumerate() {
        let item = source.and_then(|at| query.items.get(at));
        let value = match item {
            Some(item) => stored(&item.expr, &field.ty).map_err(|hint| {
                let cause = format!("Incompatible types for sink column '{}' at position {position}.", field.name);
                mismatch(sink, &cause, query, &written.fields, Diagnostic::error(item.span, "").maybe_hint(hint))
            }),
            None => stored(&Expr::null(), &field.ty).map_err(|hint| {
                let message = format!("column '{}' of type {} cannot be left out", field.name, field.ty);
                Diagnostic::error(insert.table.span, message).maybe_hint(hint)
            }),
        };
        let span = item.map_or(insert.table.span, |item| item.span);
        match value {
            Err(error) => errors.push(error),
            Ok(value) if value.nullable() && !field.nullable => errors.push(
                Diagnostic::error(
                    span,
                    format!("column '{}' of '{}' is NOT NULL, this may be NULL", field.name, sink.name),
                )
                .hint("give another value for NULL: COALESCE(…, …), or declare the source's column NOT NULL"),
            ),
            Ok(value) => {
                let carried =
                    item.filter(|item| loses_nothing(item.expr.ty(), &field.ty)).and_then(|item| item.carried);
                fitted.0.push(value);
                fitted.1.push(carried);
            }
        }
    }
    errors.or(fitted)
}

/// Worded as Flink's `DynamicSinkUtils` has it.
fn mismatch(sink: &Table, cause: &str, query: &Query, fields: &[Field], at: Diagnostic) -> Diagnostic {
    let column = |name: &str, ty: &dyn std::fmt::Display, nullable: bool| {
        format!("{name}: {ty}{}", if nullable { "" } else { " NOT NULL" })
    };
    let from: Vec<String> =
        query.items.iter().map(|item| column(&item.name, item.expr.ty(), item.expr.nullable())).collect();
    let to: Vec<String> = fields.iter().map(|field| column(&field.name, &field.ty, field.nullable)).collect();
    Diagnostic {
        message: format!("Column types of query result and sink for '{}' do not match. Cause: {cause}", sink.name),
        ..at
    }
    .detail(format!("Query schema: [{}]\nSink schema:  [{}]", from.join(", "), to.join(", ")))
}
