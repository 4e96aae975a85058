//! Partition specs and sort orders: kept as they are, and written only for tables that have none.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How a table's files are partitioned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PartitionSpec {
    pub spec_id: i32,
    pub fields: Vec<PartitionField>,
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}

/// One value of a partition. `source-id` (v1, v2) or `source-ids` (v3) is kept among `unknown`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PartitionField {
    pub name: String,
    pub transform: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field_id: Option<i32>,
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}

/// The partition ids of a table without partitions: the first is given to field 1000, so the last is 999.
pub(crate) const LAST_PARTITION_ID_OF_NONE: i32 = 999;

impl PartitionSpec {
    pub fn unpartitioned() -> Self {
        Self { spec_id: 0, fields: Vec::new(), unknown: Map::new() }
    }

    /// No field, or only fields whose transform is `void` (how v1 tables drop one).
    pub fn is_unpartitioned(&self) -> bool {
        self.fields.iter().all(|field| field.transform == "void")
    }
}

/// In what order files are sorted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SortOrder {
    pub order_id: i64,
    pub fields: Vec<Value>,
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}

impl SortOrder {
    pub fn unsorted() -> Self {
        Self { order_id: 0, fields: Vec::new(), unknown: Map::new() }
    }
}
