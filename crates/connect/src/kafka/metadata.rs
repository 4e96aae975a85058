//! The metadata columns of Flink's Kafka connector.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, Int32Builder, Int64Builder, MapBuilder, MapFieldNames, StringBuilder};
use arrow_array::{ArrayRef, TimestampMicrosecondArray};
use kafka_wire::records::{BatchHeader, TimestampType};
use rows::{Header, LogicalType, PartitionId, RawRecord};

/// Key, type and nullability of each metadata column, as Flink documents them. A TIMESTAMP_LTZ(3) is held in microseconds.
pub(super) fn known() -> Vec<(&'static str, LogicalType, bool)> {
    let headers = LogicalType::Map(Box::new(LogicalType::STRING), Box::new(LogicalType::BYTES));
    vec![
        ("topic", LogicalType::STRING, false),
        ("partition", LogicalType::Int, false),
        ("offset", LogicalType::BigInt, false),
        ("timestamp", LogicalType::TimestampLtz(3), false),
        ("timestamp-type", LogicalType::STRING, false),
        ("leader-epoch", LogicalType::Int, true),
        ("headers", headers, false),
    ]
}

/// What the records of a batch have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct BatchFacts {
    timestamp_type: &'static str,
    /// `None` for a log without one.
    leader_epoch: Option<i32>,
}

impl BatchFacts {
    /// `None` is a batch whose header cannot be read.
    pub(super) fn of(header: Option<&BatchHeader>) -> Self {
        Self {
            // As Java's `TimestampType` prints itself.
            timestamp_type: match header.map(|header| header.attributes.timestamp_type()) {
                None => "NoTimestampType",
                Some(TimestampType::Create) => "CreateTime",
                Some(TimestampType::LogAppend) => "LogAppendTime",
            },
            leader_epoch: header.map(|header| header.partition_leader_epoch).filter(|epoch| *epoch >= 0),
        }
    }
}

/// Builders of the metadata columns that a query uses.
#[derive(Debug, Default)]
pub(super) struct MetadataColumns {
    columns: Vec<Column>,
    /// What the rows since [`Self::finish`] hold.
    bytes: usize,
}

/// Offsets and validity of a cell, and a number.
const CELL_BYTES: usize = 16;
/// The same for a header's key and value.
const HEADER_BYTES: usize = 2 * CELL_BYTES;
/// The longest name of a timestamp's kind.
const TIMESTAMP_TYPE_BYTES: usize = "NoTimestampType".len();

#[derive(Debug)]
enum Column {
    Topic(StringBuilder),
    Partition(Int32Builder),
    Offset(Int64Builder),
    Timestamp(Int64Builder),
    TimestampType(StringBuilder),
    LeaderEpoch(Int32Builder),
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
                "timestamp-type" => Column::TimestampType(StringBuilder::new()),
                "leader-epoch" => Column::LeaderEpoch(Int32Builder::new()),
                "headers" => Column::Headers(Box::new(headers_builder())),
                _ => return None,
            })
        };
        keys.map(column).collect::<Option<_>>().map(|columns| Self { columns, bytes: 0 })
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// What rows of `bytes` may take: vectors double, and growing copies one after the other.
    pub(super) fn floor(&self, bytes: usize) -> usize {
        if self.columns.is_empty() { 0 } else { 3 * bytes }
    }

    /// What one row of `record` will hold.
    pub(super) fn row_bytes(&self, partition: Option<&PartitionId>, record: &RawRecord<'_>) -> usize {
        self.columns.iter().map(|column| column.row_bytes(partition, record)).sum()
    }

    /// Appends what `record` says, `rows` times.
    pub(super) fn append(
        &mut self,
        partition: Option<&PartitionId>,
        batch: BatchFacts,
        record: &RawRecord<'_>,
        rows: usize,
    ) {
        self.bytes += rows * self.row_bytes(partition, record);
        for column in &mut self.columns {
            for _ in 0..rows {
                column.append(partition, batch, record);
            }
        }
    }

    pub(super) fn finish(&mut self) -> Vec<ArrayRef> {
        self.bytes = 0;
        self.columns.iter_mut().map(Column::finish).collect()
    }
}

impl Column {
    fn row_bytes(&self, partition: Option<&PartitionId>, record: &RawRecord<'_>) -> usize {
        CELL_BYTES
            + match self {
                Self::Topic(_) => partition.map_or(0, |partition| partition.topic.len()),
                Self::Partition(_) | Self::Offset(_) | Self::Timestamp(_) | Self::LeaderEpoch(_) => 0,
                Self::TimestampType(_) => TIMESTAMP_TYPE_BYTES,
                Self::Headers(_) => {
                    let of =
                        |header: &Header<'_>| HEADER_BYTES + header.key.len() + header.value.map_or(0, <[u8]>::len);
                    record.headers.iter().map(of).sum()
                }
            }
    }

    fn append(&mut self, partition: Option<&PartitionId>, batch: BatchFacts, record: &RawRecord<'_>) {
        match self {
            Self::Topic(builder) => builder.append_option(partition.map(|partition| &*partition.topic)),
            Self::Partition(builder) => builder.append_option(partition.map(|partition| partition.index.0)),
            Self::Offset(builder) => builder.append_value(record.offset.0),
            Self::Timestamp(builder) => builder.append_value(record.timestamp.saturating_mul(1_000)),
            Self::TimestampType(builder) => builder.append_value(batch.timestamp_type),
            Self::LeaderEpoch(builder) => builder.append_option(batch.leader_epoch),
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
            Self::TimestampType(builder) => Arc::new(builder.finish()),
            Self::LeaderEpoch(builder) => Arc::new(builder.finish()),
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
    let last: HashMap<&str, usize> = record.headers.iter().enumerate().map(|(at, header)| (header.key, at)).collect();
    for (index, header) in record.headers.iter().enumerate() {
        if last.get(header.key) == Some(&index) {
            builder.keys().append_value(header.key);
            builder.values().append_option(header.value);
        }
    }
    // Fails only for keys and values of different numbers.
    drop(builder.append(true));
}
