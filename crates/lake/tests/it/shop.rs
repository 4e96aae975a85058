//! A table with a column of every type, and rows for it.

use std::sync::Arc;

use arrow_array::builder::{FixedSizeBinaryBuilder, StringBuilder};
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int32Array,
    Int64Array, RecordBatch, Time64MicrosecondArray, TimestampMicrosecondArray, TimestampNanosecondArray,
};
use lake::metadata::Schema;
use rows::{Field, LogicalType};

/// The columns; nanoseconds need format version 3.
pub(crate) fn schema(format_version: u8) -> rows::Schema {
    let mut fields = vec![
        Field::new("id", LogicalType::BigInt, false),
        Field::new("tiny", LogicalType::TinyInt, true),
        Field::new("flag", LogicalType::Boolean, true),
        Field::new("f", LogicalType::Float, true),
        Field::new("d", LogicalType::Double, true),
        Field::new("price", LogicalType::Decimal { precision: 12, scale: 2 }, true),
        Field::new("huge", LogicalType::Decimal { precision: 38, scale: 10 }, true),
        Field::new("name", LogicalType::STRING, true),
        Field::new("raw", LogicalType::BYTES, true),
        Field::new("fix", LogicalType::Binary(4), true),
        Field::new("day", LogicalType::Date, true),
        Field::new("at", LogicalType::Time(6), true),
        Field::new("ts", LogicalType::Timestamp(6), true),
        Field::new("tz", LogicalType::TimestampLtz(3), true),
    ];
    if format_version >= 3 {
        fields.push(Field::new("ns", LogicalType::Timestamp(9), true));
    }
    rows::Schema::new(fields).with_key(vec![0])
}

/// Rows `ids`, with NULLs in every seventh; each cell follows from its id.
pub(crate) fn batch(table: &Schema, ids: impl Iterator<Item = i64> + Clone) -> RecordBatch {
    fn column<T>(ids: impl Iterator<Item = i64>, value: impl Fn(i64) -> T) -> impl Iterator<Item = Option<T>> {
        ids.map(move |id| (id % 7 != 3).then(|| value(id)))
    }
    let mut names = StringBuilder::new();
    column(ids.clone(), |id| format!("name \"{id}\", ä\nline")).for_each(|name| names.append_option(name));
    let mut fixed = FixedSizeBinaryBuilder::new(4);
    for value in column(ids.clone(), |id| (id as u32).to_be_bytes()) {
        match value {
            Some(value) => fixed.append_value(value).unwrap(),
            None => fixed.append_null(),
        }
    }
    let raw: Vec<Option<Vec<u8>>> = column(ids.clone(), |id| vec![id as u8; (id % 5) as usize]).collect();
    let decimal = |values: Vec<Option<i128>>, precision, scale| {
        Arc::new(Decimal128Array::from(values).with_precision_and_scale(precision, scale).unwrap()) as ArrayRef
    };
    let micros = |id: i64| 1_553_991_694_640_488 + id * 1_000_001;
    let mut columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values(ids.clone())),
        Arc::new(column(ids.clone(), |id| (id % 100) as i32).collect::<Int32Array>()),
        Arc::new(column(ids.clone(), |id| id % 2 == 0).collect::<BooleanArray>()),
        Arc::new(column(ids.clone(), |id| id as f32 / 4.0).collect::<Float32Array>()),
        Arc::new(column(ids.clone(), |id| id as f64 * 1e14).collect::<Float64Array>()),
        decimal(column(ids.clone(), |id| i128::from(id) * -101).collect(), 12, 2),
        decimal(column(ids.clone(), |id| i128::from(id) * 10_i128.pow(30)).collect(), 38, 10),
        Arc::new(names.finish()),
        Arc::new(BinaryArray::from_iter(raw)),
        Arc::new(fixed.finish()),
        Arc::new(column(ids.clone(), |id| (id - 500) as i32).collect::<Date32Array>()),
        Arc::new(column(ids.clone(), |id| id * 1_000_001).collect::<Time64MicrosecondArray>()),
        Arc::new(column(ids.clone(), micros).collect::<TimestampMicrosecondArray>()),
        Arc::new(column(ids.clone(), |id| micros(-id)).collect::<TimestampMicrosecondArray>().with_timezone("UTC")),
    ];
    if table.fields.len() > columns.len() {
        columns.push(Arc::new(column(ids, |id| micros(id) * 1000 + 7).collect::<TimestampNanosecondArray>()));
    }
    RecordBatch::try_new(table.arrow().unwrap(), columns).unwrap()
}
