//! New versions of a table's metadata: pure functions from one version to the next; the catalog publishes them.

use std::collections::BTreeMap;

use base::{ByteCount, Error, Result};
use serde_json::Map;

use super::partition::{LAST_PARTITION_ID_OF_NONE, PartitionSpec, SortOrder};
use super::schema::Schema;
use super::snapshot::{MAIN, MetadataLogEntry, Snapshot, SnapshotLogEntry, SnapshotRef};
use super::table::{FORMAT_VERSION_MAX, TableMetadata};

/// What a new table is made of. Its partition spec is empty and its sort order none.
#[derive(Clone, Debug)]
pub struct NewTable {
    /// The table's folder, absolute, as a path or a `file:` URI.
    pub location: String,
    /// 2 or 3.
    pub format_version: u8,
    pub schema: Schema,
    pub properties: BTreeMap<String, String>,
    pub table_uuid: String,
    pub now_ms: i64,
}

/// A new name for a snapshot, or a new place of an old name.
#[derive(Clone, Debug)]
pub struct RefChange {
    pub name: String,
    pub to: SnapshotRef,
}

impl TableMetadata {
    /// The first version of a table, without a snapshot.
    ///
    /// # Errors
    /// The version is not written, or the schema needs a newer one.
    pub fn create(table: NewTable) -> Result<Self> {
        if !(2..=FORMAT_VERSION_MAX).contains(&table.format_version) {
            return Err(Error::user(format!("'format-version' = '{}' cannot be written", table.format_version))
                .hint("write 2 or 3"));
        }
        if let Some(field) =
            table.schema.fields.iter().find(|field| needs_v3(field)).filter(|_| table.format_version < 3)
        {
            return Err(Error::user(format!(
                "column '{}' has the type {}, which needs 'format-version' = '3'",
                field.name, field.ty
            ))
            .hint("declare the table with 'format-version' = '3', or the column with a precision of at most 6"));
        }
        Ok(Self {
            format_version: table.format_version,
            table_uuid: table.table_uuid,
            location: table.location.trim_end_matches('/').to_owned(),
            last_sequence_number: 0,
            last_updated_ms: table.now_ms,
            last_column_id: table.schema.largest_id(),
            current_schema_id: table.schema.schema_id,
            schemas: vec![table.schema],
            partition_specs: vec![PartitionSpec::unpartitioned()],
            default_spec_id: 0,
            last_partition_id: LAST_PARTITION_ID_OF_NONE,
            sort_orders: vec![SortOrder::unsorted()],
            default_sort_order_id: 0,
            properties: table.properties,
            current_snapshot_id: None,
            snapshots: Vec::new(),
            snapshot_log: Vec::new(),
            metadata_log: Vec::new(),
            refs: BTreeMap::new(),
            next_row_id: (table.format_version >= 3).then_some(0),
            unknown: Map::new(),
        })
    }

    /// Refuses tables that Millstream can read but must not write.
    ///
    /// # Errors
    /// The table is partitioned, of version 1, or encrypted.
    pub fn check_writable(&self) -> Result<()> {
        let refused = |what: &str| {
            Err(Error::user(format!("the table at {} {what}, and Millstream cannot write such tables", self.location)))
        };
        if self.format_version < 2 {
            return refused("has the format version 1")
                .map_err(|error: Error| error.hint("upgrade it to version 2 or 3"));
        }
        if !self.default_spec().is_unpartitioned() {
            let names: Vec<&str> = self.default_spec().fields.iter().map(|field| field.name.as_str()).collect();
            return refused(&format!("is partitioned by {}", names.join(", ")));
        }
        if self.properties.contains_key("encryption.key-id") {
            return refused("is encrypted");
        }
        Ok(())
    }

    /// What [`Self::with_snapshot`] takes beside the new version while it makes it: lists that are moved to longer ones.
    pub fn growing_memory(&self) -> ByteCount {
        ByteCount::from(size_of_val(self.snapshots.as_slice()) + size_of_val(self.snapshot_log.as_slice()))
    }

