//! The JSON document of a table's metadata. Versions 1 to 3 are read, 2 and 3 written; version 1 spells schema and spec in
//! two ways, and reading settles on the new one.

use std::collections::BTreeMap;

use base::{ByteCount, Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::partition::{LAST_PARTITION_ID_OF_NONE, PartitionField, PartitionSpec, SortOrder};
use super::schema::Schema;
use super::snapshot::{MAIN, MetadataLogEntry, Snapshot, SnapshotLogEntry, SnapshotRef};
use super::table::{FORMAT_VERSION_MAX, TableMetadata, damaged};

impl TableMetadata {
    /// Reads a metadata document. The caller has reserved memory for it ([`Self::parsing_memory_of`]).
    ///
    /// # Errors
    /// It is no table metadata, of a newer version, or names what it does not hold.
    pub fn parse(json: &[u8]) -> Result<Self> {
        let version: VersionOnly = serde_json::from_slice(json).map_err(damaged)?;
        if !(1..=u64::from(FORMAT_VERSION_MAX)).contains(&version.format_version) {
            return Err(Error::user(format!("the table has the format version {}", version.format_version))
                .detail(format!("Millstream reads the versions 1 to {FORMAT_VERSION_MAX}"))
                .hint("use a newer Millstream"));
        }
        let document: Document = serde_json::from_slice(json).map_err(damaged)?;
        let metadata = Self::from_document(document)?;
        metadata.check()?;
        Ok(metadata)
    }

    /// The memory of a parsed document of `json_len` bytes: names and values become strings and tree nodes of their own.
    /// Measured: 2.9 to 3.9 bytes per byte, of schemas or of snapshots.
    pub fn memory_of(json_len: usize) -> ByteCount {
        ByteCount(json_len as u64 * 4 + 4096)
    }

    /// The memory that [`Self::parse`] takes at most while it runs, its result included. Measured: up to 5.5.
    pub fn parsing_memory_of(json_len: usize) -> ByteCount {
        ByteCount(json_len as u64 * 6 + 4096)
    }

    /// The length of [`Self::to_json`], so that its memory can be reserved before.
    ///
    /// # Errors
    /// As [`Self::to_json`].
    pub fn json_len(&self) -> Result<usize> {
        let mut length = Length(0);
        self.write_json(&mut length)?;
        Ok(length.0)
    }

    /// The document, as it is written to `metadata.json`.
    ///
    /// # Errors
    /// The table is of a version that is not written.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        let mut json = Vec::with_capacity(self.json_len()?);
        self.write_json(&mut json)?;
        Ok(json)
    }

    fn write_json(&self, out: impl std::io::Write) -> Result<()> {
        if self.format_version < 2 {
            return Err(Error::user("the table has the format version 1, which Millstream does not write")
                .hint("upgrade the table to version 2 or 3 with the tool that made it"));
        }
        serde_json::to_writer(out, &self.document())
            .map_err(|error| Error::internal("table metadata does not serialise").caused_by(error))
    }

    fn from_document(document: Document) -> Result<Self> {
        let version = document.format_version;
        let mut schemas = document.schemas;
        if schemas.is_empty() {
            schemas.extend(document.schema);
        }
        let first_schema = schemas.first().ok_or_else(|| damaged("it has no schema"))?;
        let current_schema_id = document.current_schema_id.unwrap_or(first_schema.schema_id);
        let mut partition_specs = document.partition_specs;
        if partition_specs.is_empty() {
            let fields = document.partition_spec.unwrap_or_default();
            partition_specs.push(PartitionSpec { fields, ..PartitionSpec::unpartitioned() });
        }
        let mut sort_orders = document.sort_orders;
        if sort_orders.is_empty() {
            sort_orders.push(SortOrder::unsorted());
        }
        let current_snapshot_id = document.current_snapshot_id.filter(|id| *id != -1);
        let mut refs = document.refs.unwrap_or_default();
        if let Some(current) = current_snapshot_id {
            refs.entry(MAIN.to_owned()).or_insert_with(|| SnapshotRef::branch(current));
        }
        Ok(Self {
            format_version: version,
            table_uuid: document.table_uuid.unwrap_or_default(),
            location: document.location,
            last_sequence_number: document.last_sequence_number,
            last_updated_ms: document.last_updated_ms,
            last_column_id: document.last_column_id,
            current_schema_id,
            default_spec_id: document.default_spec_id.unwrap_or(partition_specs[0].spec_id),
            last_partition_id: document.last_partition_id.unwrap_or(LAST_PARTITION_ID_OF_NONE),
            default_sort_order_id: document.default_sort_order_id.unwrap_or(sort_orders[0].order_id),
            schemas,
            partition_specs,
            sort_orders,
            properties: document.properties.unwrap_or_default(),
            current_snapshot_id,
            snapshots: document.snapshots.unwrap_or_default(),
            snapshot_log: document.snapshot_log.unwrap_or_default(),
            metadata_log: document.metadata_log.unwrap_or_default(),
            refs,
            next_row_id: (version >= 3).then(|| document.next_row_id.unwrap_or(0)),
            unknown: document.unknown,
        })
    }

    fn document(&self) -> WrittenDocument<'_> {
        WrittenDocument {
            format_version: self.format_version,
            table_uuid: &self.table_uuid,
            location: &self.location,
            last_sequence_number: self.last_sequence_number,
            last_updated_ms: self.last_updated_ms,
            last_column_id: self.last_column_id,
            current_schema_id: self.current_schema_id,
            schemas: &self.schemas,
            default_spec_id: self.default_spec_id,
            partition_specs: &self.partition_specs,
            last_partition_id: self.last_partition_id,
            default_sort_order_id: self.default_sort_order_id,
            sort_orders: &self.sort_orders,
            properties: &self.properties,
            current_snapshot_id: self.current_snapshot_id,
            next_row_id: self.next_row_id,
            refs: &self.refs,
            snapshots: &self.snapshots,
            snapshot_log: &self.snapshot_log,
            metadata_log: &self.metadata_log,
            unknown: &self.unknown,
        }
    }
}

