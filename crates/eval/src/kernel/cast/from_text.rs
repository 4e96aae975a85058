//! Texts to numbers, booleans and times. Blanks around the value are ignored.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Time64MicrosecondType, TimestampMicrosecondType, TimestampNanosecondType,
};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, BooleanArray};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use rows::LogicalType;

use crate::calendar::Moment;
use crate::calendar_text;
use crate::error::RowError;
use crate::kernel::args::Args;
use crate::kernel::decimal::{self, Shape};
use crate::kernel::lane;
use crate::operators::CastFailure;

pub(super) fn cast(args: &Args<'_>, failure: CastFailure) -> Result<ArrayRef, RowError> {
    match args.ty {
        LogicalType::Boolean => booleans(args, failure),
        LogicalType::TinyInt => integers::<Int8Type>(args, failure),
        LogicalType::SmallInt => integers::<Int16Type>(args, failure),
        LogicalType::Int => integers::<Int32Type>(args, failure),
        LogicalType::BigInt => integers::<Int64Type>(args, failure),
        LogicalType::Float => primitives::<Float32Type>(args, failure, |text| double(text, str::parse).map(Some)),
        LogicalType::Double => primitives::<Float64Type>(args, failure, |text| double(text, str::parse).map(Some)),
        LogicalType::Decimal { .. } => {
            let shape = Shape::of(args.ty);
            primitives::<Decimal128Type>(args, failure, |text| {
                decimal::parse(text.trim(), shape).map_err(|_| not_a_number(text, "Invalid character found."))
            })
        }
        LogicalType::Date => primitives::<Date32Type>(args, failure, |text| {
            calendar_text::date(text).map(Some).ok_or_else(|| format!("For input string: '{text}'."))
        }),
        LogicalType::Time(precision) => {
            let unit = 10_i64.pow(6_u32.saturating_sub(u32::from(*precision)));
            primitives::<Time64MicrosecondType>(args, failure, |text| match calendar_text::time(text) {
                Some(micros) => Ok(Some(micros / unit * unit)),
                None => Err(format!(
                    "Invalid time format: '{text}'. Expected format: HH:mm:ss[.fff] where HH is 00-23, mm is 00-59, ss is 00-59"
                )),
            })
        }
        LogicalType::Timestamp(precision) => timestamps(args, failure, *precision, 0),
        LogicalType::TimestampLtz(precision) => {
            timestamps(args, failure, *precision, -args.frame.zone.offset_seconds())
        }
        other => Err(RowError::new(0, format!("no cast from text to {other}"))),
    }
}

/// Parses each row that counts; a failure is an error or NULL.
fn parse_rows<T: Default>(
    args: &Args<'_>,
    failure: CastFailure,
    parse: impl Fn(&str) -> Result<Option<T>, String>,
) -> Result<(Vec<T>, Option<NullBuffer>), RowError> {
    let texts = args.values[0].array.as_string::<i32>();
    let mut values = Vec::with_capacity(texts.len());
    let mut valid = Vec::with_capacity(texts.len());
    for row in 0..texts.len() {
        let parsed = if texts.is_null(row) || !args.frame.is_active(row) {
            None
        } else {
            match parse(texts.value(row)) {
                Ok(value) => value,
                Err(_) if failure == CastFailure::Null => None,
                Err(reason) => return Err(RowError::new(row, reason)),
            }
        };
        valid.push(parsed.is_some());
        values.push(parsed.unwrap_or_default());
    }
    let nulls = Some(NullBuffer::new(BooleanBuffer::from(valid))).filter(|nulls| nulls.null_count() > 0);
    Ok((values, nulls))
}

fn primitives<P: ArrowPrimitiveType>(
    args: &Args<'_>,
    failure: CastFailure,
    parse: impl Fn(&str) -> Result<Option<P::Native>, String>,
) -> Result<ArrayRef, RowError> {
    let (values, nulls) = parse_rows(args, failure, parse)?;
    Ok(lane::column::<P>(values, nulls, args.ty))
}

fn booleans(args: &Args<'_>, failure: CastFailure) -> Result<ArrayRef, RowError> {
    let (values, nulls) = parse_rows(args, failure, |text| match text.to_ascii_lowercase().as_str() {
        "t" | "true" | "y" | "yes" | "1" => Ok(Some(true)),
        "f" | "false" | "n" | "no" | "0" => Ok(Some(false)),
        _ => Err(format!("Cannot parse '{text}' as BOOLEAN.")),
    })?;
    Ok(Arc::new(BooleanArray::new(BooleanBuffer::from(values), nulls)))
}

fn not_a_number(text: &str, why: &str) -> String {
    format!("For input string: '{text}'. {why}")
}

fn integers<P: ArrowPrimitiveType>(args: &Args<'_>, failure: CastFailure) -> Result<ArrayRef, RowError>
where
    P::Native: TryFrom<i64>,
{
    primitives::<P>(args, failure, |text| {
        let text = text.trim();
        let overflow = || not_a_number(text, "Overflow.");
        P::Native::try_from(integer(text)?).map(Some).map_err(|_| overflow())
    })
}

/// Digits after a sign; a fraction is read and dropped.
fn integer(text: &str) -> Result<i64, String> {
    if text.is_empty() {
        return Err(not_a_number(text, "Input is empty."));
    }
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() {
        return Err(not_a_number(text, "Input has only positive or negative symbol."));
    }
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return Err(not_a_number(text, "Invalid character found."));
    }
    // Negative numbers reach one further.
    let value = whole.bytes().try_fold(0_i64, |value, byte| value.checked_mul(10)?.checked_sub(i64::from(byte - b'0')));
    value
        .and_then(|value| if negative { Some(value) } else { value.checked_neg() })
        .ok_or_else(|| not_a_number(text, "Overflow."))
}

/// As Java's `parseDouble`: `1e3`, `NaN`, `-Infinity`, `1.5f`.
fn double<T>(text: &str, parse: impl Fn(&str) -> Result<T, std::num::ParseFloatError>) -> Result<T, String> {
    let trimmed = text.trim();
    let wrong =
        || if trimmed.is_empty() { "empty String".to_owned() } else { format!("For input string: \"{trimmed}\"") };
    let unsigned = trimmed.strip_prefix(['+', '-']).unwrap_or(trimmed);
    if matches!(unsigned, "NaN" | "Infinity") {
        return parse(trimmed).map_err(|_| wrong());
    }
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return Err(wrong());
    }
    parse(trimmed.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(trimmed)).map_err(|_| wrong())
}

fn timestamps(args: &Args<'_>, failure: CastFailure, precision: u8, shift_seconds: i64) -> Result<ArrayRef, RowError> {
    let parse = |text: &str| {
        let moment: Moment = calendar_text::timestamp(text).map_err(|unread| unread.reason(text))?;
        let moment = moment.at_precision(precision).plus_seconds(shift_seconds);
        moment.pack(precision).map(Some).ok_or_else(|| format!("Text '{text}' is out of range of {}", args.ty))
    };
    if precision <= 6 {
        primitives::<TimestampMicrosecondType>(args, failure, parse)
    } else {
        primitives::<TimestampNanosecondType>(args, failure, parse)
    }
}
