//! From a JSON value to a cell: one [`Conversion`] per column, chosen once, applied to every record.
//!
//! What is unambiguous is accepted whatever the options say (a number for a decimal, a date in ISO text); the options
//! decide only where two readings exist (base64 or digits, milliseconds or microseconds).

pub(crate) mod base64;
pub(crate) mod civil;
pub(crate) mod decimal;
mod form;
mod json_text;
mod numbers;
mod temporal;

use rows::LogicalType;

use crate::column::{Bytes, Column, Values};
use crate::scan::Token;
pub(crate) use base64::{Alphabet, encode as encode_base64};
pub(crate) use form::{BinaryForm, BooleanForm, DecimalForm, Fault};
pub(crate) use json_text::quote;
pub(crate) use temporal::{DateForm, DateNumber, TextForm, TimeForm, TimestampForm, Unit};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conversion {
    Boolean(BooleanForm),
    TinyInt,
    SmallInt,
    Int,
    BigInt,
    Float,
    Double,
    Decimal(DecimalForm),
    Text,
    Binary(BinaryForm),
    Date(DateForm),
    Time(TimeForm),
    Timestamp(TimestampForm),
}

/// Appends `token`, which is not null, to `column`. On a fault the column may hold half a cell: truncate it.
#[inline]
pub(crate) fn append(conversion: Conversion, token: Token<'_>, column: &mut Column) -> Result<(), Fault> {
    let written = match (&mut column.values, conversion) {
        (Values::Text(cells), _) => text(token, cells)?,
        (Values::BigInt(cells), _) => write(cells, numbers::bigint(token)?),
        (Values::Int(cells), _) => write(cells, numbers::int(token)?),
        (Values::Decimal { cells, precision, scale }, Conversion::Decimal(form)) => {
            match decimal::read(token, form, *precision, *scale)? {
                Some(value) => write(cells, value),
                None => false,
            }
        }
        (Values::Timestamp { cells, nanos, .. }, Conversion::Timestamp(form)) => {
            write(cells, temporal::timestamp(token, form, *nanos)?)
        }
        (Values::Date(cells), Conversion::Date(form)) => write(cells, temporal::date(token, form)?),
        (Values::Boolean(cells), Conversion::Boolean(form)) => {
            cells.append(numbers::boolean(token, form)?);
            true
        }
        (Values::TinyInt(cells), _) => write(cells, numbers::tinyint(token)?),
        (Values::SmallInt(cells), _) => write(cells, numbers::smallint(token)?),
        (Values::Float(cells), _) => write(cells, numbers::float(token)?),
        (Values::Double(cells), _) => write(cells, numbers::double(token)?),
        (Values::Binary(cells), Conversion::Binary(form)) => binary(token, form, cells)?,
        (Values::Time(cells), Conversion::Time(form)) => write(cells, temporal::time(token, form)?),
        _ => return Err(Fault::Expected("another column type (a bug: the conversion is of another column)")),
    };
    if written {
        column.wrote();
    } else {
        column.push_null();
    }
    Ok(())
}

#[inline]
fn write<T>(cells: &mut Vec<T>, value: T) -> bool {
    cells.push(value);
    true
}

/// Scalars as they stand, objects and arrays as compact JSON text.
#[inline]
fn text(token: Token<'_>, cells: &mut Bytes) -> Result<bool, Fault> {
    match token {
        Token::Text(text) => cells.append(text),
        Token::Number(number) => cells.append(number.text),
        Token::Boolean(true) => cells.append(b"true"),
        Token::Boolean(false) => cells.append(b"false"),
        Token::Composite(raw) => {
            cells.grow(raw.len());
            json_text::compact(raw, &mut cells.data)?;
        }
        Token::Null => return Ok(false),
    }
    cells.end_cell();
    Ok(true)
}

fn binary(token: Token<'_>, form: BinaryForm, cells: &mut Bytes) -> Result<bool, Fault> {
    let (Token::Text(text), expected) = (token, form.expected()) else {
        return Err(Fault::Expected(form.expected()));
    };
    cells.grow(text.len());
    let decoded = match form {
        // Flink passes over line breaks and spaces inside base64.
        BinaryForm::Base64(alphabet) if text.iter().any(u8::is_ascii_whitespace) => {
            let packed: Vec<u8> = text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
            base64::decode(&packed, alphabet, &mut cells.data)
        }
        BinaryForm::Base64(alphabet) => base64::decode(text, alphabet, &mut cells.data),
        BinaryForm::Hex => base64::decode_hex(text, &mut cells.data),
    };
    decoded.ok_or(Fault::Expected(expected))?;
    cells.end_cell();
    Ok(true)
}

/// The base64 text of `bytes`.
pub(crate) fn base64_text(bytes: &[u8], alphabet: Alphabet) -> Vec<u8> {
    let mut text = Vec::new();
    encode_base64(bytes, alphabet, &mut text);
    text
}

/// How Flink's `json` format reads values of `ty`.
pub(crate) fn flink(ty: &LogicalType, text: TextForm) -> Option<Conversion> {
    Some(match *ty {
        LogicalType::Boolean => Conversion::Boolean(BooleanForm::Lenient),
        LogicalType::TinyInt => Conversion::TinyInt,
        LogicalType::SmallInt => Conversion::SmallInt,
        LogicalType::Int => Conversion::Int,
        LogicalType::BigInt => Conversion::BigInt,
        LogicalType::Float => Conversion::Float,
        LogicalType::Double => Conversion::Double,
        LogicalType::Decimal { .. } => Conversion::Decimal(DecimalForm::Digits),
        LogicalType::Char(_) | LogicalType::Varchar(_) => Conversion::Text,
        LogicalType::Binary(_) | LogicalType::Varbinary(_) => {
            Conversion::Binary(BinaryForm::Base64(Alphabet::Standard))
        }
        LogicalType::Date => Conversion::Date(DateForm { number: None, text }),
        LogicalType::Time(digits) => Conversion::Time(TimeForm { number: None, text, digits }),
        LogicalType::Timestamp(digits) => {
            Conversion::Timestamp(TimestampForm { number: None, text, digits, zoned: false })
        }
        LogicalType::TimestampLtz(digits) => {
            Conversion::Timestamp(TimestampForm { number: None, text, digits, zoned: true })
        }
        LogicalType::Map(..) | LogicalType::Array(_) | LogicalType::Null => return None,
    })
}
