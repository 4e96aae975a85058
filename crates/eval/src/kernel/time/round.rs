//! `FLOOR(time TO unit)` and `CEIL(time TO unit)`.

use arrow_array::ArrayRef;
use rows::LogicalType;

use super::{Moments, each_moment, unit};
use crate::calendar::{self, MILLIS_PER_DAY, Moment};
use crate::error::RowError;
use crate::kernel::args::Args;
use crate::operators::TimeUnit;

pub(crate) fn floor(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    rounded(args, Direction::Down)
}

pub(crate) fn ceil(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    rounded(args, Direction::Up)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Down,
    Up,
}

fn rounded(args: &Args<'_>, direction: Direction) -> Result<ArrayRef, RowError> {
    let moments = Moments::of(args, 0);
    let unit = unit(args);
    let time_of_day = matches!(args.ty, LogicalType::Time(_));
    each_moment(args, |row| {
        let rounded = round(moments.get(row), unit, direction);
        // A time of day has no next day to go to.
        if time_of_day && rounded.day != 0 {
            return Err("the result is out of range of a time of day".to_owned());
        }
        Ok(Some(rounded))
    })
}

fn round(moment: Moment, unit: TimeUnit, direction: Direction) -> Moment {
    let size = match unit {
        TimeUnit::Day => MILLIS_PER_DAY,
        TimeUnit::Hour => 3_600_000,
        TimeUnit::Minute => 60_000,
        TimeUnit::Second => 1000,
        TimeUnit::Week => {
            // Weeks begin on Sunday; 1970-01-01 was a Thursday, four days into its week.
            let start = (moment.day + 4).div_euclid(7) * 7 - 4;
            let exact = start == moment.day && moment.nanos == 0;
            let day = if direction == Direction::Up && !exact { start + 7 } else { start };
            return Moment { day, nanos: 0 };
        }
        TimeUnit::Millennium
        | TimeUnit::Century
        | TimeUnit::Decade
        | TimeUnit::Year
        | TimeUnit::Quarter
        | TimeUnit::Month => return Moment { day: date(moment.millis() / MILLIS_PER_DAY, unit, direction), nanos: 0 },
        _ => return moment,
    };
    let millis = moment.millis();
    let down = millis.div_euclid(size) * size;
    let up = direction == Direction::Up && millis != down;
    Moment::from_millis(if up { down + size } else { down })
}

/// The first day of the unit that the day is in, or of the next unit.
fn date(day: i64, unit: TimeUnit, direction: Direction) -> i64 {
    let (year, month, day_of_month) = calendar::civil(day);
    let months = match unit {
        TimeUnit::Month => 1,
        TimeUnit::Quarter => 3,
        TimeUnit::Year => 12,
        TimeUnit::Decade => 120,
        TimeUnit::Century => 1200,
        _ => 12_000,
    };
    // Centuries and millennia begin with the year 1.
    let origin = if months >= 1200 { 12 } else { 0 };
    let total = year * 12 + month - 1 - origin;
    let start = total.div_euclid(months) * months;
    let exact = start == total && day_of_month == 1;
    let start = origin + if direction == Direction::Up && !exact { start + months } else { start };
    calendar::day(start.div_euclid(12), start.rem_euclid(12) + 1, 1)
}
