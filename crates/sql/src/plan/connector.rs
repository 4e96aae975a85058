//! Tables of connectors: their factory, their options, their metadata columns.

use std::sync::Arc;

use flow::{OptionSpec, SinkFactory, SourceFactory};
use rows::{Changelog, LogicalType};

use super::expr::typed;
use super::options::Given;
use super::planner::Planner;
use super::resolve::resolve;
use super::scope::Scope;
use super::table::{Column, ColumnSource, Table};
use crate::ast::{DataType, Expr, ExprKind, Ident, OptionEntry};
use crate::text::{Diagnostic, Errors, Span, did_you_mean};
use crate::unsupported::unsupported;

const BOOTSTRAP: &str = "properties.bootstrap.servers";

impl Planner<'_> {
    pub(super) fn source_factory(&self, table: &Table, at: Span) -> Result<&Arc<dyn SourceFactory>, Errors> {
        if table.stored.is_some() {
            let error = unsupported(at, "reading a table of a catalog");
            return Err(error.hint("read the topic that the table is filled from, or run this file on Flink").into());
        }
        let connector = self.connector(table, at)?;
        let found = self.registry.sources.iter().find(|factory| factory.name() == connector);
        found.ok_or_else(|| {
            let message = format!("Connector '{connector}' can only be used as a sink. It cannot be used as a source.");
            Diagnostic::error(at, message).into()
        })
    }

    pub(super) fn sink_factory(&self, table: &Table, at: Span) -> Result<&Arc<dyn SinkFactory>, Errors> {
        let connector = self.connector(table, at)?;
        let found = self.registry.sinks.iter().find(|factory| factory.name() == connector);
        found.ok_or_else(|| {
            let message = format!("Connector '{connector}' can only be used as a source. It cannot be used as a sink.");
            Diagnostic::error(at, message).into()
        })
    }

    /// The name of a connector that exists.
    fn connector<'t>(&self, table: &'t Table, at: Span) -> Result<&'t str, Errors> {
        let known = || {
            let sources = self.registry.sources.iter().map(|factory| factory.name());
            let mut names: Vec<&str> =
                sources.chain(self.registry.sinks.iter().map(|factory| factory.name())).collect();
            names.sort_unstable();
            names.dedup();
            names
        };
        let listed = || format!("known connectors: {}", known().join(", "));
        let Some(connector) = table.connector() else {
            let error = Diagnostic::error(at, format!("table '{}' names no 'connector'", table.name));
            return Err(error.hint(listed()).into());
        };
        if known().contains(&connector) {
            return Ok(connector);
        }
        let span = table.given.value_span("connector").unwrap_or(at);
        let error = Diagnostic::error(span, format!("unknown connector '{connector}'"));
        Err(error.hint(listed()).maybe_hint(did_you_mean(connector, known())).into())
    }

    /// Everything that the connector takes, as a source or as a sink.
    fn option_specs(&self, connector: &str) -> Vec<OptionSpec> {
        let sources = self.registry.sources.iter().filter(|factory| factory.name() == connector);
        let sinks = self.registry.sinks.iter().filter(|factory| factory.name() == connector);
        sources.flat_map(|factory| factory.options()).chain(sinks.flat_map(|factory| factory.options())).collect()
    }

    /// Checks the names of a table's options, and lets the command line override them.
    pub(super) fn check_connector(&self, table: &mut Table, at: Span) -> Errors {
        let connector = match self.connector(table, at) {
            Ok(connector) => connector.to_owned(),
            Err(errors) => return errors,
        };
        let specs = self.option_specs(&connector);
        let takes_bootstrap = specs.iter().any(|spec| spec.matches(BOOTSTRAP));
        if let Some(servers) = self.bootstrap.filter(|_| takes_bootstrap) {
            table.given.values.insert(BOOTSTRAP.to_owned(), servers.to_owned());
        }
        table.def.options.clone_from(&table.given.values);
        let owner = format!("connector '{connector}'");
        let mut errors = table.given.check(&specs, &["connector"], &owner, at);
        errors.0.extend(table.given.check_required(&specs, &owner, at).0);
        errors
    }

    /// A table with the options of a hint, which win.
    pub(super) fn with_hints(&self, table: &Table, hints: &[OptionEntry], at: Span) -> Result<Table, Errors> {
        let mut table = table.clone();
        if hints.is_empty() {
            return Ok(table);
        }
        table.given.add(hints);
        table.def.options.clone_from(&table.given.values);
        let errors = match &table.stored {
            // The stored table may have properties that others gave it.
            Some(stored) => Given::new(hints).check(&stored.table_options, &[], "the table", at),
            None => self.check_connector(&mut table, at),
        };
        errors.or(table)
    }

    /// Checks metadata and computed columns and the watermark. A metadata column of another type than its connector's is read
    /// in that type and cast.
    pub(super) fn check_columns(&self, table: &mut Table, at: Span) -> Errors {
        let mut errors = self.check_metadata(table, at);
        let scope = Scope::of_fields(table.def.schema.fields.clone(), None);
        for column in &table.columns {
            let ColumnSource::Computed(expr) = &column.kind else { continue };
            let mut unresolved = Errors::default();
            resolve(expr, &scope, &mut unresolved);
            if unresolved.0.is_empty() {
                errors.take(typed(expr, &scope));
            }
            errors.0.extend(unresolved.0);
        }
        if let Some(watermark) = &table.watermark {
            let scope = Scope::of_table(table, None);
            if let Err(error) = scope.find(&watermark.column) {
                errors.push(error);
            }
            resolve(&watermark.expr, &scope, &mut errors);
        }
        errors
    }

    fn check_metadata(&self, table: &mut Table, at: Span) -> Errors {
        let mut errors = Errors::default();
        let connector = table.connector().unwrap_or_default().to_owned();
        let factory = self.registry.sources.iter().find(|factory| factory.name() == connector);
        let known = factory.map(|factory| factory.metadata()).unwrap_or_default();
        let fields = table.def.schema.fields.iter_mut().zip(&table.def.metadata).enumerate();
        for (index, (field, key)) in fields {
            let Some(key) = key else { continue };
            let Some((_, ty, nullable)) = known.iter().find(|(name, ..)| name == key) else {
                let keys: Vec<&str> = known.iter().map(|(name, ..)| *name).collect();
                let message =
                    format!("invalid metadata key '{key}' in column '{}' of table '{}'", field.name, table.name);
                let hint = format!("connector '{connector}' has {}", keys.join(", "));
                errors.push(Diagnostic::error(at, message).hint(hint).maybe_hint(did_you_mean(key, keys)));
                continue;
            };
            if field.ty != *ty {
                let wanted = std::mem::replace(&mut field.ty, ty.clone());
                let cast = cast_of(&field.name, wanted, at);
                field.nullable = *nullable;
                if let Some(column) = table.columns.iter_mut().find(|column| is_field(column, index)) {
                    column.kind = ColumnSource::Computed(Box::new(cast));
                }
            }
        }
        errors
    }

    /// Plans a source for all columns of a table, so that wrong values of options are found even if nothing reads it.
    pub(super) fn try_source(&self, table: &Table, at: Span) -> Result<(), Errors> {
        let connector = table.connector().unwrap_or_default();
        let Some(factory) = self.registry.sources.iter().find(|factory| factory.name() == connector) else {
            return Ok(());
        };
        let all: Vec<usize> = (0..table.def.schema.fields.len()).collect();
        let changelog: Result<Changelog, _> = factory.changelog(&table.def);
        let planned = changelog.and_then(|_| factory.plan(&table.def, &all, &self.settings));
        planned.map(|_| ()).map_err(|error| table.given.error(error, at).into())
    }
}

fn is_field(column: &Column, index: usize) -> bool {
    matches!(column.kind, ColumnSource::Field(at) if at == index)
}

/// `CAST(name AS ty)`
fn cast_of(name: &str, ty: LogicalType, span: Span) -> Expr {
    let column = Expr::leaf(ExprKind::Column(vec![Ident { name: name.to_owned(), span }]), span);
    let ty = DataType { ty, nullable: true, span };
    Expr::node(ExprKind::Cast { operand: Box::new(column), ty, attempt: false }, span)
}
