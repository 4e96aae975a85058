//! Dates and times: to text and back, their parts, their arithmetic, against a calendar that counts days one by one.

use std::sync::Arc;

use arrow_array::{Date32Array, Int32Array, TimestampMicrosecondArray};
use proptest::prelude::*;
use rows::LogicalType;

use super::config;
use crate::support::Rows;

const DAY: i64 = 86_400_000_000;

/// 0001-01-01 to 9999-12-31.
const DAYS: std::ops::Range<i32> = -719_162..2_932_897;

/// Before 1970 Flink takes parts of timestamps, and lowers their precision, by division towards 1970: the golden file has those.
const DAYS_SINCE_1970: std::ops::Range<i32> = 0..DAYS.end;

/// A date and a time of day, by counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Moment {
    year: i32,
    month: i32,
    day: i32,
    micros: i64,
}

fn days_in_year(year: i32) -> i32 {
    if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) { 366 } else { 365 }
}

fn days_in_month(year: i32, month: i32) -> i32 {
    match month {
        2 => days_in_year(year) - 337,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl Moment {
    fn of(days: i32, micros: i64) -> Self {
        // From 0001-01-01, by whole 400 years, then by years, then by months.
        let mut rest = days - DAYS.start;
        let mut year = 1 + 400 * (rest / 146_097);
        rest %= 146_097;
        while rest >= days_in_year(year) {
            rest -= days_in_year(year);
            year += 1;
        }
        let mut month = 1;
        while rest >= days_in_month(year, month) {
            rest -= days_in_month(year, month);
            month += 1;
        }
        Self { year, month, day: rest + 1, micros }
    }

    fn date(self) -> String {
        format!("{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }

    fn hour(self) -> i64 {
        self.micros / 3_600_000_000
    }

    fn minute(self) -> i64 {
        self.micros / 60_000_000 % 60
    }

    fn second(self) -> i64 {
        self.micros / 1_000_000 % 60
    }

    fn day_of_year(self) -> i32 {
        (1..self.month).map(|month| days_in_month(self.year, month)).sum::<i32>() + self.day
    }

    /// As `CAST(… AS STRING)` writes a TIMESTAMP of that precision.
    fn text(self, precision: u32) -> String {
        let digits = precision as usize;
        let fraction = self.micros % 1_000_000 / 10_i64.pow(6 - precision);
        let fraction = if precision > 0 { format!(".{fraction:0digits$}") } else { String::new() };
        let clock = format!("{:02}:{:02}:{:02}", self.hour(), self.minute(), self.second());
        format!("{} {clock}{fraction}", self.date())
    }
}

fn moments(days: std::ops::Range<i32>) -> impl Strategy<Value = (i32, i64)> {
    (days, prop_oneof![0..DAY, (0..86_400_i64).prop_map(|second| second * 1_000_000), Just(DAY - 1)])
}

/// A timestamp `ts` and its date `da`, and a number `n`.
fn rows(days: i32, micros: i64, n: i32) -> Rows {
    let ts = TimestampMicrosecondArray::from(vec![i64::from(days) * DAY + micros]);
    Rows::new(vec![
        ("ts", LogicalType::Timestamp(6), Arc::new(ts)),
        ("da", LogicalType::Date, Arc::new(Date32Array::from(vec![days]))),
        ("n", LogicalType::Int, Arc::new(Int32Array::from(vec![n]))),
    ])
}

proptest! {
    #![proptest_config(config(256))]

    #[test]
    fn texts_are_those_of_the_calendar_and_read_back((days, micros) in moments(DAYS)) {
        let (rows, moment) = (rows(days, micros, 0), Moment::of(days, micros));
        let quoted = |text: String| vec![format!("'{text}'")];
        prop_assert_eq!(rows.shown("CAST(da AS STRING)"), quoted(moment.date()));
        for precision in [0, 3, 6] {
            if precision == 6 || days >= 0 {
                let cut = format!("CAST(ts AS TIMESTAMP({precision}))");
                prop_assert_eq!(rows.shown(&format!("CAST({cut} AS STRING)")), quoted(moment.text(precision)));
                let back = format!("CAST(CAST({cut} AS STRING) AS TIMESTAMP({precision})) = {cut}");
                prop_assert_eq!(rows.shown(&back), ["true"], "{}", precision);
            }
        }
        prop_assert_eq!(rows.shown("CAST(CAST(da AS STRING) AS DATE) = da"), ["true"]);
        prop_assert_eq!(rows.shown("DATE_FORMAT(ts, 'yyyy-MM-dd HH:mm:ss.SSSSSS')"), quoted(moment.text(6)));
        prop_assert_eq!(rows.shown("TO_TIMESTAMP(DATE_FORMAT(ts, 'yyyy-MM-dd HH:mm:ss'), 'yyyy-MM-dd HH:mm:ss') = FLOOR(ts TO SECOND)"), ["true"]);
    }

    #[test]
    fn parts_are_those_of_the_calendar((days, micros) in moments(DAYS_SINCE_1970)) {
        let (rows, moment) = (rows(days, micros, 0), Moment::of(days, micros));
        for (unit, expected) in [
            ("YEAR", i64::from(moment.year)),
            ("QUARTER", i64::from((moment.month + 2) / 3)),
            ("MONTH", i64::from(moment.month)),
            ("DAY", i64::from(moment.day)),
            ("DOY", i64::from(moment.day_of_year())),
            // 1970-01-01 was a Thursday, and Sunday is 1.
            ("DOW", i64::from((days + 4).rem_euclid(7) + 1)),
        ] {
            let expected = [expected.to_string()];
            prop_assert_eq!(&rows.shown(&format!("EXTRACT({unit} FROM da)"))[..], &expected[..], "{}", unit);
            prop_assert_eq!(&rows.shown(&format!("EXTRACT({unit} FROM FLOOR(ts TO SECOND))"))[..], &expected[..], "{}", unit);
        }
        for (unit, expected) in [("HOUR", moment.hour()), ("MINUTE", moment.minute()), ("SECOND", moment.second())] {
            prop_assert_eq!(rows.shown(&format!("EXTRACT({unit} FROM FLOOR(ts TO SECOND))")), [expected.to_string()], "{}", unit);
        }
    }

    #[test]
    fn rounding_down_starts_a_unit((days, micros) in moments(DAYS_SINCE_1970)) {
        let (rows, moment) = (rows(days, micros, 0), Moment::of(days, micros));
        let (first_month, first) = (Moment { month: 1, ..moment }, |moment: Moment| Moment { day: 1, micros: 0, ..moment });
        for (unit, expected) in [
            ("YEAR", first(first_month)),
            ("QUARTER", first(Moment { month: (moment.month - 1) / 3 * 3 + 1, ..moment })),
            ("MONTH", first(moment)),
            ("DAY", Moment { micros: 0, ..moment }),
            ("HOUR", Moment { micros: micros - micros % 3_600_000_000, ..moment }),
            ("MINUTE", Moment { micros: micros - micros % 60_000_000, ..moment }),
            ("SECOND", Moment { micros: micros - micros % 1_000_000, ..moment }),
        ] {
            let floor = rows.shown(&format!("CAST(CAST(FLOOR(ts TO {unit}) AS TIMESTAMP(6)) AS STRING)"));
            prop_assert_eq!(floor, [format!("'{}'", expected.text(6))], "{}", unit);
        }
    }

    #[test]
    fn intervals_are_added((days, micros) in moments(DAYS), n in -10_000..10_000_i32) {
        let to = i64::from(days) * DAY + micros;
        let rows = rows(days, micros, n);
        for (unit, length) in [("SECOND", 1_000_000), ("MINUTE", 60_000_000), ("HOUR", 3_600_000_000), ("DAY", DAY)] {
            let sum = to + i64::from(n) * length;
            let day = sum.div_euclid(DAY) as i32;
            if DAYS.contains(&day) {
                let expected = [format!("'{}'", Moment::of(day, sum.rem_euclid(DAY)).text(6))];
                let added = format!("CAST(CAST(TIMESTAMPADD({unit}, n, ts) AS TIMESTAMP(6)) AS STRING)");
                prop_assert_eq!(&rows.shown(&added)[..], &expected[..], "{}", unit);
                let back = format!("TIMESTAMPDIFF({unit}, ts, TIMESTAMPADD({unit}, n, ts))");
                prop_assert_eq!(rows.shown(&back), [n.to_string()], "{}", back);
            }
        }
    }

    #[test]
    fn months_are_added_up_to_their_last_day((days, micros) in moments(DAYS), n in -1_000..1_000_i32) {
        let moment = Moment::of(days, micros);
        let months = moment.year * 12 + moment.month - 1 + n;
        let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
        if (1..=9999).contains(&year) {
            let expected = Moment { year, month, day: moment.day.min(days_in_month(year, month)), micros };
            let added = rows(days, micros, n).shown("CAST(CAST(TIMESTAMPADD(MONTH, n, ts) AS TIMESTAMP(6)) AS STRING)");
            prop_assert_eq!(added, [format!("'{}'", expected.text(6))]);
        }
    }
}
