//! Which encoding a column's values have: by the record's schema where it has one, else by the declared type and the
//! connector's settings.

use rows::LogicalType;

use super::options::{BinaryMode, DebeziumOptions, DecimalMode, TimeMode};
use crate::convert::{
    Alphabet, BinaryForm, BooleanForm, Conversion, DateForm, DateNumber, DecimalForm, TextForm, TimeForm,
    TimestampForm, Unit, flink,
};

/// What a schema says of a field beyond its JSON type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Semantic {
    Decimal {
        scale: i32,
    },
    VariableScaleDecimal,
    /// Counts since midnight.
    Time(Unit),
    /// Counts since 1970.
    Timestamp(Unit),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FieldSchema {
    pub semantic: Option<Semantic>,
    pub is_text: bool,
}

/// How values of a column of type `ty` are read when nothing but the settings is known; `None` for types that the
/// format does not have.
pub(super) fn by_settings(ty: &LogicalType, options: &DebeziumOptions) -> Option<Conversion> {
    Some(match *ty {
        LogicalType::Boolean => Conversion::Boolean(BooleanForm::Strict),
        LogicalType::Decimal { scale, .. } => Conversion::Decimal(match options.decimals {
            DecimalMode::Precise => DecimalForm::Unscaled { scale: i32::from(scale) },
            DecimalMode::String | DecimalMode::Double => DecimalForm::CheckedDigits,
        }),
        LogicalType::Binary(_) | LogicalType::Varbinary(_) => Conversion::Binary(match options.binaries {
            BinaryMode::Bytes | BinaryMode::Base64 => BinaryForm::Base64(Alphabet::Standard),
            BinaryMode::Base64UrlSafe => BinaryForm::Base64(Alphabet::UrlSafe),
            BinaryMode::Hex => BinaryForm::Hex,
        }),
        LogicalType::Date => date(Some(DateNumber::Days)),
        LogicalType::Time(digits) => time(Some(time_unit(digits, options.times)), digits),
        LogicalType::Timestamp(digits) => timestamp(Some(timestamp_unit(digits, options.times)), digits, false),
        LogicalType::TimestampLtz(digits) => timestamp(Some(timestamp_unit(digits, options.times)), digits, true),
        ref other => flink(other, TextForm::Any)?,
    })
}

/// How values of a column are read whose records describe it as `schema`.
pub(super) fn by_schema(ty: &LogicalType, schema: &FieldSchema, options: &DebeziumOptions) -> Option<Conversion> {
    let settings = by_settings(ty, options)?;
    let Some(semantic) = schema.semantic else {
        // A plain string is digits, never base64.
        return Some(match (settings, schema.is_text) {
            (Conversion::Decimal(DecimalForm::Unscaled { .. }), true) => {
                Conversion::Decimal(DecimalForm::CheckedDigits)
            }
            (other, _) => other,
        });
    };
    Some(match (ty, semantic) {
        (LogicalType::Decimal { .. }, Semantic::Decimal { scale }) => {
            Conversion::Decimal(DecimalForm::Unscaled { scale })
        }
        (LogicalType::Decimal { scale, .. }, Semantic::VariableScaleDecimal) => {
            Conversion::Decimal(DecimalForm::Unscaled { scale: i32::from(*scale) })
        }
        (LogicalType::Time(digits), Semantic::Time(unit)) => time(Some(unit), *digits),
        (LogicalType::Timestamp(digits), Semantic::Timestamp(unit)) => timestamp(Some(unit), *digits, false),
        (LogicalType::TimestampLtz(digits), Semantic::Timestamp(unit)) => timestamp(Some(unit), *digits, true),
        _ => settings,
    })
}

fn date(number: Option<DateNumber>) -> Conversion {
    Conversion::Date(DateForm { number, text: TextForm::Any })
}

fn time(number: Option<Unit>, digits: u8) -> Conversion {
    Conversion::Time(TimeForm { number, text: TextForm::Any, digits })
}

fn timestamp(number: Option<Unit>, digits: u8, zoned: bool) -> Conversion {
    Conversion::Timestamp(TimestampForm { number, text: TextForm::Any, digits, zoned })
}

fn time_unit(digits: u8, mode: TimeMode) -> Unit {
    match mode {
        TimeMode::Adaptive | TimeMode::IsoString => adaptive(digits),
        TimeMode::AdaptiveTimeMicroseconds | TimeMode::Microseconds => Unit::Micros,
        TimeMode::Connect => Unit::Millis,
        TimeMode::Nanoseconds => Unit::Nanos,
    }
}

fn timestamp_unit(digits: u8, mode: TimeMode) -> Unit {
    match mode {
        TimeMode::Adaptive | TimeMode::AdaptiveTimeMicroseconds | TimeMode::IsoString => adaptive(digits),
        TimeMode::Microseconds => Unit::Micros,
        TimeMode::Connect => Unit::Millis,
        TimeMode::Nanoseconds => Unit::Nanos,
    }
}

fn adaptive(digits: u8) -> Unit {
    match digits {
        0..=3 => Unit::Millis,
        4..=6 => Unit::Micros,
        _ => Unit::Nanos,
    }
}
