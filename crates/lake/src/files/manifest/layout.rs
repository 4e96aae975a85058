//! The Avro schemas of manifests and manifest lists, as the spec numbers and names their fields ("Manifests",
//! "Manifest Lists"). Readers go by field id; names are spelled as Java spells them, for those who do not.

use serde_json::{Value, json};

use crate::files::avro::Field;

pub(super) mod id {
    //! Field ids.
    pub(crate) const STATUS: i32 = 0;
    pub(crate) const SNAPSHOT_ID: i32 = 1;
    pub(crate) const DATA_FILE: i32 = 2;
    pub(crate) const SEQUENCE_NUMBER: i32 = 3;
    pub(crate) const FILE_SEQUENCE_NUMBER: i32 = 4;
    pub(crate) const FILE_PATH: i32 = 100;
    pub(crate) const FILE_FORMAT: i32 = 101;
    pub(crate) const RECORD_COUNT: i32 = 103;
    pub(crate) const FILE_SIZE: i32 = 104;
    pub(crate) const COLUMN_SIZES: i32 = 108;
    pub(crate) const VALUE_COUNTS: i32 = 109;
    pub(crate) const NULL_VALUE_COUNTS: i32 = 110;
    pub(crate) const LOWER_BOUNDS: i32 = 125;
    pub(crate) const UPPER_BOUNDS: i32 = 128;
    pub(crate) const KEY_METADATA: i32 = 131;
    pub(crate) const SPLIT_OFFSETS: i32 = 132;
    pub(crate) const CONTENT: i32 = 134;
    pub(crate) const EQUALITY_IDS: i32 = 135;
    pub(crate) const NAN_VALUE_COUNTS: i32 = 137;
    pub(crate) const SORT_ORDER_ID: i32 = 140;
    pub(crate) const FIRST_ROW_ID: i32 = 142;
    pub(crate) const REFERENCED_DATA_FILE: i32 = 143;
    pub(crate) const CONTENT_OFFSET: i32 = 144;
    pub(crate) const CONTENT_SIZE: i32 = 145;

    pub(crate) const MANIFEST_PATH: i32 = 500;
    pub(crate) const MANIFEST_LENGTH: i32 = 501;
    pub(crate) const PARTITION_SPEC_ID: i32 = 502;
    pub(crate) const ADDED_SNAPSHOT_ID: i32 = 503;
    pub(crate) const ADDED_FILES_COUNT: i32 = 504;
    pub(crate) const EXISTING_FILES_COUNT: i32 = 505;
    pub(crate) const DELETED_FILES_COUNT: i32 = 506;
    pub(crate) const PARTITIONS: i32 = 507;
    pub(crate) const CONTAINS_NULL: i32 = 509;
    pub(crate) const LOWER_BOUND: i32 = 510;
    pub(crate) const UPPER_BOUND: i32 = 511;
    pub(crate) const ADDED_ROWS_COUNT: i32 = 512;
    pub(crate) const EXISTING_ROWS_COUNT: i32 = 513;
    pub(crate) const DELETED_ROWS_COUNT: i32 = 514;
    pub(crate) const MANIFEST_SEQUENCE_NUMBER: i32 = 515;
    pub(crate) const MIN_SEQUENCE_NUMBER: i32 = 516;
    pub(crate) const MANIFEST_CONTENT: i32 = 517;
    pub(crate) const CONTAINS_NAN: i32 = 518;
    pub(crate) const LIST_KEY_METADATA: i32 = 519;
    pub(crate) const LIST_FIRST_ROW_ID: i32 = 520;
}

/// All that [`super::DataFile`] holds. Partition values are read over: partitioned tables are only read.
pub(super) fn is_wanted(field: &Field) -> bool {
    const PARTITION: i32 = 102;
    field.id != Some(PARTITION)
}

/// As [`is_wanted`], without the figures of columns.
pub(super) fn is_wanted_without_metrics(field: &Field) -> bool {
    use id::{COLUMN_SIZES, LOWER_BOUNDS, NAN_VALUE_COUNTS, NULL_VALUE_COUNTS, UPPER_BOUNDS, VALUE_COUNTS};
    let metrics = [COLUMN_SIZES, VALUE_COUNTS, NULL_VALUE_COUNTS, NAN_VALUE_COUNTS, LOWER_BOUNDS, UPPER_BOUNDS];
    is_wanted(field) && !field.id.is_some_and(|id| metrics.contains(&id))
}

fn required(name: &str, id: i32, ty: impl Into<Value>) -> Value {
    json!({"name": name, "type": ty.into(), "field-id": id})
}

fn optional(name: &str, id: i32, ty: impl Into<Value>) -> Value {
    json!({"name": name, "type": ["null", ty.into()], "default": null, "field-id": id})
}

