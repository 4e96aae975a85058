//! Casts among dates, times and timestamps.

use arrow_array::types::{Date32Type, Time64MicrosecondType, TimestampMicrosecondType, TimestampNanosecondType};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use rows::LogicalType;

use crate::calendar::{self, MILLIS_PER_DAY, Moment};
use crate::error::RowError;
use crate::kernel::args::Args;
use crate::kernel::lane::{self, Lane};
use crate::operators::CastFailure;

pub(super) fn cast(args: &Args<'_>, from: &LogicalType, failure: CastFailure) -> Result<ArrayRef, RowError> {
    let value = &args.values[0];
    let offset = args.frame.zone.offset_seconds();
    match (from, args.ty) {
        (LogicalType::Time(_), LogicalType::Time(precision)) => {
            let times = Lane::of::<Time64MicrosecondType>(value);
            let unit = 10_i64.pow(6_u32.saturating_sub(u32::from(*precision)));
            Ok(column::<Time64MicrosecondType>(args, |row| times.get(row) / unit * unit))
        }
        (LogicalType::Date, _) => {
            let days = Lane::of::<Date32Type>(value);
            to_timestamp(args, failure, false, |row| Moment { day: i64::from(days.get(row)), nanos: 0 })
        }
        (LogicalType::Time(_), _) => {
            let times = Lane::of::<Time64MicrosecondType>(value);
            to_timestamp(args, failure, false, |row| Moment { day: 0, nanos: times.get(row) * 1000 })
        }
        // Flink divides the milliseconds towards 1970 here, so that hours before 1970 give the day after.
        (LogicalType::Timestamp(p), LogicalType::Date) => {
            let moments = calendar::lane(value, *p);
            Ok(column::<Date32Type>(args, |row| {
                (Moment::unpack(moments.get(row), *p).millis() / MILLIS_PER_DAY) as i32
            }))
        }
        (LogicalType::TimestampLtz(p), LogicalType::Date) => {
            let moments = calendar::lane(value, *p);
            Ok(column::<Date32Type>(args, |row| Moment::unpack(moments.get(row), *p).plus_seconds(offset).day as i32))
        }
        (LogicalType::Timestamp(p), LogicalType::Time(to)) => Ok(to_time(args, *p, 0, *to)),
        (LogicalType::TimestampLtz(p), LogicalType::Time(to)) => Ok(to_time(args, *p, offset, *to)),
        (LogicalType::Timestamp(p), _) => {
            let moments = calendar::lane(value, *p);
            to_timestamp(args, failure, false, |row| Moment::unpack(moments.get(row), *p))
        }
        (LogicalType::TimestampLtz(p), _) => {
            let moments = calendar::lane(value, *p);
            to_timestamp(args, failure, true, |row| Moment::unpack(moments.get(row), *p))
        }
        (from, to) => Err(RowError::new(0, format!("no cast from {from} to {to}"))),
    }
}

fn column<P: ArrowPrimitiveType>(args: &Args<'_>, value: impl Fn(usize) -> P::Native) -> ArrayRef {
    let array = &args.values[0].array;
    lane::column::<P>((0..array.len()).map(value).collect(), array.nulls().cloned(), args.ty)
}

fn to_time(args: &Args<'_>, from: u8, offset: i64, to: u8) -> ArrayRef {
    let moments = calendar::lane(&args.values[0], from);
    let unit = 10_i64.pow(6_u32.saturating_sub(u32::from(to)));
    column::<Time64MicrosecondType>(args, |row| {
        Moment::unpack(moments.get(row), from).plus_seconds(offset).nanos / 1000 / unit * unit
    })
}

/// To TIMESTAMP or TIMESTAMP_LTZ, with the session's offset where one is local and the other is not.
fn to_timestamp(
    args: &Args<'_>,
    failure: CastFailure,
    from_ltz: bool,
    moment: impl Fn(usize) -> Moment,
) -> Result<ArrayRef, RowError> {
    let offset = args.frame.zone.offset_seconds();
    let (precision, to_ltz) = match args.ty {
        LogicalType::TimestampLtz(precision) => (*precision, true),
        other => (calendar::precision_of(other), false),
    };
    let shift = match (from_ltz, to_ltz) {
        (true, false) => offset,
        (false, true) => -offset,
        _ => 0,
    };
    let array = &args.values[0].array;
    let mut values = Vec::with_capacity(array.len());
    let mut valid = Vec::with_capacity(array.len());
    for row in 0..array.len() {
        let value = if array.is_null(row) || !args.frame.is_active(row) {
            None
        } else {
            let value = moment(row).plus_seconds(shift).at_precision(precision).pack(precision);
            if value.is_none() && failure == CastFailure::Error {
                return Err(RowError::new(row, format!("the timestamp is out of range of {}", args.ty)));
            }
            value
        };
        valid.push(value.is_some());
        values.push(value.unwrap_or_default());
    }
    let nulls = Some(NullBuffer::new(BooleanBuffer::from(valid))).filter(|nulls| nulls.null_count() > 0);
    Ok(if precision <= 6 {
        lane::column::<TimestampMicrosecondType>(values, nulls, args.ty)
    } else {
        lane::column::<TimestampNanosecondType>(values, nulls, args.ty)
    })
}
