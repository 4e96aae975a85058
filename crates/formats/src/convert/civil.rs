//! The proleptic Gregorian calendar on days since 1970-01-01, and its text forms.

/// Nanoseconds in a second and seconds in a day.
pub(crate) const SECOND_NANOS: i64 = 1_000_000_000;
pub(crate) const DAY_SECONDS: i64 = 86_400;

/// 0000-01-01 and 9999-12-31: the dates that Flink's types hold.
pub(crate) const DAY_MIN: i64 = -719_528;
pub(crate) const DAY_MAX: i64 = 2_932_896;

/// What to do with a day that its month does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resolve {
    /// Refuse it (Java's `STRICT`).
    Strict,
    /// Take the month's last day for a day up to 31, and 24:00 for the next midnight (Java's `SMART`).
    Smart,
}

/// A time of day: seconds since midnight (86,400 for 24:00) and nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimeOfDay {
    pub seconds: i64,
    pub nanos: i64,
}

/// The days from 1970-01-01 to a date. Years run from March, so that the leap day is the last.
pub(crate) fn days(year: i64, month: u32, day: u32) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = i64::from((month + 9) % 12);
    let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Year, month and day of a number of days since 1970-01-01.
pub(crate) fn date(days: i64) -> (i64, u32, u32) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * month_from_march + 2) / 5 + 1) as u32;
    let month = ((month_from_march + 2) % 12 + 1) as u32;
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}

fn month_days(year: i64, month: u32) -> u32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Text that is read from the left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a>(pub &'a [u8]);

impl Reader<'_> {
    #[inline]
    pub(crate) fn eat(&mut self, byte: u8) -> bool {
        match self.0 {
            [first, rest @ ..] if *first == byte => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    #[inline]
    fn two(&mut self) -> Option<u32> {
        let [tens @ b'0'..=b'9', ones @ b'0'..=b'9', rest @ ..] = self.0 else { return None };
        self.0 = rest;
        Some(u32::from(tens - b'0') * 10 + u32::from(ones - b'0'))
    }

    /// `YYYY-MM-DD`; a year of another length needs a sign (`ISO_LOCAL_DATE`). Gives days since 1970.
    pub(crate) fn date(&mut self, resolve: Resolve) -> Option<i64> {
        let plus = self.eat(b'+');
        let minus = !plus && self.eat(b'-');
        let digits = self.0.iter().take(10).take_while(|byte| byte.is_ascii_digit()).count();
        if digits < 4 || (digits > 4) != (plus || (minus && digits > 4)) {
            return None;
        }
        let (year, rest) = self.0.split_at(digits);
        self.0 = rest;
        let year = year.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
        let year = if minus { -year } else { year };
        if !self.eat(b'-') {
            return None;
        }
        let month = self.two().filter(|month| (1..=12).contains(month))?;
        if !self.eat(b'-') {
            return None;
        }
        let day = self.two().filter(|day| (1..=31).contains(day))?;
        let last = month_days(year, month);
        if day > last && resolve == Resolve::Strict {
            return None;
        }
        Some(days(year, month, day.min(last)))
    }

    /// `HH:MM:SS` with up to 9 digits of fraction.
    pub(crate) fn time(&mut self, resolve: Resolve, seconds_needed: bool) -> Option<TimeOfDay> {
        let hour = self.two().filter(|&hour| hour <= 24)?;
        if !self.eat(b':') {
            return None;
        }
        let minute = self.two().filter(|&minute| minute < 60)?;
        let (mut second, mut nanos) = (0, 0);
        if self.eat(b':') {
            second = self.two().filter(|&second| second < 60)?;
            if self.eat(b'.') {
                nanos = self.fraction();
            }
        } else if seconds_needed {
            return None;
        }
        let seconds = i64::from(hour * 3_600 + minute * 60 + second);
        let end_of_day = seconds == DAY_SECONDS && nanos == 0 && resolve == Resolve::Smart;
        (hour < 24 || end_of_day).then_some(TimeOfDay { seconds, nanos })
    }

    fn fraction(&mut self) -> i64 {
        let (mut nanos, mut unit) = (0, SECOND_NANOS / 10);
        while let [digit @ b'0'..=b'9', rest @ ..] = self.0 {
            if unit == 0 {
                break;
            }
            nanos += i64::from(digit - b'0') * unit;
            unit /= 10;
            self.0 = rest;
        }
        nanos
    }

    /// `Z`, or `+HH:MM`; gives seconds east of Greenwich.
    pub(crate) fn zone(&mut self) -> Option<i64> {
        if self.eat(b'Z') || self.eat(b'z') {
            return Some(0);
        }
        let sign = if self.eat(b'+') {
            1
        } else if self.eat(b'-') {
            -1
        } else {
            return None;
        };
        let hours = self.two().filter(|&hours| hours <= 18)?;
        let minutes = if self.eat(b':') { self.two().filter(|&minutes| minutes < 60)? } else { 0 };
        Some(sign * i64::from(hours * 3_600 + minutes * 60))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_are_each_others_inverse() {
        assert_eq!(days(1970, 1, 1), 0);
        assert_eq!(days(0, 1, 1), DAY_MIN);
        assert_eq!(days(9999, 12, 31), DAY_MAX);
        let mut expected = (-401, 1, 1);
        for day in days(-401, 1, 1)..days(2_500, 1, 1) {
            assert_eq!(date(day), expected);
            assert_eq!(days(expected.0, expected.1, expected.2), day);
            let (year, month, day) = expected;
            expected = match (month, day) {
                (12, 31) => (year + 1, 1, 1),
                _ if day == month_days(year, month) => (year, month + 1, 1),
                _ => (year, month, day + 1),
            };
        }
    }
}
