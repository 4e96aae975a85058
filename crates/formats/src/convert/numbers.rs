//! Booleans, integers and floating-point numbers, from JSON's numbers and from text, as Flink's `json` format reads them.

use super::form::{BooleanForm, Fault};
use crate::scan::{Number, Token};

const INTEGER: Fault = Fault::Expected("an integer");
const FLOATING: Fault = Fault::Expected("a number");

pub(super) fn boolean(token: Token<'_>, form: BooleanForm) -> Result<bool, Fault> {
    match (token, form) {
        (Token::Boolean(value), _) => Ok(value),
        (Token::Text(text), BooleanForm::Lenient) => Ok(trim(text).eq_ignore_ascii_case(b"true")),
        (Token::Number(_), BooleanForm::Lenient) => Ok(false),
        (Token::Text(b"true"), BooleanForm::Strict) => Ok(true),
        (Token::Text(b"false"), BooleanForm::Strict) => Ok(false),
        (Token::Number(number), BooleanForm::Strict) if number.integer() == Some(0) => Ok(false),
        (Token::Number(number), BooleanForm::Strict) if number.integer() == Some(1) => Ok(true),
        _ => Err(Fault::Expected("true or false")),
    }
}

/// A number with a fraction is no TINYINT, though it is an INT (Flink).
pub(super) fn tinyint(token: Token<'_>) -> Result<i8, Fault> {
    i8::try_from(whole(token)?).map_err(|_| Fault::OutOfRange)
}

pub(super) fn smallint(token: Token<'_>) -> Result<i16, Fault> {
    i16::try_from(whole(token)?).map_err(|_| Fault::OutOfRange)
}

/// A fraction is cut off.
#[inline]
pub(super) fn int(token: Token<'_>) -> Result<i32, Fault> {
    i32::try_from(bigint(token)?).map_err(|_| Fault::OutOfRange)
}

/// A fraction is cut off.
#[inline]
pub(super) fn bigint(token: Token<'_>) -> Result<i64, Fault> {
    match token {
        Token::Number(number) if !number.integral => truncated(number),
        _ => whole(token),
    }
}

#[inline]
fn whole(token: Token<'_>) -> Result<i64, Fault> {
    match token {
        Token::Number(number) if number.integral => number.integer().ok_or(Fault::OutOfRange),
        Token::Text(text) => integer_text(trim(text)),
        _ => Err(INTEGER),
    }
}

fn truncated(number: Number<'_>) -> Result<i64, Fault> {
    let value: f64 = number.as_str().parse().map_err(|_| INTEGER)?;
    // 2^63 is the first double that is too large; -2^63 fits.
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value) {
        Ok(value as i64)
    } else {
        Err(Fault::OutOfRange)
    }
}

fn integer_text(text: &[u8]) -> Result<i64, Fault> {
    use std::num::IntErrorKind::{NegOverflow, PosOverflow};
    let text = std::str::from_utf8(text).map_err(|_| INTEGER)?;
    text.parse().map_err(|error: std::num::ParseIntError| match error.kind() {
        PosOverflow | NegOverflow => Fault::OutOfRange,
        _ => INTEGER,
    })
}

/// A value too large becomes infinite, as in Java.
pub(super) fn float(token: Token<'_>) -> Result<f32, Fault> {
    match token {
        Token::Number(number) => number.as_str().parse().map_err(|_| FLOATING),
        Token::Text(text) => floating_text(text)?.parse().map_err(|_| FLOATING),
        _ => Err(FLOATING),
    }
}

pub(super) fn double(token: Token<'_>) -> Result<f64, Fault> {
    match token {
        Token::Number(number) => number.as_str().parse().map_err(|_| FLOATING),
        Token::Text(text) => floating_text(text)?.parse().map_err(|_| FLOATING),
        _ => Err(FLOATING),
    }
}

/// Text that Java and Rust read alike: `NaN`, `Infinity` and numbers, a type suffix taken off.
fn floating_text(text: &[u8]) -> Result<&str, Fault> {
    let text = trim(text);
    let unsigned = match text {
        [b'+' | b'-', rest @ ..] => rest,
        rest => rest,
    };
    if unsigned == b"NaN" || unsigned == b"Infinity" {
        return std::str::from_utf8(text).map_err(|_| FLOATING);
    }
    let digits = match text {
        [rest @ .., b'f' | b'F' | b'd' | b'D'] => rest,
        rest => rest,
    };
    // Rust would also take "inf" and "nan" in any case.
    let plain = digits.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    if plain { std::str::from_utf8(digits).map_err(|_| FLOATING) } else { Err(FLOATING) }
}

/// Java's `String.trim`: all that is not above a space.
pub(super) fn trim(text: &[u8]) -> &[u8] {
    let Some(first) = text.iter().position(|&byte| byte > b' ') else { return &[] };
    let last = text.iter().rposition(|&byte| byte > b' ').unwrap_or(first);
    text.get(first..=last).unwrap_or_default()
}
