//! The metadata columns of Flink's Kafka connector.

use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, Int32Builder, Int64Builder, MapBuilder, MapFieldNames, StringBuilder};
use arrow_array::{ArrayRef, TimestampMicrosecondArray};
use rows::{LogicalType, PartitionId, RawRecord};

/// Key, type and nullability of each metadata column, as Flink documents them. A TIMESTAMP_LTZ(3) is held in microseconds.
pub(super) fn known() -> Vec<(&'static str, LogicalType, bool)> {
    let headers = LogicalType::Map(Box::new(LogicalType::STRING), Box::new(LogicalType::BYTES));
    vec![
        ("topic", LogicalType::STRING, false),
        ("partition", LogicalType::Int, false),
        ("offset", LogicalType::BigInt, false),
        ("timestamp", LogicalType::TimestampLtz(3), false),
        ("headers", headers, false),
    ]
}

/// Builders of the metadata columns that a query uses.
#[derive(Debug, Default)]
pub(super) struct MetadataColumns {
    columns: Vec<Column>,
}

#[derive(Debug)]
enum Column {
    Topic(StringBuilder),
    Partition(Int32Builder),
    Offset(Int64Builder),
    Timestamp(Int64Builder),
    Headers(Box<MapBuilder<StringBuilder, BinaryBuilder>>),
}

impl MetadataColumns {
    /// Builders for these keys; `None` for a key that is not known.
    pub(super) fn new<'a>(keys: impl Iterator<Item = &'a str>) -> Option<Self> {
        let column = |key| {
            Some(match key {
                "topic" => Column::Topic(StringBuilder::new()),
                "partition" => Column::Partition(Int32Builder::new()),
                "offset" => Column::Offset(Int64Builder::new()),
                "timestamp" => Column::Timestamp(Int64Builder::new()),
                "headers" => Column::Headers(Box::new(headers_builder())),
                _ => return None,
            })
        };
        keys.map(column).collect::<Option<_>>().map(|columns| Self { columns })
    }

    /// Appends what `record` says, `rows` times.
    pub(super) fn append(&mut self, partition: Option<&PartitionId>, record: &RawRecord<'_>, rows: usize) {
        for column in &mut self.columns {
            for _ in 0..rows {
                column.append(partition, record);
            }
        }
    }

    pub(super) fn finish(&mut self) -> Vec<ArrayRef> {
        self.columns.iter_mut().map(Column::finish).collect()
    }
}

impl Column {
    fn append(&mut self, partition: Option<&PartitionId>, record: &RawRecord<'_>) {
        match self {
            Self::Topic(builder) => builder.append_option(partition.map(|partition| &*partition.topic)),
            Self::Partition(builder) => builder.append_option(partition.map(|partition| partition.index.0)),
            Self::Offset(builder) => builder.append_value(record.offset.0),
            Self::Timestamp(builder) => builder.append_value(record.timestamp.saturating_mul(1_000)),
            Self::Headers(builder) => append_headers(builder, record),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Topic(builder) => Arc::new(builder.finish()),
            Self::Partition(builder) => Arc::new(builder.finish()),
            Self::Offset(builder) => Arc::new(builder.finish()),
            Self::Timestamp(builder) => {
                let (_, values, nulls) = builder.finish().into_parts();
                Arc::new(TimestampMicrosecondArray::new(values, nulls).with_timezone("UTC"))
            }
            Self::Headers(builder) => Arc::new(builder.finish()),
        }
    }
}

fn headers_builder() -> MapBuilder<StringBuilder, BinaryBuilder> {
    let names = MapFieldNames { entry: "entries".into(), key: "key".into(), value: "value".into() };
    MapBuilder::new(Some(names), StringBuilder::new(), BinaryBuilder::new())
}

/// A map has each key once: the last header of a name counts, as in Flink.
fn append_headers(builder: &mut MapBuilder<StringBuilder, BinaryBuilder>, record: &RawRecord<'_>) {
    for (index, header) in record.headers.iter().enumerate() {
        if record.headers[index + 1..].iter().all(|later| later.key != header.key) {
            builder.keys().append_value(header.key);
            builder.values().append_option(header.value);
        }
    }
    // Fails only for keys and values of different numbers.
    drop(builder.append(true));
}
