//! Between times and texts or numbers: DATE_FORMAT, TO_DATE, TO_TIMESTAMP, TO_TIMESTAMP_LTZ, UNIX_TIMESTAMP, FROM_UNIXTIME.

use arrow_array::ArrayRef;
use arrow_array::types::{Decimal128Type, Float64Type, Int32Type, Int64Type};
use rows::LogicalType;

use super::pattern::{Days, Pattern};
use super::{Moments, each, each_moment, in_utc};
use crate::calendar::Moment;
use crate::calendar_text;
use crate::error::RowError;
use crate::kernel::args::Args;
use crate::kernel::lane::Lane;
use crate::kernel::text::{self, Texts, applies};

const DEFAULT_PATTERN: &str = "yyyy-MM-dd HH:mm:ss";

/// The pattern argument: parsed once where it is constant.
struct Patterns<'a> {
    texts: Option<Texts<'a>>,
    constant: Option<Pattern>,
}

impl<'a> Patterns<'a> {
    fn of(args: &Args<'a>, index: usize) -> Result<Self, RowError> {
        let Some(value) = args.values.get(index) else {
            let constant = Pattern::parse(DEFAULT_PATTERN).map_err(|reason| RowError::new(0, reason))?;
            return Ok(Self { texts: None, constant: Some(constant) });
        };
        let texts = Texts::of(args, index);
        let first = (0..args.frame.rows).find(|row| applies(args, *row));
        let constant = match first {
            Some(row) if value.constant => {
                Some(Pattern::parse(texts.get(row)).map_err(|reason| RowError::new(row, reason))?)
            }
            _ => None,
        };
        Ok(Self { texts: Some(texts), constant })
    }

    fn with<T>(&self, row: usize, f: impl FnOnce(&Pattern) -> T) -> Result<T, String> {
        match (&self.constant, &self.texts) {
            (Some(pattern), _) => Ok(f(pattern)),
            (None, Some(texts)) => Pattern::parse(texts.get(row)).map(|pattern| f(&pattern)),
            (None, None) => Err("the pattern is missing".to_owned()),
        }
    }
}

/// `DATE_FORMAT(timestamp, pattern)`
pub(crate) fn date_format(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let moments = Moments::of(args, 0);
    let patterns = Patterns::of(args, 1)?;
    text::each(args, |row, writer| {
        writer.room_for(row, 0)?;
        let out = writer.out();
        patterns
            .with(row, |pattern| pattern.format(moments.get(row), out))
            .map_err(|reason| RowError::new(row, reason))?;
        Ok(Some(()))
    })
}

/// `DATE_FORMAT(text, pattern)`: the text is a timestamp `yyyy-MM-dd HH:mm:ss`; NULL where it is none.
pub(crate) fn date_format_of_text(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let texts = Texts::of(args, 0);
    let patterns = Patterns::of(args, 1)?;
    let default = Pattern::parse(DEFAULT_PATTERN).map_err(|reason| RowError::new(0, reason))?;
    text::each(args, |row, writer| {
        let Some(moment) = default.read(texts.get(row), Days::Lenient) else { return Ok(None) };
        let out = writer.out();
        patterns.with(row, |pattern| pattern.format(moment, out)).map_err(|reason| RowError::new(row, reason))?;
        Ok(Some(()))
    })
}

/// `TO_DATE(text [, pattern])`
pub(crate) fn to_date(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let texts = Texts::of(args, 0);
    if args.values.len() == 1 {
        return each_moment(args, |row| {
            Ok(calendar_text::date(texts.get(row)).map(|day| Moment { day: i64::from(day), nanos: 0 }))
        });
    }
    let patterns = Patterns::of(args, 1)?;
    let midnight = |moment: Moment| Moment { nanos: 0, ..moment };
    each_moment(args, |row| patterns.with(row, |pattern| pattern.read(texts.get(row), Days::Lenient).map(midnight)))
}

