//! The metadata of a table: what its `NNNNN-<uuid>.metadata.json` holds (spec, "Table Metadata").
//!
//! Fields that this version does not know are kept, at every level that other writers may extend.
//! Invariants of a value of [`TableMetadata`]: the current schema, the default spec and order, the current snapshot and
//! the snapshot of every ref exist.

use std::collections::{BTreeMap, HashSet};

use base::{Error, Result};
use serde_json::{Map, Value};

use super::partition::{PartitionSpec, SortOrder};
use super::schema::Schema;
use super::snapshot::{MetadataLogEntry, Snapshot, SnapshotLogEntry, SnapshotRef};

/// The newest version of table metadata that is read.
pub const FORMAT_VERSION_MAX: u8 = 3;

/// One version of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct TableMetadata {
    pub format_version: u8,
    /// `8-4-4-4-12` hex digits.
    pub table_uuid: String,
    /// The table's folder, as the catalog's warehouse was spelled.
    pub location: String,
    pub last_sequence_number: i64,
    pub last_updated_ms: i64,
    pub last_column_id: i32,
    pub schemas: Vec<Schema>,
    pub current_schema_id: i32,
    pub partition_specs: Vec<PartitionSpec>,
    pub default_spec_id: i32,
    pub last_partition_id: i32,
    pub sort_orders: Vec<SortOrder>,
    pub default_sort_order_id: i64,
    pub properties: BTreeMap<String, String>,
    /// `None` while the table is empty.
    pub current_snapshot_id: Option<i64>,
    /// In the order in which they were added.
    pub snapshots: Vec<Snapshot>,
    pub snapshot_log: Vec<SnapshotLogEntry>,
    pub metadata_log: Vec<MetadataLogEntry>,
    pub refs: BTreeMap<String, SnapshotRef>,
    /// The row id that the next added row gets; `Some` exactly in v3.
    pub next_row_id: Option<i64>,
    /// What this version does not know or only keeps: `statistics`, `partition-statistics`, `encryption-keys`, ….
    pub unknown: Map<String, Value>,
}

pub(super) fn damaged(what: impl std::fmt::Display) -> Error {
    Error::external(format!("the table metadata is damaged: {what}"))
}

impl TableMetadata {
    /// The invariants of the header.
    pub(super) fn check(&self) -> Result<()> {
        if !self.schemas.iter().any(|schema| schema.schema_id == self.current_schema_id) {
            return Err(damaged(format!("its current schema {} is missing", self.current_schema_id)));
        }
        if !self.partition_specs.iter().any(|spec| spec.spec_id == self.default_spec_id) {
            return Err(damaged(format!("its default partition spec {} is missing", self.default_spec_id)));
        }
        let ids: HashSet<i64> = self.snapshots.iter().map(|snapshot| snapshot.snapshot_id).collect();
        if ids.len() != self.snapshots.len() {
            return Err(damaged("two snapshots share an id"));
        }
        if let Some(current) = self.current_snapshot_id.filter(|id| !ids.contains(id)) {
            return Err(damaged(format!("its current snapshot {current} is missing")));
        }
        match self.refs.iter().find(|(_, named)| !ids.contains(&named.snapshot_id)) {
            Some((name, named)) => Err(damaged(format!("the snapshot {} of '{name}' is missing", named.snapshot_id))),
            None => Ok(()),
        }
    }

    /// The columns that a new snapshot has.
    pub fn current_schema(&self) -> &Schema {
        let current = self.schemas.iter().find(|schema| schema.schema_id == self.current_schema_id);
        current.unwrap_or(&self.schemas[0])
    }

    pub fn schema(&self, id: i32) -> Option<&Schema> {
        self.schemas.iter().find(|schema| schema.schema_id == id)
    }

    pub fn default_spec(&self) -> &PartitionSpec {
        let default = self.partition_specs.iter().find(|spec| spec.spec_id == self.default_spec_id);
        default.unwrap_or(&self.partition_specs[0])
    }

    /// What `main` shows; `None` while the table is empty.
    pub fn current_snapshot(&self) -> Option<&Snapshot> {
        self.snapshot(self.current_snapshot_id?)
    }

    pub fn snapshot(&self, id: i64) -> Option<&Snapshot> {
        self.snapshots.iter().find(|snapshot| snapshot.snapshot_id == id)
    }

    /// The snapshot that a branch or tag names.
    pub fn snapshot_named(&self, name: &str) -> Option<&Snapshot> {
        self.snapshot(self.refs.get(name)?.snapshot_id)
    }

    /// The snapshot `from` and its ancestors, newest first, as far as they have not expired. Ends on damaged chains too:
    /// no snapshot comes twice.
    pub fn ancestors(&self, from: Option<i64>) -> impl Iterator<Item = &Snapshot> {
        let mut seen = HashSet::new();
        let mut next = from;
        std::iter::from_fn(move || {
            let snapshot = self.snapshot(next?)?;
            next = snapshot.parent_snapshot_id;
            seen.insert(snapshot.snapshot_id).then_some(snapshot)
        })
    }

    /// A whole number among the table's properties; `default` where it is missing.
    ///
    /// # Errors
    /// The property is no whole number.
    pub fn number_property(&self, name: &str, default: i64) -> Result<i64> {
        let Some(text) = self.properties.get(name) else { return Ok(default) };
        text.trim().parse().map_err(|_| Error::user(format!("the table's property '{name}' is '{text}', not a number")))
    }
}
