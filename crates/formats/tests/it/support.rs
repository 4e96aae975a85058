//! Records to decode, and rows as text to compare.

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types as arrow;
use arrow_schema::{DataType, TimeUnit};
use base::Offset;
use formats::Table;
use rows::decode::{BadRecord, Decoded, Header, RawRecord, RecordDecoder};
use rows::{Field, LogicalType, Schema};

/// A record with the parts that tests vary.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    pub key: Option<String>,
    pub value: Option<String>,
    pub headers: Vec<(String, String)>,
}

impl Record {
    pub(crate) fn value(value: impl Into<String>) -> Self {
        Self { value: Some(value.into()), ..Self::default() }
    }

    pub(crate) fn tombstone() -> Self {
        Self::default()
    }

    pub(crate) fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    pub(crate) fn header(mut self, key: &str, value: &str) -> Self {
        self.headers.push((key.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn decode_into(&self, decoder: &mut dyn RecordDecoder, offset: i64) -> Result<(), BadRecord> {
        let headers: Vec<_> =
            self.headers.iter().map(|(key, value)| Header { key, value: Some(value.as_bytes()) }).collect();
        decoder.decode(&RawRecord {
            offset: Offset(offset),
            timestamp: -1,
            key: self.key.as_deref().map(str::as_bytes),
            value: self.value.as_deref().map(str::as_bytes),
            headers: &headers,
        })
    }
}

/// One text per row: `+I[1, a, null, absent] @offset lsn=7 moved`.
pub(crate) fn lines(decoded: &Decoded) -> Vec<String> {
    (0..decoded.columns.num_rows())
        .map(|row| {
            let cells: Vec<_> = (0..decoded.columns.num_columns())
                .map(|column| {
                    if !decoded.absent.is_absent(column, row) {
                        return cell(decoded.columns.column(column), row);
                    }
                    assert!(decoded.columns.column(column).is_null(row), "an absent cell reads as NULL");
                    "absent".to_owned()
                })
                .collect();
            let kind = decoded.kinds.as_ref().map_or("+I", |kinds| kinds[row].short());
            let mut line = format!("{kind}[{}] @{}", cells.join(", "), decoded.offsets[row]);
            if let Some(Some(position)) = decoded.source_positions.get(row) {
                line.push_str(&format!(" lsn={position}"));
            }
            if decoded.from_key_update.as_ref().is_some_and(|bits| bits.value(row)) {
                line.push_str(" moved");
            }
            line
        })
        .collect()
}

/// A cell as its raw number or text.
pub(crate) fn cell(array: &dyn Array, row: usize) -> String {
    if array.is_null(row) {
        return "null".into();
    }
    match array.data_type() {
        DataType::Boolean => array.as_boolean().value(row).to_string(),
        DataType::Int8 => array.as_primitive::<arrow::Int8Type>().value(row).to_string(),
        DataType::Int16 => array.as_primitive::<arrow::Int16Type>().value(row).to_string(),
        DataType::Int32 => array.as_primitive::<arrow::Int32Type>().value(row).to_string(),
        DataType::Int64 => array.as_primitive::<arrow::Int64Type>().value(row).to_string(),
        DataType::Float32 => array.as_primitive::<arrow::Float32Type>().value(row).to_string(),
        DataType::Float64 => array.as_primitive::<arrow::Float64Type>().value(row).to_string(),
        DataType::Decimal128(..) => array.as_primitive::<arrow::Decimal128Type>().value(row).to_string(),
        DataType::Utf8 => array.as_string::<i32>().value(row).to_owned(),
        DataType::Binary => format!("{:?}", array.as_binary::<i32>().value(row)),
        DataType::Date32 => array.as_primitive::<arrow::Date32Type>().value(row).to_string(),
        DataType::Time64(_) => array.as_primitive::<arrow::Time64MicrosecondType>().value(row).to_string(),
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            array.as_primitive::<arrow::TimestampMicrosecondType>().value(row).to_string()
        }
        DataType::Timestamp(_, _) => array.as_primitive::<arrow::TimestampNanosecondType>().value(row).to_string(),
        other => panic!("no text for {other}"),
    }
}

/// A type as SQL writes it.
pub(crate) fn ty(text: &str) -> LogicalType {
    let (name, arguments) = text.trim_end_matches(')').split_once('(').unwrap_or((text, ""));
    let numbers: Vec<u32> = arguments.split(',').filter_map(|number| number.trim().parse().ok()).collect();
    let digits = |default: u8| numbers.first().map_or(default, |&number| number as u8);
    match name {
        "BOOLEAN" => LogicalType::Boolean,
        "TINYINT" => LogicalType::TinyInt,
        "SMALLINT" => LogicalType::SmallInt,
        "INT" => LogicalType::Int,
        "BIGINT" => LogicalType::BigInt,
        "FLOAT" => LogicalType::Float,
        "DOUBLE" => LogicalType::Double,
        "DECIMAL" => LogicalType::Decimal { precision: numbers[0] as u8, scale: numbers[1] as u8 },
        "STRING" => LogicalType::STRING,
        "CHAR" => LogicalType::Char(numbers[0]),
        "VARCHAR" => LogicalType::Varchar(numbers[0]),
        "BYTES" => LogicalType::BYTES,
        "DATE" => LogicalType::Date,
        "TIME" => LogicalType::Time(digits(0)),
        "TIMESTAMP" => LogicalType::Timestamp(digits(6)),
        "TIMESTAMP_LTZ" => LogicalType::TimestampLtz(digits(6)),
        other => panic!("type {other}"),
    }
}

/// A table of `name TYPE` columns, the first `keys` of which are the primary key.
pub(crate) fn table(columns: &str, keys: usize) -> Table {
    let fields: Vec<_> = columns
        .split(';')
        .enumerate()
        .map(|(index, column)| {
            let (name, kind) = column.trim().split_once(' ').unwrap();
            Field::new(name, ty(kind), index >= keys)
        })
        .collect();
    Table::new("t", Schema::new(fields).with_key((0..keys).collect()))
}

/// What becomes of `records`, one after the other at offsets 0, 1, …: the rows, and `!` with the reason for bad ones.
pub(crate) fn outcome(decoder: &mut dyn RecordDecoder, records: &[Record]) -> Vec<String> {
    let mut all = Vec::new();
    for (offset, record) in records.iter().enumerate() {
        if let Err(bad) = record.decode_into(decoder, offset as i64) {
            all.extend(lines(&decoder.finish().unwrap()));
            all.push(format!("!{}{bad}", if bad.fatal { "fatal: " } else { "" }));
        }
    }
    all.extend(lines(&decoder.finish().unwrap()));
    all
}

/// Decodes a record of any bytes.
pub(crate) fn decode_bytes(
    decoder: &mut dyn RecordDecoder,
    offset: i64,
    key: Option<&[u8]>,
    value: Option<&[u8]>,
) -> Result<(), BadRecord> {
    decoder.decode(&RawRecord { offset: Offset(offset), timestamp: -1, key, value, headers: &[] })
}
