//! What a sink can take: its changelog mode, its key, its connector.

use std::sync::Arc;

use flow::{OptionError, SinkInput, SinkInstance};
use rows::{Changelog, Schema};

use super::key::{carried_key, names, same_key};
use super::planner::Planner;
use super::query::Query;
use super::table::Table;
use crate::ast::Insert;
use crate::text::{Diagnostic, Errors};

/// Rows on their last edge.
pub(super) struct Arriving<'a> {
    pub(super) query: &'a Query,
    /// For each column of the sink the input column of the query that it carries.
    pub(super) origins: &'a [Option<usize>],
    pub(super) sink: &'a Table,
    /// The sink's columns and its PRIMARY KEY among them.
    pub(super) schema: &'a Schema,
    pub(super) insert: &'a Insert,
}

impl Planner<'_> {
    pub(super) fn sink_instance(
        &self,
        sink: &Table,
        schema: &Schema,
        changelog: &Changelog,
        insert: &Insert,
    ) -> Result<Arc<dyn SinkInstance>, Errors> {
        let at = insert.table.span;
        let input = SinkInput { schema: schema.clone(), changelog: changelog.clone() };
        let option_error = |error: OptionError| Errors::from(sink.given.error(error, at));
        if let Some(stored) = &sink.stored {
            let (catalog, database, table) = (&stored.catalog, &stored.database, &stored.table);
            return catalog.sink(database, table, &sink.def, &input, &self.settings).map_err(option_error);
        }
        if let Some(at_field) = (0..sink.def.schema.fields.len()).find(|at| sink.is_written_metadata(*at)) {
            let name = sink.def.schema.fields.get(at_field).map_or("", |field| field.name.as_str());
            let error = Diagnostic::error(at, format!("metadata column '{name}' of '{}' cannot be written", sink.name));
            return Err(error.hint("declare it VIRTUAL").into());
        }
        let factory = self.sink_factory(sink, at)?;
        factory.plan(&sink.def, &input, &self.settings).map_err(option_error)
    }
}

impl Table {
    fn is_written_metadata(&self, at: usize) -> bool {
        self.def.metadata.get(at).is_some_and(Option::is_some) && self.readonly.get(at) != Some(&true)
    }

    /// Whether rows with the key of an older one replace it.
    fn upserts(&self) -> bool {
        self.def.options.get("write.upsert.enabled").is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }
}

impl Arriving<'_> {
    /// The changelog mode of this edge.
    pub(super) fn changelog(&self) -> Result<Changelog, Errors> {
        if self.sink.stored.is_some() { self.to_table() } else { self.to_connector() }.map_err(Errors::from)
    }

    fn to_table(&self) -> Result<Changelog, Diagnostic> {
        let key = &self.schema.key;
        match &self.query.input.changelog {
            Changelog::Append if key.is_empty() || !self.sink.upserts() => Ok(Changelog::Append),
            // The last to arrive wins.
            Changelog::Append => Ok(Changelog::Upsert(key.clone())),
            Changelog::Upsert(_) if key.is_empty() || !self.sink.upserts() => Err(self.append_only()),
            Changelog::Upsert(source_key) => self.by_key(source_key),
            Changelog::Retract => Err(self.append_only()),
        }
    }

    /// Sinks such as `print` show every change.
    fn to_connector(&self) -> Result<Changelog, Diagnostic> {
        match &self.query.input.changelog {
            Changelog::Upsert(source_key) if self.schema.key.is_empty() => carried_key(source_key, self.origins)
                .map(Changelog::Upsert)
                .map_err(|missing| self.query.lost_key(&missing)),
            Changelog::Upsert(source_key) => self.by_key(source_key),
            other => Ok(other.clone()),
        }
    }

    /// Both have a key: it must be the same, or a delete could not be carried over.
    fn by_key(&self, source_key: &[usize]) -> Result<Changelog, Diagnostic> {
        let key = &self.schema.key;
        if same_key(key, source_key, self.origins) {
            return Ok(Changelog::Upsert(key.clone()));
        }
        let input = &self.query.input;
        let (sink, source) = (&self.sink.name, &input.table.name);
        let (sink_key, source_key) = (names(self.schema, key), names(&input.schema, source_key));
        Err(Diagnostic::error(self.insert.table.span, format!("the key of '{sink}' does not follow from the key of '{source}'"))
            .detail(format!("'{sink}' has PRIMARY KEY ({sink_key}), '{source}' has the key ({source_key}); deletes carry only the latter"))
            .hint(format!(
                "fill each key column of '{sink}' with a plain column of the key of '{source}', and declare the same columns as keys"
            )))
    }

    /// Worded as Flink's `FlinkChangelogModeInferenceProgram` has it.
    fn append_only(&self) -> Diagnostic {
        let input = &self.query.input;
        let fields: Vec<&str> = input.schema.fields.iter().map(|field| field.name.as_str()).collect();
        let error = Diagnostic::error(
            self.insert.table.span,
            format!(
                "Table sink '{}' doesn't support consuming update and delete changes which is produced by node \
                 TableSourceScan(table=[{}], fields=[{}])",
                self.sink.name,
                input.table.name,
                fields.join(", ")
            ),
        );
        let hint = if self.schema.key.is_empty() {
            "declare the table's PRIMARY KEY (…) NOT ENFORCED and 'write.upsert.enabled'='true'"
        } else {
            "give the table 'write.upsert.enabled'='true'"
        };
        error.hint(hint)
    }
}
