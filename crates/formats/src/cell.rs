//! A cell of a finished batch, as encoders see it: one enum for all the Arrow layouts of `rows::types`.

use arrow_array::cast::AsArray;
use arrow_array::types as arrow;
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, TimeUnit};
use base::Error;

use crate::java::split;

#[derive(Clone, Debug)]
pub(crate) enum Cell<'a> {
    Null,
    Boolean(bool),
    Integer(i64),
    Float(f32),
    Double(f64),
    Decimal {
        unscaled: i128,
        scale: u8,
    },
    Text(&'a str),
    Binary(&'a [u8]),
    /// Days since 1970.
    Date(i64),
    /// Seconds since midnight and nanoseconds.
    Time(i64, i64),
    /// Seconds since 1970 and nanoseconds; whether it is a moment (TIMESTAMP_LTZ).
    Timestamp {
        seconds: i64,
        nanos: i64,
        zoned: bool,
    },
    List(ArrayRef),
    /// Keys and values.
    Map(ArrayRef, ArrayRef),
}

/// The cell of `array` at `row`, which must exist.
pub(crate) fn cell(array: &dyn Array, row: usize) -> Result<Cell<'_>, Error> {
    if array.is_null(row) {
        return Ok(Cell::Null);
    }
    Ok(match array.data_type() {
        DataType::Null => Cell::Null,
        DataType::Boolean => Cell::Boolean(array.as_boolean().value(row)),
        DataType::Int8 => Cell::Integer(array.as_primitive::<arrow::Int8Type>().value(row).into()),
        DataType::Int16 => Cell::Integer(array.as_primitive::<arrow::Int16Type>().value(row).into()),
        DataType::Int32 => Cell::Integer(array.as_primitive::<arrow::Int32Type>().value(row).into()),
        DataType::Int64 => Cell::Integer(array.as_primitive::<arrow::Int64Type>().value(row)),
        DataType::Float32 => Cell::Float(array.as_primitive::<arrow::Float32Type>().value(row)),
        DataType::Float64 => Cell::Double(array.as_primitive::<arrow::Float64Type>().value(row)),
        DataType::Decimal128(_, scale) => Cell::Decimal {
            unscaled: array.as_primitive::<arrow::Decimal128Type>().value(row),
            scale: u8::try_from(*scale).unwrap_or(0),
        },
        DataType::Utf8 => Cell::Text(array.as_string::<i32>().value(row)),
        DataType::Binary => Cell::Binary(array.as_binary::<i32>().value(row)),
        DataType::Date32 => Cell::Date(array.as_primitive::<arrow::Date32Type>().value(row).into()),
        DataType::Time64(TimeUnit::Microsecond) => {
            let (seconds, nanos) = split(array.as_primitive::<arrow::Time64MicrosecondType>().value(row), 1_000_000);
            Cell::Time(seconds, nanos)
        }
        DataType::Timestamp(unit, zone) => {
            let (seconds, nanos) = match unit {
                TimeUnit::Nanosecond => {
                    split(array.as_primitive::<arrow::TimestampNanosecondType>().value(row), 1_000_000_000)
                }
                TimeUnit::Microsecond => {
                    split(array.as_primitive::<arrow::TimestampMicrosecondType>().value(row), 1_000_000)
                }
                _ => return Err(no_form(array)),
            };
            Cell::Timestamp { seconds, nanos, zoned: zone.is_some() }
        }
        DataType::List(_) => Cell::List(array.as_list::<i32>().value(row)),
        DataType::Map(..) => {
            let entries = array.as_map().value(row);
            Cell::Map(entries.column(0).clone(), entries.column(1).clone())
        }
        _ => return Err(no_form(array)),
    })
}

#[cold]
fn no_form(array: &dyn Array) -> Error {
    Error::internal(format!("a column of Arrow type {} has no text form", array.data_type()))
}