fn list(element_id: i32, ty: &str) -> Value {
    json!({"type": "array", "items": ty, "element-id": element_id})
}

/// A map with int keys, which Avro lacks: an array of pairs.
fn map(key_id: i32, value_id: i32, value: &str) -> Value {
    json!({"type": "array", "logicalType": "map", "items": {"type": "record", "name": format!("k{key_id}_v{value_id}"),
        "fields": [required("key", key_id, "int"), required("value", value_id, value)]}})
}

/// The schema of the entries of a manifest of an unpartitioned table.
pub(super) fn manifest_entry(format_version: u8) -> String {
    let mut file = vec![
        required("content", id::CONTENT, "int"),
        required("file_path", id::FILE_PATH, "string"),
        required("file_format", id::FILE_FORMAT, "string"),
        required("partition", 102, json!({"type": "record", "name": "r102", "fields": []})),
        required("record_count", id::RECORD_COUNT, "long"),
        required("file_size_in_bytes", id::FILE_SIZE, "long"),
        optional("column_sizes", id::COLUMN_SIZES, map(117, 118, "long")),
        optional("value_counts", id::VALUE_COUNTS, map(119, 120, "long")),
        optional("null_value_counts", id::NULL_VALUE_COUNTS, map(121, 122, "long")),
        optional("nan_value_counts", id::NAN_VALUE_COUNTS, map(138, 139, "long")),
        optional("lower_bounds", id::LOWER_BOUNDS, map(126, 127, "bytes")),
        optional("upper_bounds", id::UPPER_BOUNDS, map(129, 130, "bytes")),
        optional("key_metadata", id::KEY_METADATA, "bytes"),
        optional("split_offsets", id::SPLIT_OFFSETS, list(133, "long")),
        optional("equality_ids", id::EQUALITY_IDS, list(136, "int")),
        optional("sort_order_id", id::SORT_ORDER_ID, "int"),
    ];
    if format_version >= 3 {
        file.push(optional("first_row_id", id::FIRST_ROW_ID, "long"));
    }
    file.push(optional("referenced_data_file", id::REFERENCED_DATA_FILE, "string"));
    if format_version >= 3 {
        file.push(optional("content_offset", id::CONTENT_OFFSET, "long"));
        file.push(optional("content_size_in_bytes", id::CONTENT_SIZE, "long"));
    }
    json!({"type": "record", "name": "manifest_entry", "fields": [
        required("status", id::STATUS, "int"),
        optional("snapshot_id", id::SNAPSHOT_ID, "long"),
        optional("sequence_number", id::SEQUENCE_NUMBER, "long"),
        optional("file_sequence_number", id::FILE_SEQUENCE_NUMBER, "long"),
        required("data_file", id::DATA_FILE, json!({"type": "record", "name": "r2", "fields": file})),
    ]})
    .to_string()
}

/// The schema of the entries of a manifest list.
pub(super) fn manifest_file(format_version: u8) -> String {
    let summary = json!({"type": "record", "name": "r508", "fields": [
        required("contains_null", id::CONTAINS_NULL, "boolean"),
        optional("contains_nan", id::CONTAINS_NAN, "boolean"),
        optional("lower_bound", id::LOWER_BOUND, "bytes"),
        optional("upper_bound", id::UPPER_BOUND, "bytes"),
    ]});
    let mut fields = vec![
        required("manifest_path", id::MANIFEST_PATH, "string"),
        required("manifest_length", id::MANIFEST_LENGTH, "long"),
        required("partition_spec_id", id::PARTITION_SPEC_ID, "int"),
        required("content", id::MANIFEST_CONTENT, "int"),
        required("sequence_number", id::MANIFEST_SEQUENCE_NUMBER, "long"),
        required("min_sequence_number", id::MIN_SEQUENCE_NUMBER, "long"),
        required("added_snapshot_id", id::ADDED_SNAPSHOT_ID, "long"),
        required("added_files_count", id::ADDED_FILES_COUNT, "int"),
        required("existing_files_count", id::EXISTING_FILES_COUNT, "int"),
        required("deleted_files_count", id::DELETED_FILES_COUNT, "int"),
        required("added_rows_count", id::ADDED_ROWS_COUNT, "long"),
        required("existing_rows_count", id::EXISTING_ROWS_COUNT, "long"),
        required("deleted_rows_count", id::DELETED_ROWS_COUNT, "long"),
        optional("partitions", id::PARTITIONS, json!({"type": "array", "items": summary, "element-id": 508})),
        optional("key_metadata", id::LIST_KEY_METADATA, "bytes"),
    ];
    if format_version >= 3 {
        fields.push(optional("first_row_id", id::LIST_FIRST_ROW_ID, "long"));
    }
    json!({"type": "record", "name": "manifest_file", "fields": fields}).to_string()
}
