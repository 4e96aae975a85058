//! What decoders are built from: the table, the limits, and how timestamps are written; and what an option looks like
//! to whoever lists them.

use base::{ByteCount, Error};
use rows::Schema;

/// An option as documentation and `check` show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptionSpec {
    /// In full: `json.ignore-parse-errors`.
    pub key: &'static str,
    pub kind: OptionKind,
    pub default: &'static str,
    pub description: &'static str,
}

/// The values that an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionKind {
    Boolean,
    Text,
    /// One of these words, case ignored.
    Choice(&'static [&'static str]),
}

/// The table whose rows are decoded.
#[derive(Clone, Debug)]
pub struct Table {
    /// As the user wrote it in CREATE TABLE; for messages.
    pub name: String,
    /// The physical columns and the primary key.
    pub schema: Schema,
    /// The columns that are needed, as indices into the schema; `None` for all. Columns of the primary key come with
    /// them (at the end, where they are not among them) in a format that has keys.
    pub wanted: Option<Vec<usize>>,
}

impl Table {
    pub fn new(name: impl Into<String>, schema: Schema) -> Self {
        Self { name: name.into(), schema, wanted: None }
    }

    #[must_use]
    pub fn project(mut self, wanted: Vec<usize>) -> Self {
        self.wanted = Some(wanted);
        self
    }
}

/// When the rows built so far must be taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub rows_max: usize,
    /// Of the cells; at most 1 GiB counts (Arrow's offsets have 31 bits).
    pub bytes_max: ByteCount,
}

impl Default for Limits {
    fn default() -> Self {
        Self { rows_max: 8_192, bytes_max: ByteCount::mib(1) }
    }
}

/// A record larger than this is refused: with a full batch before it, its cells still fit 31-bit offsets.
pub(crate) const RECORD_BYTES_MAX: usize = 1 << 29;

/// How timestamps are written as text (`timestamp-format.standard`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimestampFormat {
    /// `2024-01-01 12:13:14.5`
    #[default]
    Sql,
    /// `2024-01-01T12:13:14.5`
    Iso8601,
}

/// The values of `timestamp-format.standard`.
pub const TIMESTAMP_FORMATS: &[&str] = &["SQL", "ISO-8601"];

/// Finds `value` among the choices, case ignored as Flink does; `key` is for the message.
pub(crate) fn choose<T: Copy>(key: &str, value: &str, choices: &[(&'static str, T)]) -> Result<T, Error> {
    match choices.iter().find(|(name, _)| name.eq_ignore_ascii_case(value)) {
        Some((_, choice)) => Ok(*choice),
        None => {
            let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            Err(Error::user(format!("'{value}' is no value of '{key}'"))
                .hint(format!("the values are: {}", names.join(", "))))
        }
    }
}

pub(crate) fn flag(key: &str, value: &str) -> Result<bool, Error> {
    choose(key, value, &[("true", true), ("false", false)])
}

pub(crate) fn timestamp_format(key: &str, value: &str) -> Result<TimestampFormat, Error> {
    choose(key, value, &[("SQL", TimestampFormat::Sql), ("ISO-8601", TimestampFormat::Iso8601)])
}
