//! Reading dates, times and timestamps from text, as leniently as Flink's CAST.

use crate::calendar::{self, Moment};

/// `2024-02-29`, `2024-2-9`, `2024-02`, `2024`, also before a space and a time of day.
pub(crate) fn date(text: &str) -> Option<i32> {
    let text = text.trim();
    let text = text.split_once(' ').map_or(text, |(date, _)| date);
    let mut parts = text.splitn(3, '-');
    let mut number = |default: Option<i64>| match parts.next() {
        None => default,
        Some(part) => digits(part.trim()),
    };
    let (year, month, day) = (number(None)?, number(Some(1))?, number(Some(1))?);
    valid(year, month, day).then(|| calendar::day(year, month, day) as i32)
}

fn valid(year: i64, month: i64, day: i64) -> bool {
    (0..=9999).contains(&year) && (1..=12).contains(&month) && day >= 1 && day <= calendar::days_in_month(year, month)
}

/// A number of digits only.
fn digits(text: &str) -> Option<i64> {
    if text.is_empty() || text.len() > 9 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// Microseconds since midnight of `10:11:12.5`, `10:11`, `10`.
pub(crate) fn time(text: &str) -> Option<i64> {
    let (clock, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let mut parts = clock.splitn(3, ':');
    let mut number = |most: i64| match parts.next() {
        None => Some(0),
        Some(part) => digits(part.trim()).filter(|number| *number <= most),
    };
    let (hour, minute, second) = (number(23)?, number(59)?, number(59)?);
    let micros = if fraction.is_empty() { 0 } else { fraction_nanos(fraction)? / 1000 };
    Some(((hour * 60 + minute) * 60 + second) * 1_000_000 + micros)
}

/// Nanoseconds of the digits after the point, at most 9 of them.
fn fraction_nanos(text: &str) -> Option<i64> {
    if text.len() > 9 {
        return None;
    }
    if text.is_empty() { Some(0) } else { Some(digits(text)? * 10_i64.pow(9 - text.len() as u32)) }
}

/// Where in a timestamp's text reading stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    At(usize),
    RestFrom(usize),
}

impl Unread {
    /// As Java's date-time parser says it.
    pub(crate) fn reason(self, text: &str) -> String {
        match self {
            Self::At(index) => format!("Text '{text}' could not be parsed at index {index}"),
            Self::RestFrom(index) => format!("Text '{text}' could not be parsed, unparsed text found at index {index}"),
        }
    }
}

/// `2024-02-29 10:11:12.123456789`, where a 30 February is the last of February: a year of four digits, months to seconds of one or two; the time of day may be missing, but not its seconds.
pub(crate) fn timestamp(text: &str) -> Result<Moment, Unread> {
    let mut at = Cursor { bytes: text.as_bytes(), position: 0 };
    let year = at.number(4, 4).ok_or(Unread::At(0))?;
    let month = at.after(b'-')?;
    let day = at.after(b'-')?;
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return Err(Unread::At(0));
    }
    let date = calendar::day(year, month, day.min(calendar::days_in_month(year, month)));
    let end_of_date = at.position;
    let nanos = match at.time_of_day() {
        Some(nanos) => nanos,
        None => {
            at.position = end_of_date;
            0
        }
    };
    if at.position < text.len() {
        return Err(Unread::RestFrom(at.position));
    }
    // 24:00:00 is the next day's midnight.
    Ok(Moment { day: date + nanos / calendar::NANOS_PER_DAY, nanos: nanos % calendar::NANOS_PER_DAY })
}

struct Cursor<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl Cursor<'_> {
    fn number(&mut self, least: usize, most: usize) -> Option<i64> {
        let rest = &self.bytes[self.position..];
        let length = rest.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
        let value = rest[..length].iter().fold(0, |value, byte| value * 10 + i64::from(byte - b'0'));
        self.position += length;
        (length >= least).then_some(value)
    }

    fn eat(&mut self, byte: u8) -> Option<()> {
        (self.bytes.get(self.position) == Some(&byte)).then(|| self.position += 1)
    }

    fn after(&mut self, byte: u8) -> Result<i64, Unread> {
        let at = Unread::At(self.position);
        self.eat(byte).ok_or(at)?;
        let at = Unread::At(self.position);
        self.number(1, 2).ok_or(at)
    }

    fn time_of_day(&mut self) -> Option<i64> {
        self.eat(b' ')?;
        let hour = self.number(1, 2).filter(|hour| *hour <= 24)?;
        self.eat(b':')?;
        let minute = self.number(1, 2).filter(|minute| *minute <= 59)?;
        self.eat(b':')?;
        let second = self.number(1, 2).filter(|second| *second <= 59)?;
        let mut nanos = ((hour * 60 + minute) * 60 + second) * 1_000_000_000;
        if nanos > calendar::NANOS_PER_DAY {
            return None;
        }
        if self.eat(b'.').is_some() {
            let start = self.position;
            let fraction = self.number(0, 9)?;
            nanos += fraction * 10_i64.pow(9 - (self.position - start) as u32);
            if nanos > calendar::NANOS_PER_DAY {
                return None;
            }
        }
        Some(nanos)
    }
}
