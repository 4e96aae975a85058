//! Everything to text, and texts and bytes to bytes.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Time64MicrosecondType,
};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType};
use rows::LogicalType;

use crate::calendar::{self, Moment};
use crate::error::RowError;
use crate::kernel::args::Args;
use crate::kernel::writer::Writer;
use crate::kernel::{decimal, double_text};
use crate::typing::is_bytes;

pub(super) fn cast(args: &Args<'_>, from: &LogicalType) -> Result<ArrayRef, RowError> {
    let value = &args.values[0];
    let array = &*value.array;
    match from {
        LogicalType::Boolean => {
            let array = array.as_boolean();
            each(args, |row, out| out.extend_from_slice(if array.value(row) { b"TRUE" } else { b"FALSE" }))
        }
        LogicalType::TinyInt => integers::<Int8Type>(args),
        LogicalType::SmallInt => integers::<Int16Type>(args),
        LogicalType::Int => integers::<Int32Type>(args),
        LogicalType::BigInt => integers::<Int64Type>(args),
        LogicalType::Float => {
            let values = array.as_primitive::<Float32Type>().values();
            each(args, |row, out| out.extend_from_slice(double_text::float(values[row]).as_bytes()))
        }
        LogicalType::Double => {
            let values = array.as_primitive::<Float64Type>().values();
            each(args, |row, out| out.extend_from_slice(double_text::double(values[row]).as_bytes()))
        }
        LogicalType::Decimal { scale, .. } => {
            let values = array.as_primitive::<Decimal128Type>().values();
            each(args, |row, out| decimal::write_text(out, values[row], *scale))
        }
        LogicalType::Date => {
            let values = array.as_primitive::<Date32Type>().values();
            each(args, |row, out| calendar::write_date_text(out, values[row]))
        }
        LogicalType::Time(precision) => {
            let values = array.as_primitive::<Time64MicrosecondType>().values();
            each(args, |row, out| calendar::write_time_text(out, values[row], *precision))
        }
        LogicalType::Timestamp(precision) => {
            let values = calendar::lane(value, *precision);
            each(args, |row, out| Moment::unpack(values.get(row), *precision).write_text(out, *precision))
        }
        LogicalType::TimestampLtz(precision) => {
            let values = calendar::lane(value, *precision);
            let offset = args.frame.zone.offset_seconds();
            each(args, |row, out| {
                Moment::unpack(values.get(row), *precision).plus_seconds(offset).write_text(out, *precision);
            })
        }
        _ if is_bytes(from) => {
            let array = array.as_binary::<i32>();
            each(args, |row, out| out.extend_from_slice(String::from_utf8_lossy(array.value(row)).as_bytes()))
        }
        _ => {
            let array = array.as_string::<i32>();
            each(args, |row, out| out.extend_from_slice(array.value(row).as_bytes()))
        }
    }
}

fn integers<P: ArrowPrimitiveType>(args: &Args<'_>) -> Result<ArrayRef, RowError>
where
    P::Native: Into<i64>,
{
    let values = args.values[0].array.as_primitive::<P>().values();
    each(args, |row, out| {
        let number: i64 = values[row].into();
        if number < 0 {
            out.push(b'-');
        }
        calendar::write_digits(out, number.unsigned_abs(), 1);
    })
}

/// Writes each row that is not NULL, cut to the length of a VARCHAR or CHAR, and padded to that of a CHAR.
fn each(args: &Args<'_>, write: impl Fn(usize, &mut Vec<u8>)) -> Result<ArrayRef, RowError> {
    let array = &args.values[0].array;
    let mut writer = Writer::new(args.frame, array.len() * 12);
    let (limit, pad) = match args.ty {
        LogicalType::Char(n) => (*n as usize, true),
        LogicalType::Varchar(n) => (*n as usize, false),
        _ => (usize::MAX, false),
    };
    for row in 0..array.len() {
        if array.is_null(row) || !args.frame.is_active(row) {
            writer.end_null();
            continue;
        }
        write(row, writer.out());
        let start = writer.row_start();
        let written = writer.out().len() - start;
        if written > limit || pad {
            let (kept, characters) = prefix(&writer.out()[start..], limit);
            writer.out().truncate(start + kept);
            if pad {
                writer.room_for(row, limit - characters)?;
                writer.out().resize(start + kept + limit - characters, b' ');
            }
        }
        writer.end(row)?;
    }
    writer.finish_text()
}

/// The bytes of the first `limit` characters, and how many characters they are.
fn prefix(text: &[u8], limit: usize) -> (usize, usize) {
    let mut characters = 0;
    for (index, byte) in text.iter().enumerate() {
        let starts = byte & 0xC0 != 0x80;
        if starts && characters == limit {
            return (index, characters);
        }
        characters += usize::from(starts);
    }
    (text.len(), characters)
}

/// To BINARY(n), filled with zeros, or VARBINARY(n).
pub(super) fn bytes<'a>(args: &Args<'a>, value: impl Fn(usize) -> &'a [u8]) -> Result<ArrayRef, RowError> {
    let array = &args.values[0].array;
    let mut writer = Writer::new(args.frame, array.len() * 8);
    let (limit, pad) = match args.ty {
        LogicalType::Binary(n) => (*n as usize, true),
        LogicalType::Varbinary(n) => (*n as usize, false),
        _ => (usize::MAX, false),
    };
    for row in 0..array.len() {
        if array.is_null(row) || !args.frame.is_active(row) {
            writer.end_null();
            continue;
        }
        let value = value(row);
        let value = &value[..value.len().min(limit)];
        writer.push(row, value)?;
        if pad {
            writer.room_for(row, limit - value.len())?;
            let full = writer.row_start() + limit;
            writer.out().resize(full, 0);
        }
        writer.end(row)?;
    }
    writer.finish_bytes()
}
