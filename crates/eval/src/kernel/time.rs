//! Functions over dates, times and timestamps.
//!
//! Flink splits a timestamp's milliseconds into day and time of day by Java's `/` and `%`, which round towards 1970: hours
//! before 1970 count backwards from the next day. EXTRACT and rounding to years and months do the same here.

pub(crate) mod convert;
mod pattern;
pub(crate) mod round;

use arrow_array::types::{
    Date32Type, Int32Type, Int64Type, Time64MicrosecondType, TimestampMicrosecondType, TimestampNanosecondType,
};
use arrow_array::{ArrayRef, ArrowPrimitiveType};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use rows::LogicalType;

use super::lane::{self, Lane};
use super::text::applies;
use crate::calendar::{self, MILLIS_PER_DAY, Moment};
use crate::error::RowError;
use crate::kernel::args::{Args, Frame};
use crate::operators::{Symbol, TimeUnit};
use crate::value::Value;
use crate::zone::Zone;

pub(crate) use round::{ceil, floor};

/// A time argument as moments on the session's calendar. A date is its midnight, a time of day is of 1970-01-01.
pub(crate) struct Moments<'a> {
    lane: MomentLane<'a>,
    precision: u8,
    offset_seconds: i64,
}

enum MomentLane<'a> {
    Date(Lane<'a, i32>),
    Time(Lane<'a, i64>),
    Timestamp(Lane<'a, i64>),
}

impl<'a> Moments<'a> {
    pub(crate) fn of(args: &Args<'a>, index: usize) -> Self {
        let value: &'a Value = &args.values[index];
        let (lane, precision, local) = match value.array.data_type() {
            arrow_schema::DataType::Date32 => (MomentLane::Date(Lane::of::<Date32Type>(value)), 0, false),
            arrow_schema::DataType::Time64(_) => (MomentLane::Time(Lane::of::<Time64MicrosecondType>(value)), 6, false),
            arrow_schema::DataType::Timestamp(arrow_schema::TimeUnit::Nanosecond, zone) => {
                (MomentLane::Timestamp(calendar::lane(value, 9)), 9, zone.is_some())
            }
            arrow_schema::DataType::Timestamp(_, zone) => {
                (MomentLane::Timestamp(calendar::lane(value, 6)), 6, zone.is_some())
            }
            _ => (MomentLane::Time(Lane::One(0)), 6, false),
        };
        let offset_seconds = if local { args.frame.zone.offset_seconds() } else { 0 };
        Self { lane, precision, offset_seconds }
    }

    pub(crate) fn get(&self, row: usize) -> Moment {
        match &self.lane {
            MomentLane::Date(days) => Moment { day: i64::from(days.get(row)), nanos: 0 },
            MomentLane::Time(micros) => Moment { day: 0, nanos: micros.get(row) * 1000 },
            MomentLane::Timestamp(values) => {
                Moment::unpack(values.get(row), self.precision).plus_seconds(self.offset_seconds)
            }
        }
    }
}

/// A column of the result's type: DATE, TIME or timestamps on the session's calendar. `None` is NULL.
pub(crate) fn each_moment(
    args: &Args<'_>,
    f: impl Fn(usize) -> Result<Option<Moment>, String>,
) -> Result<ArrayRef, RowError> {
    let precision = calendar::precision_of(args.ty);
    let back = match args.ty {
        LogicalType::TimestampLtz(_) => -args.frame.zone.offset_seconds(),
        _ => 0,
    };
    let moments = |row: usize| -> Result<Option<i64>, String> {
        let Some(moment) = f(row)? else { return Ok(None) };
        let packed = match args.ty {
            LogicalType::Date => i32::try_from(moment.day).ok().map(i64::from),
            LogicalType::Time(_) => Some(moment.nanos / 1000),
            _ => moment.plus_seconds(back).pack(precision),
        };
        packed.map(Some).ok_or_else(|| format!("the result is out of range of {}", args.ty))
    };
    match args.ty {
        LogicalType::Date => each::<Date32Type>(args, |row| Ok(moments(row)?.map(|day| day as i32))),
        LogicalType::Time(_) => each::<Time64MicrosecondType>(args, moments),
        _ if precision <= 6 => each::<TimestampMicrosecondType>(args, moments),
        _ => each::<TimestampNanosecondType>(args, moments),
    }
}

fn each<P: ArrowPrimitiveType>(
    args: &Args<'_>,
    f: impl Fn(usize) -> Result<Option<P::Native>, String>,
) -> Result<ArrayRef, RowError> {
    let mut values = Vec::with_capacity(args.frame.rows);
    let mut valid = Vec::with_capacity(args.frame.rows);
    for row in 0..args.frame.rows {
        let value = if applies(args, row) { f(row).map_err(|reason| RowError::new(row, reason))? } else { None };
        valid.push(value.is_some());
        values.push(value.unwrap_or_default());
    }
    let nulls = Some(NullBuffer::new(BooleanBuffer::from(valid))).filter(|nulls| nulls.null_count() > 0);
    Ok(lane::column::<P>(values, nulls, args.ty))
}

fn unit(args: &Args<'_>) -> TimeUnit {
    match args.symbol {
        Some(Symbol::Unit(unit)) => unit,
        _ => TimeUnit::Millisecond,
    }
}

/// The same arguments in a session in UTC.
fn in_utc<'a>(args: &Args<'a>) -> Args<'a> {
    Args { frame: Frame { zone: Zone::UTC, ..args.frame }, ..*args }
}

