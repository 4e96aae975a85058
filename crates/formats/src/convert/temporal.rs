//! Dates, times and timestamps, from text and from Debezium's numbers.

use super::civil::{DAY_MAX, DAY_MIN, DAY_SECONDS, Reader, Resolve, SECOND_NANOS};
use super::form::Fault;
use crate::scan::Token;

/// The text forms that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextForm {
    /// `2024-01-01 12:13:14.5`, with a `Z` where the type is zoned.
    Sql,
    /// `2024-01-01T12:13:14.5`, with a `Z` where the type is zoned.
    Iso,
    /// Either, with or without `Z`; an offset where the type is zoned. What the connectors of Debezium write.
    Any,
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Millis,
    Micros,
    Nanos,
}

impl Unit {
    fn per_second(self) -> i64 {
        match self {
            Self::Millis => 1_000,
            Self::Micros => 1_000_000,
            Self::Nanos => SECOND_NANOS,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DateForm {
    /// What numbers count: days, or a unit of time since 1970; `None` where numbers are not taken.
    pub number: Option<DateNumber>,
    pub text: TextForm,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DateNumber {
    Days,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimeForm {
    /// What numbers count since midnight; `None` where numbers are not taken.
    pub number: Option<Unit>,
    pub text: TextForm,
    /// Fractional digits of the column; further ones are cut off.
    pub digits: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimestampForm {
    /// What numbers count since 1970; `None` where numbers are not taken.
    pub number: Option<Unit>,
    pub text: TextForm,
    /// Fractional digits of the column; further ones are cut off.
    pub digits: u8,
    /// TIMESTAMP_LTZ.
    pub zoned: bool,
}

/// Days since 1970.
pub(super) fn date(token: Token<'_>, form: DateForm) -> Result<i32, Fault> {
    let expected = Fault::Expected(match form.number {
        Some(_) => "a number of days since 1970 or a date such as \"2024-02-29\"",
        None => "a date such as \"2024-02-29\"",
    });
    let days = match token {
        Token::Text(text) => {
            let mut reader = Reader(text);
            let days = reader.date(Resolve::Strict).ok_or(expected)?;
            if form.text == TextForm::Any {
                reader.eat(b'Z');
            }
            if !reader.is_empty() {
                return Err(expected);
            }
            days
        }
        Token::Number(number) if form.number.is_some() && number.integral => {
            number.integer().ok_or(Fault::OutOfRange)?
        }
        _ => return Err(expected),
    };
    if (DAY_MIN..=DAY_MAX).contains(&days) { Ok(days as i32) } else { Err(Fault::OutOfRange) }
}

/// Microseconds since midnight.
pub(super) fn time(token: Token<'_>, form: TimeForm) -> Result<i64, Fault> {
    let expected = Fault::Expected(match form.number {
        Some(Unit::Millis) => "milliseconds since midnight or a time such as \"12:13:14.5\"",
        Some(Unit::Micros) => "microseconds since midnight or a time such as \"12:13:14.5\"",
        Some(Unit::Nanos) => "nanoseconds since midnight or a time such as \"12:13:14.5\"",
        None => "a time such as \"12:13:14.5\"",
    });
    let nanos = match token {
        Token::Text(text) => {
            let mut reader = Reader(text);
            let time = reader.time(Resolve::Smart, true).ok_or(expected)?;
            if form.text == TextForm::Any {
                reader.eat(b'Z');
            }
            if !reader.is_empty() {
                return Err(expected);
            }
            time.seconds % DAY_SECONDS * SECOND_NANOS + time.nanos
        }
        Token::Number(number) if number.integral => {
            let unit = form.number.ok_or(expected)?.per_second();
            let count = number.integer().ok_or(Fault::OutOfRange)?;
            // PostgreSQL knows 24:00:00, the end of a day, which is the beginning of one here as it is in text.
            if !(0..=DAY_SECONDS * unit).contains(&count) {
                return Err(Fault::OutOfRange);
            }
            count % (DAY_SECONDS * unit) * (SECOND_NANOS / unit)
        }
        _ => return Err(expected),
    };
    Ok(cut(nanos, form.digits.min(6)) / 1_000)
}

/// Micro- or nanoseconds since 1970.
pub(super) fn timestamp(token: Token<'_>, form: TimestampForm, nanos: bool) -> Result<i64, Fault> {
    let (seconds, fraction) = match token {
        Token::Text(text) => timestamp_text(text, form).ok_or(Fault::Expected(form.expected()))?,
        Token::Number(number) if number.integral => {
            let unit = form.number.ok_or(Fault::Expected(form.expected()))?.per_second();
            let count = number.integer().ok_or(Fault::OutOfRange)?;
            (count.div_euclid(unit), count.rem_euclid(unit) * (SECOND_NANOS / unit))
        }
        _ => return Err(Fault::Expected(form.expected())),
    };
    if !(DAY_MIN * DAY_SECONDS..(DAY_MAX + 1) * DAY_SECONDS).contains(&seconds) {
        return Err(Fault::OutOfRange);
    }
    let fraction = cut(fraction, form.digits);
    if nanos {
        // 64 bits of nanoseconds reach from 1677 to 2262 only.
        seconds.checked_mul(SECOND_NANOS).and_then(|whole| whole.checked_add(fraction)).ok_or(Fault::OutOfRange)
    } else {
        Ok(seconds * 1_000_000 + fraction / 1_000)
    }
}

/// Seconds since 1970 and nanoseconds.
fn timestamp_text(text: &[u8], form: TimestampForm) -> Option<(i64, i64)> {
    let mut reader = Reader(text);
    let iso = form.text == TextForm::Iso;
    // Flink's SQL form resolves leniently, ISO_LOCAL_DATE_TIME strictly.
    let resolve = if form.text == TextForm::Sql || form.zoned { Resolve::Smart } else { Resolve::Strict };
    let day = reader.date(resolve)?;
    let separated = match form.text {
        TextForm::Sql => reader.eat(b' '),
        TextForm::Iso => reader.eat(b'T') || (!form.zoned && reader.eat(b't')),
        TextForm::Any => reader.eat(b'T') || reader.eat(b' '),
    };
    if !separated {
        return None;
    }
    let time = reader.time(resolve, !iso)?;
    let offset = match (form.text, form.zoned) {
        (TextForm::Any, true) if reader.is_empty() => 0,
        (TextForm::Any, true) => reader.zone()?,
        (TextForm::Any, false) => {
            reader.eat(b'Z');
            0
        }
        (_, true) if reader.eat(b'Z') => 0,
        (_, true) => return None,
        (_, false) => 0,
    };
    reader.is_empty().then_some((day * DAY_SECONDS + time.seconds - offset, time.nanos))
}

/// Cuts nanoseconds to so many digits of a second's fraction.
fn cut(nanos: i64, digits: u8) -> i64 {
    let unit = 10_i64.pow(u32::from(9 - digits.min(9)));
    nanos - nanos % unit
}

impl TimestampForm {
    fn expected(self) -> &'static str {
        match (self.number, self.text, self.zoned) {
            (Some(Unit::Millis), ..) => "milliseconds since 1970 or a timestamp such as \"2024-01-01T12:13:14.5Z\"",
            (Some(Unit::Micros), ..) => "microseconds since 1970 or a timestamp such as \"2024-01-01T12:13:14.5Z\"",
            (Some(Unit::Nanos), ..) => "nanoseconds since 1970 or a timestamp such as \"2024-01-01T12:13:14.5Z\"",
            (None, TextForm::Any, _) => "a timestamp such as \"2024-01-01T12:13:14.5Z\"",
            (None, TextForm::Sql, false) => "a timestamp such as \"2024-01-01 12:13:14.5\"",
            (None, TextForm::Sql, true) => "a timestamp such as \"2024-01-01 12:13:14.5Z\"",
            (None, TextForm::Iso, false) => "a timestamp such as \"2024-01-01T12:13:14.5\"",
            (None, TextForm::Iso, true) => "a timestamp such as \"2024-01-01T12:13:14.5Z\"",
        }
    }
}
