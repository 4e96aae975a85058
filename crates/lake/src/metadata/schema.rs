//! A table's schema: columns with ids, and which of them identify a row.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::types::NestedField;

/// The key under which Arrow fields carry an Iceberg field id; the Parquet writer stores it as the column's `field_id`.
pub const FIELD_ID_KEY: &str = "PARQUET:field_id";

/// One version of a table's columns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Schema {
    #[serde(rename = "type", default = "struct_tag")]
    tag: StructTag,
    #[serde(default)]
    pub schema_id: i32,
    /// The ids of the columns of the primary key; Iceberg keeps a set, so their order means nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identifier_field_ids: Vec<i32>,
    pub fields: Vec<NestedField>,
    /// What this version does not know.
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}

/// The constant `"struct"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum StructTag {
    #[serde(rename = "struct")]
    Struct,
}

fn struct_tag() -> StructTag {
    StructTag::Struct
}

impl Schema {
    pub fn new(schema_id: i32, fields: Vec<NestedField>, identifier_field_ids: Vec<i32>) -> Self {
        Self { tag: StructTag::Struct, schema_id, identifier_field_ids, fields, unknown: Map::new() }
    }

    pub fn field(&self, id: i32) -> Option<&NestedField> {
        self.fields.iter().find(|field| field.id == id)
    }

    pub fn field_named(&self, name: &str) -> Option<&NestedField> {
        self.fields.iter().find(|field| field.name == name)
    }

    pub fn is_identifier(&self, id: i32) -> bool {
        self.identifier_field_ids.contains(&id)
    }

    /// The largest id of a column or a part of one.
    pub fn largest_id(&self) -> i32 {
        self.fields.iter().map(|field| field.id.max(field.ty.largest_id())).max().unwrap_or(0)
    }
}