/// Adds months or milliseconds, to moments on UTC's calendar. Days beyond the end of a month become its last.
pub(crate) fn shift(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let args = &in_utc(args);
    let moments = Moments::of(args, 0);
    let amounts = Lane::of::<Int64Type>(&args.values[1]);
    let months = unit(args) == TimeUnit::Month;
    each_moment(args, |row| {
        let (moment, amount) = (moments.get(row), amounts.get(row));
        Ok(Some(if months { plus_months(moment, amount)? } else { moment.plus_millis(amount) }))
    })
}

fn plus_months(moment: Moment, months: i64) -> Result<Moment, String> {
    // Enough for every year that a timestamp can hold.
    if months.abs() > 12_000_000 {
        return Err("the result is out of range".to_owned());
    }
    let (year, month, day) = calendar::civil(moment.day);
    let total = year * 12 + month - 1 + months;
    let (year, month) = (total.div_euclid(12), total.rem_euclid(12) + 1);
    let day = day.min(calendar::days_in_month(year, month));
    Ok(Moment { day: calendar::day(year, month, day), ..moment })
}

/// `EXTRACT(unit FROM time)`
pub(crate) fn extract(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let moments = Moments::of(args, 0);
    let unit = unit(args);
    each::<Int64Type>(args, |row| Ok(Some(field(moments.get(row), unit))))
}

fn field(moment: Moment, unit: TimeUnit) -> i64 {
    let millis = moment.millis();
    let below_millis = moment.nanos % 1_000_000;
    match unit {
        TimeUnit::Epoch => millis / 1000,
        TimeUnit::Hour => millis % MILLIS_PER_DAY / 3_600_000,
        TimeUnit::Minute => millis % 3_600_000 / 60_000,
        TimeUnit::Second => millis % 60_000 / 1000,
        TimeUnit::Millisecond => millis % 1000,
        TimeUnit::Microsecond => millis % 1000 * 1000 + below_millis / 1000,
        TimeUnit::Nanosecond => millis % 1000 * 1_000_000 + below_millis,
        _ => date_field(millis / MILLIS_PER_DAY, unit),
    }
}

fn date_field(date: i64, unit: TimeUnit) -> i64 {
    let (year, month, day) = calendar::civil(date);
    // 1970-01-01 was a Thursday.
    let iso_weekday = (date + 3).rem_euclid(7) + 1;
    match unit {
        TimeUnit::Millennium => (year + 999).div_euclid(1000),
        TimeUnit::Century => (year + 99).div_euclid(100),
        TimeUnit::Decade => year.div_euclid(10),
        TimeUnit::Year => year,
        TimeUnit::Quarter => (month + 2) / 3,
        TimeUnit::Month => month,
        TimeUnit::Day => day,
        TimeUnit::DayOfYear => date - calendar::day(year, 1, 1) + 1,
        TimeUnit::DayOfWeek => iso_weekday % 7 + 1,
        TimeUnit::IsoDayOfWeek => iso_weekday,
        // The ISO week is that of its Thursday.
        TimeUnit::Week | TimeUnit::IsoYear => {
            let thursday = date + 4 - iso_weekday;
            let (iso_year, ..) = calendar::civil(thursday);
            if unit == TimeUnit::IsoYear { iso_year } else { (thursday - calendar::day(iso_year, 1, 1)) / 7 + 1 }
        }
        _ => 0,
    }
}

/// `TIMESTAMPDIFF(unit, from, to)`: whole units between two points of time.
pub(crate) fn diff(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let (froms, tos) = (Moments::of(args, 0), Moments::of(args, 1));
    let unit = unit(args);
    each::<Int32Type>(args, |row| {
        let (from, to) = (froms.get(row), tos.get(row));
        let count = match crate::interval::size(unit) {
            Some(months) if crate::interval::is_month_based(unit) => months_between(from, to) / months,
            Some(millis) => (to.millis() - from.millis()) / millis,
            None => to.millis() - from.millis(),
        };
        Ok(Some(count as i32))
    })
}

/// As Calcite counts: whole months of days, then one less where the last is not over by the time of day.
fn months_between(from: Moment, to: Moment) -> i64 {
    let months = if to.day < from.day { -whole_months(to.day, from.day) } else { whole_months(from.day, to.day) };
    let reached = plus_months(from, months).is_ok_and(|moment| moment.day == to.day);
    if reached && to.nanos < from.nanos { months - 1 } else { months }
}

/// The most months that lead from an earlier day to no later one than `to`.
fn whole_months(from: i64, to: i64) -> i64 {
    let ((year1, month1, _), (year2, month2, _)) = (calendar::civil(from), calendar::civil(to));
    let months = (year2 - year1) * 12 + month2 - month1;
    let there = plus_months(Moment { day: from, nanos: 0 }, months).map_or(from, |moment| moment.day);
    if there > to { months - 1 } else { months }
}
