//! Days, times and timestamps: the proleptic Gregorian calendar, and reading and printing as Flink does.

use arrow_array::types::{TimestampMicrosecondType, TimestampNanosecondType};
use rows::LogicalType;

use crate::kernel::lane::Lane;
use crate::value::Value;

pub(crate) const NANOS_PER_DAY: i64 = 86_400_000_000_000;
pub(crate) const MILLIS_PER_DAY: i64 = 86_400_000;

/// Year, month (1 to 12) and day (1 to 31) of a day since 1970.
pub(crate) fn civil(day: i64) -> (i64, i64, i64) {
    // Eras of 400 years from 1 March of year 0, so that the leap day ends a year.
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day_of_month)
}

/// The day since 1970 of a date; days beyond the month's end run into the next month.
pub(crate) fn day(year: i64, month: i64, day_of_month: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day_of_month - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

pub(crate) fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

pub(crate) fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// A point of time on the calendar: a day since 1970 and the nanoseconds within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment {
    pub(crate) day: i64,
    /// 0 to [`NANOS_PER_DAY`], exclusive.
    pub(crate) nanos: i64,
}

impl Moment {
    /// From a column's value: microseconds up to precision 6, nanoseconds above.
    pub(crate) fn unpack(value: i64, precision: u8) -> Self {
        let nanos_per_unit = if precision <= 6 { 1000 } else { 1 };
        let units_per_day = NANOS_PER_DAY / nanos_per_unit;
        Self { day: value.div_euclid(units_per_day), nanos: value.rem_euclid(units_per_day) * nanos_per_unit }
    }

    /// A column's value with digits beyond the unit dropped; `None` where it does not fit.
    pub(crate) fn pack(self, precision: u8) -> Option<i64> {
        let nanos_per_unit = if precision <= 6 { 1000 } else { 1 };
        self.day.checked_mul(NANOS_PER_DAY / nanos_per_unit)?.checked_add(self.nanos / nanos_per_unit)
    }

    pub(crate) fn from_millis(millis: i64) -> Self {
        Self { day: millis.div_euclid(MILLIS_PER_DAY), nanos: millis.rem_euclid(MILLIS_PER_DAY) * 1_000_000 }
    }

    /// Rounded down to milliseconds.
    pub(crate) fn millis(self) -> i64 {
        self.day * MILLIS_PER_DAY + self.nanos / 1_000_000
    }

    #[must_use]
    pub(crate) fn plus_seconds(self, seconds: i64) -> Self {
        let nanos = self.nanos + seconds % 86_400 * 1_000_000_000;
        Self {
            day: self.day + seconds / 86_400 + nanos.div_euclid(NANOS_PER_DAY),
            nanos: nanos.rem_euclid(NANOS_PER_DAY),
        }
    }

    #[must_use]
    pub(crate) fn plus_millis(self, millis: i64) -> Self {
        let nanos = self.nanos + millis % MILLIS_PER_DAY * 1_000_000;
        Self {
            day: self.day.saturating_add(millis / MILLIS_PER_DAY).saturating_add(nanos.div_euclid(NANOS_PER_DAY)),
            nanos: nanos.rem_euclid(NANOS_PER_DAY),
        }
    }

    /// As Flink lowers a timestamp's precision: milliseconds are kept by rounding down, whole tenths of them and above towards 1970.
    #[must_use]
    pub(crate) fn at_precision(self, precision: u8) -> Self {
        if precision >= 9 {
            return self;
        }
        if precision >= 3 {
            let unit = 10_i64.pow(u32::from(9 - precision));
            return Self { nanos: self.nanos / unit * unit, ..self };
        }
        let unit = 10_i64.pow(u32::from(3 - precision));
        Self::from_millis(self.millis() / unit * unit)
    }

    /// `1970-01-01 00:00:01.000003`, with `precision` fractional digits.
    pub(crate) fn text(self, precision: u8) -> String {
        let mut out = Vec::with_capacity(29);
        self.write_text(&mut out, precision);
        String::from_utf8_lossy(&out).into_owned()
    }

    pub(crate) fn write_text(self, out: &mut Vec<u8>, precision: u8) {
        write_date(out, self.day);
        out.push(b' ');
        write_time(out, self.nanos, precision);
    }
}

fn write_date(out: &mut Vec<u8>, day: i64) {
    let (year, month, day) = civil(day);
    if year < 0 {
        out.push(b'-');
    }
    write_digits(out, year.unsigned_abs(), 4);
    out.push(b'-');
    write_digits(out, month as u64, 2);
    out.push(b'-');
    write_digits(out, day as u64, 2);
}

fn write_time(out: &mut Vec<u8>, nanos: i64, precision: u8) {
    let seconds = (nanos / 1_000_000_000) as u64;
    write_digits(out, seconds / 3600, 2);
    out.push(b':');
    write_digits(out, seconds / 60 % 60, 2);
    out.push(b':');
    write_digits(out, seconds % 60, 2);
    if precision > 0 {
        out.push(b'.');
        let unit = 10_u64.pow(u32::from(9 - precision.min(9)));
        write_digits(out, nanos as u64 % 1_000_000_000 / unit, usize::from(precision.min(9)));
    }
}

/// Decimal digits, with zeros before them up to `width`.
pub(crate) fn write_digits(out: &mut Vec<u8>, number: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let mut start = digits.len();
    let mut rest = number;
    while rest > 0 || digits.len() - start < width {
        start -= 1;
        digits[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    out.extend_from_slice(&digits[start..]);
}

pub(crate) fn write_date_text(out: &mut Vec<u8>, day: i32) {
    write_date(out, i64::from(day));
}

pub(crate) fn write_time_text(out: &mut Vec<u8>, micros: i64, precision: u8) {
    write_time(out, micros.saturating_mul(1000), precision);
}

pub(crate) fn date_text(day: i32) -> String {
    let mut out = Vec::new();
    write_date_text(&mut out, day);
    String::from_utf8_lossy(&out).into_owned()
}

pub(crate) fn time_text(micros: i64, precision: u8) -> String {
    let mut out = Vec::new();
    write_time_text(&mut out, micros, precision);
    String::from_utf8_lossy(&out).into_owned()
}

/// The fractional digits of a timestamp type; 6 for others.
pub(crate) fn precision_of(ty: &LogicalType) -> u8 {
    match ty {
        LogicalType::Timestamp(p) | LogicalType::TimestampLtz(p) | LogicalType::Time(p) => *p,
        _ => 6,
    }
}

/// The values of a timestamp column in its unit.
pub(crate) fn lane(value: &Value, precision: u8) -> Lane<'_, i64> {
    if precision <= 6 {
        Lane::of::<TimestampMicrosecondType>(value)
    } else {
        Lane::of::<TimestampNanosecondType>(value)
    }
}

/// How many units of a timestamp column a second has.
pub(crate) fn per_second(precision: u8) -> i128 {
    if precision <= 6 { 1_000_000 } else { 1_000_000_000 }
}
