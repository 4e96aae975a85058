//! Interval literals, for timestamp arithmetic.

use crate::error::TypeError;
use crate::operators::TimeUnit;

/// A span of time: months, or milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    Months(i64),
    Millis(i64),
}

impl Interval {
    /// `INTERVAL 'text' from [TO to]`: `'1' DAY`, `'1-2' YEAR TO MONTH`, `'1 10:30' DAY TO MINUTE`, `'-5.5' SECOND`.
    pub fn parse(text: &str, from: TimeUnit, to: Option<TimeUnit>) -> Result<Self, TypeError> {
        let wrong = || {
            let range = to.map_or(String::new(), |to| format!(" TO {}", to.name()));
            TypeError::new(format!("Illegal interval literal format '{text}' for INTERVAL {}{range}", from.name()))
        };
        let trimmed = text.trim();
        let (negative, digits) = match trimmed.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
        };
        let units = units(from, to.unwrap_or(from)).ok_or_else(wrong)?;
        let separators = [' ', ':', '-'];
        let parts: Vec<&str> = digits.split(separators).filter(|part| !part.is_empty()).collect();
        if parts.len() != units.len() {
            return Err(wrong());
        }
        let mut total: i64 = 0;
        for (part, (_, size)) in parts.iter().zip(units) {
            let amount = amount(part, *size).ok_or_else(wrong)?;
            total = total.checked_add(amount).ok_or_else(wrong)?;
        }
        let total = if negative { -total } else { total };
        Ok(if is_month_based(from) { Self::Months(total) } else { Self::Millis(total) })
    }

    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::Months(n) => Self::Months(n.wrapping_neg()),
            Self::Millis(n) => Self::Millis(n.wrapping_neg()),
        }
    }
}

/// Largest first, with their size in months or milliseconds.
const MONTHS: [(TimeUnit, i64); 3] = [(TimeUnit::Year, 12), (TimeUnit::Quarter, 3), (TimeUnit::Month, 1)];
const MILLIS: [(TimeUnit, i64); 5] = [
    (TimeUnit::Week, 604_800_000),
    (TimeUnit::Day, 86_400_000),
    (TimeUnit::Hour, 3_600_000),
    (TimeUnit::Minute, 60_000),
    (TimeUnit::Second, 1000),
];

pub(crate) fn is_month_based(unit: TimeUnit) -> bool {
    MONTHS.iter().any(|(known, _)| *known == unit)
}

/// The months or milliseconds of a unit.
pub(crate) fn size(unit: TimeUnit) -> Option<i64> {
    MONTHS.iter().chain(&MILLIS).find(|(known, _)| *known == unit).map(|(_, size)| *size)
}

fn units(from: TimeUnit, to: TimeUnit) -> Option<&'static [(TimeUnit, i64)]> {
    let within = |table: &'static [(TimeUnit, i64)]| {
        let start = table.iter().position(|(unit, _)| *unit == from)?;
        let end = table.iter().position(|(unit, _)| *unit == to)?;
        // YEAR TO MONTH has no quarters between.
        (start <= end).then(|| &table[start..=end])
    };
    if from == TimeUnit::Year && to == TimeUnit::Month {
        const YEAR_TO_MONTH: [(TimeUnit, i64); 2] = [(TimeUnit::Year, 12), (TimeUnit::Month, 1)];
        return Some(&YEAR_TO_MONTH);
    }
    within(&MONTHS).or_else(|| within(&MILLIS))
}

/// Digits, for seconds with a fraction of at most three digits that count.
fn amount(part: &str, size: i64) -> Option<i64> {
    let (whole, fraction) = part.split_once('.').unwrap_or((part, ""));
    let only_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !only_digits(whole) || !only_digits(fraction) || (!fraction.is_empty() && size != 1000) {
        return None;
    }
    let millis = fraction.bytes().chain(*b"000").take(3).fold(0, |value, byte| value * 10 + i64::from(byte - b'0'));
    let millis = if size == 1000 { millis } else { 0 };
    whole.parse::<i64>().ok()?.checked_mul(size)?.checked_add(millis)
}