/// `TO_TIMESTAMP_LTZ(text)`: the text is of UTC, whatever the session's zone; what is no timestamp is an error.
pub(crate) fn to_timestamp_ltz_of_text(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let args = &in_utc(args);
    let texts = Texts::of(args, 0);
    each_moment(args, |row| {
        let text = texts.get(row);
        let moment = calendar_text::timestamp(text).map_err(|unread| unread.reason(text))?;
        Ok(Some(moment.at_precision(3)))
    })
}

/// `TO_TIMESTAMP(text [, pattern])`, of milliseconds.
pub(crate) fn to_timestamp(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let texts = Texts::of(args, 0);
    if args.values.len() == 1 {
        return each_moment(args, |row| {
            Ok(calendar_text::timestamp(texts.get(row)).ok().map(|moment| moment.at_precision(3)))
        });
    }
    let patterns = Patterns::of(args, 1)?;
    each_moment(args, |row| {
        patterns.with(row, |pattern| pattern.read(texts.get(row), Days::Smart).map(|moment| moment.at_precision(3)))
    })
}

/// `TO_TIMESTAMP_LTZ(number, precision)`: seconds, milliseconds, microseconds or nanoseconds since 1970 by precision 0, 3, 6, 9.
/// NULL outside the years 0 to 9999.
pub(crate) fn to_timestamp_ltz(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let value = &args.values[0];
    let precisions = Lane::of::<Int32Type>(&args.values[1]);
    let numbers: Box<dyn Fn(usize) -> i64 + '_> = match value.array.data_type() {
        arrow_schema::DataType::Float64 => {
            let lane = Lane::of::<Float64Type>(value);
            Box::new(move |row| lane.get(row) as i64)
        }
        arrow_schema::DataType::Decimal128(_, scale) => {
            let (lane, scale) = (Lane::of::<Decimal128Type>(value), *scale as u8);
            Box::new(move |row| crate::kernel::decimal::to_i64(lane.get(row), scale))
        }
        _ => {
            let lane = Lane::of::<Int64Type>(value);
            Box::new(move |row| lane.get(row))
        }
    };
    // The session's offset is taken off again with the result.
    let offset = args.frame.zone.offset_seconds();
    each_moment(args, |row| {
        let units_per_second = 10_i64.pow(precisions.get(row).clamp(0, 9) as u32);
        let number = numbers(row);
        let (seconds, rest) = (number.div_euclid(units_per_second), number.rem_euclid(units_per_second));
        let moment = Moment {
            day: seconds.div_euclid(86_400),
            nanos: seconds.rem_euclid(86_400) * 1_000_000_000 + rest * (1_000_000_000 / units_per_second),
        };
        // 0000-01-01 to 9999-12-31.
        Ok((-719_528..=2_932_896).contains(&moment.day).then(|| moment.plus_seconds(offset)))
    })
}

/// `UNIX_TIMESTAMP(text [, pattern])`: seconds since 1970 of a local time; the least BIGINT where the text is none, as Flink has it.
pub(crate) fn unix_timestamp(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let texts = Texts::of(args, 0);
    let patterns = Patterns::of(args, 1)?;
    let offset = args.frame.zone.offset_seconds();
    each::<Int64Type>(args, |row| {
        let moment = patterns.with(row, |pattern| pattern.read(texts.get(row), Days::Lenient))?;
        Ok(Some(moment.map_or(i64::MIN, |moment| moment.plus_seconds(-offset).millis().div_euclid(1000))))
    })
}

/// `FROM_UNIXTIME(seconds [, pattern])`
pub(crate) fn from_unixtime(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let seconds = Lane::of::<Int64Type>(&args.values[0]);
    let patterns = Patterns::of(args, 1)?;
    let offset = args.frame.zone.offset_seconds();
    debug_assert!(matches!(args.ty, LogicalType::Varchar(_)), "FROM_UNIXTIME gives a text");
    text::each(args, |row, writer| {
        let moment = Moment { day: 0, nanos: 0 }.plus_seconds(seconds.get(row)).plus_seconds(offset);
        let out = writer.out();
        patterns.with(row, |pattern| pattern.format(moment, out)).map_err(|reason| RowError::new(row, reason))?;
        Ok(Some(()))
    })
}
