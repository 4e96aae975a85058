//! Rows as Flink's `print` connector shows them: `+I[1, abc, null, 12.30, 2024-01-01T00:00:00.123456]`.
//!
//! Each value is what Java's `toString` makes of it: timestamps without seconds where there are none, bytes as signed
//! numbers, decimals with an exponent where they are tiny. Flink has no absent cells; they show as `<absent>`.

use arrow_array::Array;
use base::Error;
use rows::Batch;

use crate::cell::{Cell, cell};
use crate::java::{self, TimeStyle};

/// Appends row `row` of `batch` to `out`, without a line end. After an error `out` holds nothing more than before.
pub fn print(batch: &Batch, row: usize, out: &mut String) -> Result<(), Error> {
    let before = out.len();
    out.push_str(batch.kind(row).short());
    out.push('[');
    for (index, column) in batch.columns.columns().iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        if batch.absent.is_absent(index, row) {
            out.push_str("<absent>");
        } else if let Err(error) = value(column, row, out) {
            out.truncate(before);
            return Err(error);
        }
    }
    out.push(']');
    Ok(())
}

/// Appends one value.
pub fn value(array: &dyn Array, row: usize, out: &mut String) -> Result<(), Error> {
    match cell(array, row)? {
        Cell::Null => out.push_str("null"),
        Cell::Boolean(value) => out.push_str(if value { "true" } else { "false" }),
        Cell::Integer(value) => out.push_str(&value.to_string()),
        Cell::Float(value) => java::float(value, out),
        Cell::Double(value) => java::double(value, out),
        Cell::Decimal { unscaled, scale } => java::decimal(unscaled, scale, out),
        Cell::Text(text) => out.push_str(text),
        Cell::Binary(bytes) => {
            let numbers = bytes.iter().map(|&byte| byte as i8);
            joined(numbers, ('[', ']'), out, |number, out| {
                out.push_str(&number.to_string());
                Ok(())
            })?;
        }
        Cell::Date(days) => java::local_date(days, out),
        Cell::Time(seconds, nanos) => java::local_time(seconds, nanos, TimeStyle::Shortest, out),
        Cell::Timestamp { seconds, nanos, zoned: false } => {
            java::timestamp(seconds, nanos, 'T', TimeStyle::Shortest, out);
        }
        Cell::Timestamp { seconds, nanos, zoned: true } => {
            java::timestamp(seconds, nanos, 'T', TimeStyle::Seconds, out);
            out.push('Z');
        }
        Cell::List(items) => joined(0..items.len(), ('[', ']'), out, |item, out| value(&items, item, out))?,
        Cell::Map(keys, values) => joined(0..keys.len(), ('{', '}'), out, |entry, out| {
            value(&keys, entry, out)?;
            out.push('=');
            value(&values, entry, out)
        })?,
    }
    Ok(())
}

/// Writes items between brackets, with commas.
fn joined<T>(
    items: impl Iterator<Item = T>,
    (open, close): (char, char),
    out: &mut String,
    mut write: impl FnMut(T, &mut String) -> Result<(), Error>,
) -> Result<(), Error> {
    out.push(open);
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        write(item, out)?;
    }
    out.push(close);
    Ok(())
}
