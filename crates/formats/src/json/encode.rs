//! Rows as JSON objects, in the forms of Flink's `json` format.
//!
//! Decimals are written as short as they can be (`12.3`, `1E+2`) unless `json.encode.decimal-as-plain-number` is set;
//! NaN and the infinities as strings; bytes as base64; characters beyond the first plane as two escapes, as Jackson
//! does. The row kind is not written: the format is for append streams. An absent cell is refused, since a reader could
//! not tell it from NULL.

use arrow_array::Array;
use base::Error;
use rows::{Batch, RecordEncoder, RowKind};

use super::options::{JsonOptions, NullKeys};
use crate::cell::{Cell, cell};
use crate::convert::{Alphabet, encode_base64, quote};
use crate::java::{self, TimeStyle};
use crate::options::TimestampFormat;

/// Builds an encoder.
pub fn encoder(options: JsonOptions) -> JsonEncoder {
    JsonEncoder { options, text: String::new() }
}

/// See [`encoder`].
#[derive(Debug)]
pub struct JsonEncoder {
    options: JsonOptions,
    /// The number or time being written.
    text: String,
}

impl RecordEncoder for JsonEncoder {
    fn encode(&mut self, batch: &Batch, row: usize, out: &mut Vec<u8>) -> Result<(), Error> {
        let before = out.len();
        let written = self.object(batch, row, out);
        if written.is_err() {
            out.truncate(before);
        }
        written
    }
}

impl JsonEncoder {
    fn object(&mut self, batch: &Batch, row: usize, out: &mut Vec<u8>) -> Result<(), Error> {
        if batch.kind(row) != RowKind::Insert {
            return Err(Error::user(format!(
                "format 'json' writes inserts only; this row is a {}",
                batch.kind(row).short()
            ))
            .hint("write the changes of a table with a sink that takes updates"));
        }
        out.push(b'{');
        let mut separator: &[u8] = b"";
        for (index, (field, column)) in
            batch.columns.schema_ref().fields().iter().zip(batch.columns.columns()).enumerate()
        {
            if batch.absent.is_absent(index, row) {
                return Err(Error::user(format!("column \"{}\" is absent: the change did not carry it", field.name())));
            }
            if self.options.ignore_null_fields && column.is_null(row) {
                continue;
            }
            out.extend_from_slice(separator);
            separator = b",";
            quote_surrogates(field.name(), out);
            out.push(b':');
            self.value(column, row, out)?;
        }
        out.push(b'}');
        Ok(())
    }

    fn value(&mut self, array: &dyn Array, row: usize, out: &mut Vec<u8>) -> Result<(), Error> {
        let text = &mut self.text;
        text.clear();
        let mut quoted = false;
        match cell(array, row)? {
            Cell::Null => text.push_str("null"),
            Cell::Boolean(value) => text.push_str(if value { "true" } else { "false" }),
            Cell::Integer(value) => text.push_str(&value.to_string()),
            Cell::Float(value) => {
                quoted = !value.is_finite();
                java::float(value, text);
            }
            Cell::Double(value) => {
                quoted = !value.is_finite();
                java::double(value, text);
            }
            Cell::Decimal { unscaled, scale } if self.options.decimal_as_plain_number => {
                java::decimal_plain(unscaled, scale, text);
            }
            Cell::Decimal { unscaled, scale } => java::decimal_stripped(unscaled, scale, text),
            Cell::Text(value) => {
                quote_surrogates(value, out);
                return Ok(());
            }
            Cell::Binary(bytes) => {
                out.push(b'"');
                encode_base64(bytes, Alphabet::Standard, out);
                out.push(b'"');
                return Ok(());
            }
            Cell::Date(days) => {
                quoted = true;
                java::local_date(days, text);
            }
            // Flink writes whole seconds only.
            Cell::Time(seconds, _) => {
                quoted = true;
                java::local_time(seconds, 0, TimeStyle::Stripped, text);
            }
            Cell::Timestamp { seconds, nanos, zoned } => {
                quoted = true;
                let separator = if self.options.timestamp_format == TimestampFormat::Sql { ' ' } else { 'T' };
                java::timestamp(seconds, nanos, separator, TimeStyle::Stripped, text);
                if zoned {
                    text.push('Z');
                }
            }
            Cell::List(items) => return self.list(&items, out),
            Cell::Map(keys, values) => return self.map(&keys, &values, out),
        }
        if quoted {
            out.push(b'"');
        }
        out.extend_from_slice(text.as_bytes());
        if quoted {
            out.push(b'"');
        }
        Ok(())
    }

    fn list(&mut self, items: &dyn Array, out: &mut Vec<u8>) -> Result<(), Error> {
        out.push(b'[');
        for item in 0..items.len() {
            if item > 0 {
                out.push(b',');
            }
            self.value(items, item, out)?;
        }
        out.push(b']');
        Ok(())
    }

    fn map(&mut self, keys: &dyn Array, values: &dyn Array, out: &mut Vec<u8>) -> Result<(), Error> {
        out.push(b'{');
        let mut separator: &[u8] = b"";
        for entry in 0..keys.len() {
            let key = match (cell(keys, entry)?, &self.options.null_keys) {
                (Cell::Text(key), _) => key,
                (Cell::Null, NullKeys::Drop) => continue,
                (Cell::Null, NullKeys::Literal) => &self.options.null_key_literal,
                (Cell::Null, NullKeys::Fail) => {
                    return Err(Error::user("a map has a NULL key, which JSON cannot have")
                        .hint("set 'json.map-null-key.mode' to 'DROP' or 'LITERAL'"));
                }
                _ => return Err(Error::user("JSON can write maps with keys of type STRING only")),
            };
            out.extend_from_slice(separator);
            separator = b",";
            quote_surrogates(key, out);
            out.push(b':');
            self.value(values, entry, out)?;
        }
        out.push(b'}');
        Ok(())
    }
}

/// Appends `text` as a JSON string, characters beyond the first plane as a pair of escapes.
fn quote_surrogates(text: &str, out: &mut Vec<u8>) {
    // Only they have a first byte this high.
    if text.bytes().all(|byte| byte < 0xf0) {
        return quote(text.as_bytes(), out);
    }
    let mut plain = Vec::new();
    quote(text.as_bytes(), &mut plain);
    for character in String::from_utf8_lossy(&plain).chars() {
        let mut units = [0; 2];
        if character.len_utf16() == 2 {
            for unit in character.encode_utf16(&mut units) {
                out.extend_from_slice(format!("\\u{unit:04X}").as_bytes());
            }
        } else {
            out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}
