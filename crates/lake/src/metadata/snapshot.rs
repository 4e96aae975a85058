//! Snapshots, the refs that name them, and the logs of what was current when.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The branch that readers read unless told otherwise.
pub const MAIN: &str = "main";

/// The state of a table after one commit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Snapshot {
    pub snapshot_id: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_snapshot_id: Option<i64>,
    /// 0 in v1 tables.
    #[serde(default)]
    pub sequence_number: i64,
    pub timestamp_ms: i64,
    /// `None` only in old v1 tables, which list manifests in the snapshot itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest_list: Option<String>,
    /// `operation` and whatever the writer added.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub summary: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema_id: Option<i32>,
    /// The id of the first row that this snapshot added; v3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_row_id: Option<i64>,
    /// By how many ids this snapshot moved `next-row-id`; v3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub added_rows: Option<i64>,
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}

/// What a snapshot did, as its summary says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Only added data files.
    Append,
    /// Rewrote files without changing rows.
    Replace,
    /// Added and removed rows.
    Overwrite,
    /// Only removed rows.
    Delete,
}

impl Operation {
    /// As the summary spells it.
    pub fn text(self) -> &'static str {
        match self {
            Self::Append => "append",
            Self::Replace => "replace",
            Self::Overwrite => "overwrite",
            Self::Delete => "delete",
        }
    }
}

impl Snapshot {
    /// What the snapshot did; `None` where the summary lacks it or says something new.
    pub fn operation(&self) -> Option<Operation> {
        let text = self.summary.get("operation")?;
        [Operation::Append, Operation::Replace, Operation::Overwrite, Operation::Delete]
            .into_iter()
            .find(|operation| operation.text() == text)
    }
}

/// A name for a snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SnapshotRef {
    pub snapshot_id: i64,
    #[serde(rename = "type")]
    pub kind: RefKind,
    /// `min-snapshots-to-keep`, `max-snapshot-age-ms`, `max-ref-age-ms`, and what this version does not know.
    #[serde(flatten)]
    pub retention: Map<String, Value>,
}

/// Branches move with commits, tags only by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RefKind {
    Branch,
    Tag,
}

impl SnapshotRef {
    pub fn branch(snapshot_id: i64) -> Self {
        Self { snapshot_id, kind: RefKind::Branch, retention: Map::new() }
    }

    pub fn tag(snapshot_id: i64) -> Self {
        Self { snapshot_id, kind: RefKind::Tag, retention: Map::new() }
    }
}

/// When a snapshot became current.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SnapshotLogEntry {
    pub snapshot_id: i64,
    pub timestamp_ms: i64,
}

/// A former metadata file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct MetadataLogEntry {
    pub metadata_file: String,
    pub timestamp_ms: i64,
}