/// The JSON document as it is read, of any version.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Document {
    format_version: u8,
    table_uuid: Option<String>,
    location: String,
    #[serde(default)]
    last_sequence_number: i64,
    last_updated_ms: i64,
    last_column_id: i32,
    current_schema_id: Option<i32>,
    #[serde(default)]
    schemas: Vec<Schema>,
    /// v1.
    schema: Option<Schema>,
    default_spec_id: Option<i32>,
    #[serde(default)]
    partition_specs: Vec<PartitionSpec>,
    /// v1.
    partition_spec: Option<Vec<PartitionField>>,
    last_partition_id: Option<i32>,
    default_sort_order_id: Option<i64>,
    #[serde(default)]
    sort_orders: Vec<SortOrder>,
    properties: Option<BTreeMap<String, String>>,
    current_snapshot_id: Option<i64>,
    next_row_id: Option<i64>,
    refs: Option<BTreeMap<String, SnapshotRef>>,
    snapshots: Option<Vec<Snapshot>>,
    snapshot_log: Option<Vec<SnapshotLogEntry>>,
    metadata_log: Option<Vec<MetadataLogEntry>>,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

/// The JSON document as it is written. It borrows: metadata of some MiB is not copied for it.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct WrittenDocument<'a> {
    format_version: u8,
    table_uuid: &'a str,
    location: &'a str,
    last_sequence_number: i64,
    last_updated_ms: i64,
    last_column_id: i32,
    current_schema_id: i32,
    schemas: &'a [Schema],
    default_spec_id: i32,
    partition_specs: &'a [PartitionSpec],
    last_partition_id: i32,
    default_sort_order_id: i64,
    sort_orders: &'a [SortOrder],
    properties: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    current_snapshot_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_row_id: Option<i64>,
    refs: &'a BTreeMap<String, SnapshotRef>,
    snapshots: &'a [Snapshot],
    snapshot_log: &'a [SnapshotLogEntry],
    metadata_log: &'a [MetadataLogEntry],
    #[serde(flatten)]
    unknown: &'a Map<String, Value>,
}

/// Counts what is written to it.
struct Length(usize);

impl std::io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct VersionOnly {
    format_version: u64,
}
