//! The format `json`: a record's value is an object, or an array of objects, whose members are the columns by name.
//!
//! Values are read as Flink's `json` format reads them: numbers from text, booleans by Java's `parseBoolean`, decimals
//! rounded half up and NULL where they do not fit, timestamps in SQL or ISO form, bytes from base64, objects and arrays
//! into STRING as their text. A member that is missing or null is NULL; one that no column has is passed over (counted,
//! and named once). Records without a value, or with an empty one, give no row.
//!
//! Stricter than Flink on purpose: after the value nothing but whitespace may follow, and an array is no BOOLEAN.

mod options;

mod encode;

use base::{ByteCount, Error, Offset};
use rows::decode::{BadRecord, Decoded, Notice, RawRecord, RecordDecoder};
use rows::{AbsentMask, Schema};

pub use encode::{JsonEncoder, encoder};
pub use options::{JsonOptions, NullKeys, OPTIONS};

use crate::convert::{Conversion, TextForm, flink};
use crate::options::{Limits, RECORD_BYTES_MAX, Table, TimestampFormat};
use crate::problem::{Problem, Unparsable, bad};
use crate::row::{Part, Reading, Rows};
use crate::scan::Scanner;

/// Builds a decoder for `table`.
pub fn decoder(table: &Table, options: JsonOptions, limits: Limits) -> Result<JsonDecoder, Error> {
    if options.fail_on_missing_field && options.ignore_parse_errors {
        return Err(Error::user("'json.fail-on-missing-field' and 'json.ignore-parse-errors' cannot both be true"));
    }
    let rows = Rows::new(table, limits, false)?;
    let text = match options.timestamp_format {
        TimestampFormat::Sql => TextForm::Sql,
        TimestampFormat::Iso8601 => TextForm::Iso,
    };
    let conversions: Option<Vec<_>> = rows.fields().iter().map(|field| flink(&field.ty, text)).collect();
    let conversions = conversions.ok_or_else(|| Error::internal("a column has no JSON form"))?;
    let bytes_max = limits.bytes_max;
    Ok(JsonDecoder { rows, conversions, options, bytes_max, offsets: Vec::new(), unparsable: Unparsable::default() })
}

/// See [`decoder`].
#[derive(Debug)]
pub struct JsonDecoder {
    rows: Rows,
    conversions: Vec<Conversion>,
    options: JsonOptions,
    bytes_max: ByteCount,
    offsets: Vec<Offset>,
    unparsable: Unparsable,
}

impl JsonDecoder {
    /// The columns of its rows.
    pub fn schema(&self) -> Schema {
        Schema::new(self.rows.fields().to_vec())
    }

    fn read(&mut self, value: &[u8]) -> Result<(), Problem> {
        let reading = Reading {
            conversions: &self.conversions,
            placeholder: None,
            lenient: self.options.ignore_parse_errors,
            fail_on_missing: self.options.fail_on_missing_field,
        };
        let mut scanner = Scanner::new(value);
        if scanner.peek() == b'[' {
            scanner.open_array()?;
            let mut first = true;
            while scanner.next_item(&mut first)? {
                self.rows.read(&mut scanner, Part::Row, reading)?;
                if self.rows.bytes() > self.bytes_max.as_usize().saturating_mul(2).saturating_add(value.len()) {
                    return Err(Problem::reason("the array's rows take more memory than a batch may")
                        .hint("write one object per record"));
                }
            }
        } else {
            self.rows.read(&mut scanner, Part::Row, reading)?;
        }
        Ok(scanner.end()?)
    }
}

impl RecordDecoder for JsonDecoder {
    fn floor(&self, record_max: ByteCount) -> ByteCount {
        // The rows of one array, which may be wider than their JSON: see `read`.
        self.rows.floor(record_max) + self.bytes_max + self.bytes_max
    }

    fn learned(&self) -> ByteCount {
        ByteCount::from(self.rows.learned())
    }

    fn learned_max(&self) -> ByteCount {
        ByteCount::from(Rows::LEARNED_MAX)
    }

    fn decode(&mut self, record: &RawRecord<'_>) -> Result<(), BadRecord> {
        let Some(value) = record.value.filter(|value| !value.is_empty()) else { return Ok(()) };
        let read = if value.len() > RECORD_BYTES_MAX {
            Err(bad(format!("the record has {} bytes; at most {RECORD_BYTES_MAX} can be decoded", value.len())))
        } else {
            self.read(value).map_err(|problem| self.rows.explain(problem, "the value", value))
        };
        match read {
            Ok(()) => self.offsets.resize(self.rows.len(), record.offset),
            Err(reason) => {
                self.rows.truncate(self.offsets.len());
                if !self.options.ignore_parse_errors {
                    return Err(reason);
                }
                self.unparsable.add(reason);
            }
        }
        Ok(())
    }

    fn rows(&self) -> usize {
        self.offsets.len()
    }

    fn is_full(&self) -> bool {
        self.rows.is_full()
    }

    fn finish(&mut self) -> Result<Decoded, Error> {
        let (columns, absent) = self.rows.finish()?;
        Ok(Decoded {
            columns,
            kinds: None,
            absent: AbsentMask::new(absent),
            offsets: std::mem::take(&mut self.offsets),
            source_positions: Vec::new(),
            from_key_update: None,
        })
    }

    fn notices(&mut self) -> Vec<Notice> {
        let mut notices = self.rows.unknown_fields();
        notices.extend(self.unparsable.notice(self.rows.table(), "json.ignore-parse-errors"));
        notices
    }
}