    /// This version with `snapshot` as the head of `main`, and other refs moved in the same step.
    ///
    /// Where the clock went back since the last version, the snapshot gets that version's time: Java refuses tables whose
    /// logs run backwards.
    ///
    /// # Errors
    /// The snapshot does not follow from this version: its sequence number, first row id or parent is not the next one.
    pub fn with_snapshot(&self, mut snapshot: Snapshot, refs: Vec<RefChange>) -> Result<Self> {
        self.check_follows(&snapshot)?;
        let mut next = self.clone();
        snapshot.timestamp_ms = snapshot.timestamp_ms.max(self.last_updated_ms);
        next.last_sequence_number = snapshot.sequence_number;
        next.last_updated_ms = snapshot.timestamp_ms;
        next.next_row_id = self.next_row_id.map(|id| id + snapshot.added_rows.unwrap_or(0));
        next.current_snapshot_id = Some(snapshot.snapshot_id);
        let log = SnapshotLogEntry { snapshot_id: snapshot.snapshot_id, timestamp_ms: snapshot.timestamp_ms };
        // Vectors that double would take more than their version is paid with.
        next.snapshot_log.reserve_exact(1);
        next.snapshot_log.push(log);
        let main = next.refs.entry(MAIN.to_owned()).or_insert_with(|| SnapshotRef::branch(snapshot.snapshot_id));
        main.snapshot_id = snapshot.snapshot_id;
        next.snapshots.reserve_exact(1);
        next.snapshots.push(snapshot);
        for change in refs {
            if next.snapshot(change.to.snapshot_id).is_none() {
                return Err(Error::internal(format!(
                    "the ref '{}' would name a snapshot that is not there",
                    change.name
                )));
            }
            next.refs.insert(change.name, change.to);
        }
        Ok(next)
    }

    fn check_follows(&self, snapshot: &Snapshot) -> Result<()> {
        let wrong = |what: &str| Err(Error::internal(format!("snapshot {}: {what}", snapshot.snapshot_id)));
        if snapshot.sequence_number != self.last_sequence_number + 1 {
            return wrong("its sequence number is not the next one");
        }
        if snapshot.parent_snapshot_id != self.current_snapshot_id {
            return wrong("its parent is not the current snapshot");
        }
        if self.snapshot(snapshot.snapshot_id).is_some() {
            return wrong("its id is taken");
        }
        if snapshot.first_row_id != self.next_row_id {
            return wrong("its first row id is not the table's next one");
        }
        if snapshot.added_rows.is_some() != self.next_row_id.is_some()
            || snapshot.added_rows.is_some_and(|rows| rows < 0)
        {
            return wrong("it must say how many row ids it takes in v3, and only there");
        }
        Ok(())
    }

    /// Remembers the metadata file that this version replaces, and forgets the oldest beyond
    /// `write.metadata.previous-versions-max` (100). The forgotten files are returned, for whoever deletes them.
    ///
    /// # Errors
    /// The property is no number.
    pub fn log_previous(&mut self, metadata_file: &str, timestamp_ms: i64) -> Result<Vec<String>> {
        let keep = self.number_property("write.metadata.previous-versions-max", 100)?.max(1) as usize;
        self.metadata_log.push(MetadataLogEntry { metadata_file: metadata_file.to_owned(), timestamp_ms });
        let beyond = self.metadata_log.len().saturating_sub(keep);
        Ok(self.metadata_log.drain(..beyond).map(|entry| entry.metadata_file).collect())
    }
}

fn needs_v3(field: &super::types::NestedField) -> bool {
    use super::types::PrimitiveType::{TimestampNs, TimestamptzNs, Unsupported};
    matches!(field.ty.primitive(), Some(TimestampNs | TimestamptzNs | Unsupported(_)))
}

/// An id for a new snapshot: 63 random bits that no other snapshot has.
pub fn new_snapshot_id(metadata: &TableMetadata, rng: &mut base::Rng) -> i64 {
    loop {
        let id = (rng.next_u64() >> 1) as i64;
        if id != 0 && metadata.snapshot(id).is_none() {
            return id;
        }
    }
}
