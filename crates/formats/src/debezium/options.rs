//! The options of `debezium-json`: Flink's own, and Debezium's converter settings under Debezium's names.

use base::Error;

use crate::options::{OptionKind, OptionSpec, TIMESTAMP_FORMATS, TimestampFormat, choose, flag, timestamp_format};

/// `decimal.handling.mode`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DecimalMode {
    #[default]
    Precise,
    String,
    Double,
}

/// `time.precision.mode`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeMode {
    /// By the column's precision: milliseconds up to 3 digits, microseconds up to 6, else nanoseconds.
    #[default]
    Adaptive,
    /// As adaptive, times of day always in microseconds.
    AdaptiveTimeMicroseconds,
    /// Milliseconds.
    Connect,
    Microseconds,
    Nanoseconds,
    IsoString,
}

/// `binary.handling.mode`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BinaryMode {
    /// Connect's bytes, which its JSON converter writes as base64.
    #[default]
    Bytes,
    Base64,
    Base64UrlSafe,
    Hex,
}

/// `interval.handling.mode`; the column's type decides how intervals are read (BIGINT or STRING), this is only checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IntervalMode {
    #[default]
    Numeric,
    String,
}

/// What a truncate event (`op` `t`) does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TruncateMode {
    /// The job stops: rows that are gone at the source would stay in the target.
    #[default]
    Fail,
    /// It is skipped and counted.
    Ignore,
}

/// All options of the format; the default is what a stock Debezium connector needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DebeziumOptions {
    /// Records come as `{"schema":…,"payload":…}`. Both forms are recognised record by record; with this set, a record
    /// without a schema is at fault.
    pub schema_include: bool,
    pub ignore_parse_errors: bool,
    /// Of timestamps that come as text from another serializer; Debezium's own forms are read with either.
    pub timestamp_format: TimestampFormat,
    pub decimals: DecimalMode,
    pub times: TimeMode,
    pub binaries: BinaryMode,
    pub intervals: IntervalMode,
    pub placeholder: String,
    pub truncates: TruncateMode,
}

impl Default for DebeziumOptions {
    fn default() -> Self {
        Self {
            schema_include: false,
            ignore_parse_errors: false,
            timestamp_format: TimestampFormat::default(),
            decimals: DecimalMode::default(),
            times: TimeMode::default(),
            binaries: BinaryMode::default(),
            intervals: IntervalMode::default(),
            placeholder: PLACEHOLDER.to_owned(),
            truncates: TruncateMode::default(),
        }
    }
}

const PLACEHOLDER: &str = "__debezium_unavailable_value";

/// Flink's options, in WITH.
pub const FORMAT_OPTIONS: &[OptionSpec] = &[
    OptionSpec {
        key: "debezium-json.schema-include",
        kind: OptionKind::Boolean,
        default: "false",
        description: "every record comes in a {schema, payload} envelope; if false, both forms are recognised",
    },
    OptionSpec {
        key: "debezium-json.ignore-parse-errors",
        kind: OptionKind::Boolean,
        default: "false",
        description: "skip records that cannot be parsed, set fields that cannot be parsed to NULL",
    },
    OptionSpec {
        key: "debezium-json.timestamp-format.standard",
        kind: OptionKind::Choice(TIMESTAMP_FORMATS),
        default: "SQL",
        description: "how timestamps are written as text; Debezium's own ISO texts are read with either",
    },
];

/// Debezium's own properties, by SET.
pub const CONNECTOR_OPTIONS: &[OptionSpec] = &[
    OptionSpec {
        key: "millstream.debezium.decimal.handling.mode",
        kind: OptionKind::Choice(&["precise", "string", "double"]),
        default: "precise",
        description: "how the connector writes decimals",
    },
    OptionSpec {
        key: "millstream.debezium.time.precision.mode",
        kind: OptionKind::Choice(&[
            "adaptive",
            "adaptive_time_microseconds",
            "connect",
            "microseconds",
            "nanoseconds",
            "isostring",
        ]),
        default: "adaptive",
        description: "what the connector's times and timestamps count",
    },
    OptionSpec {
        key: "millstream.debezium.binary.handling.mode",
        kind: OptionKind::Choice(&["bytes", "base64", "base64-url-safe", "hex"]),
        default: "bytes",
        description: "how the connector writes bytes",
    },
    OptionSpec {
        key: "millstream.debezium.interval.handling.mode",
        kind: OptionKind::Choice(&["numeric", "string"]),
        default: "numeric",
        description: "how the connector writes intervals: microseconds for a BIGINT column, ISO text for STRING",
    },
    OptionSpec {
        key: "millstream.debezium.unavailable.value.placeholder",
        kind: OptionKind::Text,
        default: PLACEHOLDER,
        description: "what the connector writes for a value that the change did not carry",
    },
    OptionSpec {
        key: "millstream.debezium.truncate.handling",
        kind: OptionKind::Choice(&["fail", "ignore"]),
        default: "fail",
        description: "what a TRUNCATE at the source does: stop the job, or be skipped and counted",
    },
];

impl DebeziumOptions {
    /// Sets an option by its full key, as [`FORMAT_OPTIONS`] and [`CONNECTOR_OPTIONS`] have it; `false` if there is none.
    pub fn set(&mut self, key: &str, value: &str) -> Result<bool, Error> {
        match key {
            "debezium-json.schema-include" => self.schema_include = flag(key, value)?,
            "debezium-json.ignore-parse-errors" => self.ignore_parse_errors = flag(key, value)?,
            "debezium-json.timestamp-format.standard" => self.timestamp_format = timestamp_format(key, value)?,
            "millstream.debezium.decimal.handling.mode" => {
                let choices = [
                    ("precise", DecimalMode::Precise),
                    ("string", DecimalMode::String),
                    ("double", DecimalMode::Double),
                ];
                self.decimals = choose(key, value, &choices)?;
            }
            "millstream.debezium.time.precision.mode" => {
                let choices = [
                    ("adaptive", TimeMode::Adaptive),
                    ("adaptive_time_microseconds", TimeMode::AdaptiveTimeMicroseconds),
                    ("connect", TimeMode::Connect),
                    ("microseconds", TimeMode::Microseconds),
                    ("nanoseconds", TimeMode::Nanoseconds),
                    ("isostring", TimeMode::IsoString),
                ];
                self.times = choose(key, value, &choices)?;
            }
            "millstream.debezium.binary.handling.mode" => {
                let choices = [
                    ("bytes", BinaryMode::Bytes),
                    ("base64", BinaryMode::Base64),
                    ("base64-url-safe", BinaryMode::Base64UrlSafe),
                    ("hex", BinaryMode::Hex),
                ];
                self.binaries = choose(key, value, &choices)?;
            }
            "millstream.debezium.interval.handling.mode" => {
                let choices = [("numeric", IntervalMode::Numeric), ("string", IntervalMode::String)];
                self.intervals = choose(key, value, &choices)?;
            }
            "millstream.debezium.unavailable.value.placeholder" => value.clone_into(&mut self.placeholder),
            "millstream.debezium.truncate.handling" => {
                let choices = [("fail", TruncateMode::Fail), ("ignore", TruncateMode::Ignore)];
                self.truncates = choose(key, value, &choices)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}
