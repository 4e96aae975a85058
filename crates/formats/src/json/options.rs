//! The options of `json`.

use base::Error;

use crate::options::{OptionKind, OptionSpec, TIMESTAMP_FORMATS, TimestampFormat, choose, flag, timestamp_format};

/// Flink's options of the format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonOptions {
    pub fail_on_missing_field: bool,
    pub ignore_parse_errors: bool,
    pub timestamp_format: TimestampFormat,
    /// When encoding: all digits of a decimal instead of the shortest form, which may have an exponent.
    pub decimal_as_plain_number: bool,
    /// When encoding: leave out fields that are NULL.
    pub ignore_null_fields: bool,
    pub null_keys: NullKeys,
    /// The key that stands for NULL with [`NullKeys::Literal`].
    pub null_key_literal: String,
}

impl Default for JsonOptions {
    fn default() -> Self {
        Self {
            fail_on_missing_field: false,
            ignore_parse_errors: false,
            timestamp_format: TimestampFormat::default(),
            decimal_as_plain_number: false,
            ignore_null_fields: false,
            null_keys: NullKeys::default(),
            null_key_literal: "null".to_owned(),
        }
    }
}

/// What a map's NULL key becomes when encoded (`map-null-key.mode`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NullKeys {
    #[default]
    Fail,
    Drop,
    Literal,
}

/// The options, in WITH.
pub const OPTIONS: &[OptionSpec] = &[
    OptionSpec {
        key: "json.fail-on-missing-field",
        kind: OptionKind::Boolean,
        default: "false",
        description: "a record that lacks a field of the table is at fault; otherwise the field is NULL",
    },
    OptionSpec {
        key: "json.ignore-parse-errors",
        kind: OptionKind::Boolean,
        default: "false",
        description: "skip records that cannot be parsed, set fields that cannot be parsed to NULL",
    },
    OptionSpec {
        key: "json.timestamp-format.standard",
        kind: OptionKind::Choice(TIMESTAMP_FORMATS),
        default: "SQL",
        description: "how timestamps are written: SQL '2024-01-01 12:13:14.5' or ISO-8601 '2024-01-01T12:13:14.5'",
    },
    OptionSpec {
        key: "json.map-null-key.mode",
        kind: OptionKind::Choice(&["FAIL", "DROP", "LITERAL"]),
        default: "FAIL",
        description: "what becomes of a map's NULL key when rows are written",
    },
    OptionSpec {
        key: "json.map-null-key.literal",
        kind: OptionKind::Text,
        default: "null",
        description: "the key that is written for NULL with 'json.map-null-key.mode' = 'LITERAL'",
    },
    OptionSpec {
        key: "json.encode.decimal-as-plain-number",
        kind: OptionKind::Boolean,
        default: "false",
        description: "write decimals with all their digits, never with an exponent",
    },
    OptionSpec {
        key: "json.encode.ignore-null-fields",
        kind: OptionKind::Boolean,
        default: "false",
        description: "leave out fields that are NULL when rows are written",
    },
    OptionSpec {
        key: "json.decode.json-parser.enabled",
        kind: OptionKind::Boolean,
        default: "true",
        description: "Flink's choice between two parsers; taken, without effect",
    },
];

impl JsonOptions {
    /// Sets an option by its full key, as [`OPTIONS`] has it; `false` if there is none.
    pub fn set(&mut self, key: &str, value: &str) -> Result<bool, Error> {
        match key {
            "json.fail-on-missing-field" => self.fail_on_missing_field = flag(key, value)?,
            "json.ignore-parse-errors" => self.ignore_parse_errors = flag(key, value)?,
            "json.timestamp-format.standard" => self.timestamp_format = timestamp_format(key, value)?,
            "json.encode.decimal-as-plain-number" => self.decimal_as_plain_number = flag(key, value)?,
            "json.encode.ignore-null-fields" => self.ignore_null_fields = flag(key, value)?,
            "json.decode.json-parser.enabled" => {
                flag(key, value)?;
            }
            "json.map-null-key.mode" => {
                let choices = [("FAIL", NullKeys::Fail), ("DROP", NullKeys::Drop), ("LITERAL", NullKeys::Literal)];
                self.null_keys = choose(key, value, &choices)?;
            }
            "json.map-null-key.literal" => value.clone_into(&mut self.null_key_literal),
            _ => return Ok(false),
        }
        Ok(true)
    }
}
