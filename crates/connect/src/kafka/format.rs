//! The formats a Kafka table can have, and their options.

use flow::Settings;
use flow::registry::{OptionError, OptionSpec, Options, TRUE_OR_FALSE, TableDef};
use formats::debezium::DebeziumOptions;
use formats::json::JsonOptions;
use formats::options::OptionKind;
use formats::{Limits, Table, debezium, json};
use rows::{Changelog, RecordDecoder};

/// A format with its options, checked.
#[derive(Clone, Debug)]
pub(super) enum Format {
    Json(JsonOptions),
    DebeziumJson(DebeziumOptions),
}

/// Every option of every format, under its prefix.
pub(super) fn options() -> Vec<OptionSpec> {
    json::OPTIONS.iter().chain(debezium::FORMAT_OPTIONS).map(spec).collect()
}

/// The `SET` keys of the formats.
pub(crate) fn settings() -> Vec<OptionSpec> {
    debezium::CONNECTOR_OPTIONS.iter().map(|setting| spec(setting).per_table()).collect()
}

fn spec(of_format: &formats::options::OptionSpec) -> OptionSpec {
    let values = match of_format.kind {
        OptionKind::Boolean => TRUE_OR_FALSE,
        OptionKind::Choice(values) => values,
        OptionKind::Text => &[],
    };
    OptionSpec::with_default(of_format.key, of_format.default, of_format.description).one_of(values)
}

impl Format {
    /// Reads the options of the format that the table names; `SET 'millstream.table.NAME.debezium.…'` goes before
    /// `SET 'millstream.debezium.…'`.
    pub(super) fn read(name: &str, table: &TableDef, settings: &Settings) -> Result<Self, OptionError> {
        match name {
            "json" => {
                let mut json = JsonOptions::default();
                for (key, value) in under("json.", &table.options) {
                    known(json.set(key, value), key)?;
                }
                Ok(Self::Json(json))
            }
            "debezium-json" => Ok(Self::DebeziumJson(debezium(table, settings)?)),
            other => Err(OptionError::new(format!("the format '{other}' is not known"))
                .key("format")
                .hint("choose 'json' or 'debezium-json'")),
        }
    }

    /// What its rows mean; `key` is the table's primary key.
    pub(super) fn changelog(&self, key: &[usize]) -> Changelog {
        match self {
            Self::Json(_) => Changelog::Append,
            Self::DebeziumJson(_) => Changelog::Upsert(key.to_vec()),
        }
    }

    pub(super) fn decoder(&self, table: &Table, limits: Limits) -> base::Result<Box<dyn RecordDecoder>> {
        Ok(match self {
            Self::Json(options) => Box::new(json::decoder(table, options.clone(), limits)?),
            Self::DebeziumJson(options) => Box::new(debezium::decoder(table, options.clone(), limits)?),
        })
    }
}

fn debezium(table: &TableDef, settings: &Settings) -> Result<DebeziumOptions, OptionError> {
    if table.schema.key.is_empty() {
        return Err(OptionError::new(format!("table {} is a change stream and has no primary key", table.name))
            .key("format")
            .hint("declare PRIMARY KEY (…) NOT ENFORCED with the key of the source table"));
    }
    let mut debezium = DebeziumOptions::default();
    for (key, value) in under("debezium-json.", &table.options) {
        known(debezium.set(key, value), key)?;
    }
    for (key, value) in under("millstream.debezium.", &settings.values) {
        known(debezium.set(key, value), key)?;
    }
    let of_table = format!("millstream.table.{}.", table.name);
    for (key, value) in under(&of_table, &settings.values) {
        let general = format!("millstream.{}", key.trim_start_matches(&of_table));
        known(debezium.set(&general, value), key)?;
    }
    Ok(debezium)
}

fn under<'a>(prefix: &'a str, options: &'a Options) -> impl Iterator<Item = (&'a str, &'a str)> {
    options.iter().filter(move |(key, _)| key.starts_with(prefix)).map(|(key, value)| (key.as_str(), value.as_str()))
}

fn known(set: base::Result<bool>, key: &str) -> Result<(), OptionError> {
    match set {
        Ok(true) => Ok(()),
        Ok(false) => Err(OptionError::new(format!("'{key}' is not known")).key(key)),
        Err(error) => {
            let wrong = OptionError::new(error.message()).key(key);
            Err(match error.hint_text() {
                Some(hint) => wrong.hint(hint),
                None => wrong,
            })
        }
    }
}
