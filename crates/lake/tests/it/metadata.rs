//! Table metadata: documents of all versions, what must survive a rewrite, and steps from version to version.

use lake::metadata::{
    BoundsBuilder, NestedField, NewTable, Operation, PrimitiveType, RefChange, Schema, Snapshot, SnapshotRef,
    TableMetadata, difference,
};
use proptest::prelude::*;
use rows::{Field, LogicalType};
use serde_json::{Value, json};

fn v3_document() -> Value {
    json!({
        "format-version": 3, "table-uuid": "9c12d441-03fe-4693-9a96-a0705ddf69c1", "location": "file:/lake/t",
        "last-sequence-number": 34, "last-updated-ms": 1602638573590_i64, "last-column-id": 6, "next-row-id": 100,
        "current-schema-id": 1,
        "schemas": [
            {"type": "struct", "schema-id": 0, "fields": [{"id": 1, "name": "x", "required": true, "type": "long"}]},
            {"type": "struct", "schema-id": 1, "identifier-field-ids": [1], "new-schema-thing": [1], "fields": [
                {"id": 1, "name": "x", "required": true, "type": "long", "doc": "comment", "write-default": 7, "new": {"a": 1}},
                {"id": 2, "name": "l", "required": false, "type": {"type": "list", "element-id": 3, "element": "variant", "element-required": false}},
                {"id": 4, "name": "m", "required": false, "type": {"type": "map", "key-id": 5, "key": "string", "value-id": 6,
                    "value": {"type": "struct", "fields": []}, "value-required": true}},
            ]},
        ],
        "default-spec-id": 0, "last-partition-id": 1000,
        "partition-specs": [{"spec-id": 0, "fields": [{"name": "x", "transform": "identity", "source-id": 1, "field-id": 1000, "new": 1}]}],
        "default-sort-order-id": 3,
        "sort-orders": [{"order-id": 3, "fields": [{"transform": "identity", "source-id": 2, "direction": "asc", "null-order": "nulls-first"}]}],
        "properties": {"a": "b"}, "current-snapshot-id": 3055729675574597004_i64,
        "snapshots": [{"snapshot-id": 3055729675574597004_i64, "parent-snapshot-id": 1, "sequence-number": 34, "timestamp-ms": 1, "first-row-id": 90,
            "added-rows": 10, "summary": {"operation": "append", "engine": "e"}, "manifest-list": "s3://a/b.avro", "schema-id": 1, "key-id": "k", "new": [1]}],
        "snapshot-log": [{"snapshot-id": 3055729675574597004_i64, "timestamp-ms": 1}],
        "metadata-log": [{"metadata-file": "s3://a/1.json", "timestamp-ms": 100}],
        "refs": {"main": {"snapshot-id": 3055729675574597004_i64, "type": "branch", "min-snapshots-to-keep": 3},
                 "t": {"snapshot-id": 3055729675574597004_i64, "type": "tag", "max-ref-age-ms": 10, "new": true}},
        "statistics": [{"snapshot-id": 1, "statistics-path": "p"}], "partition-statistics": [], "new-thing": {"deep": [1, "x", null]},
    })
}

fn parse(document: &Value) -> base::Result<TableMetadata> {
    TableMetadata::parse(document.to_string().as_bytes())
}

fn rewritten(document: &Value) -> Value {
    serde_json::from_slice(&parse(document).unwrap().to_json().unwrap()).unwrap()
}

#[test]
fn nothing_of_a_document_is_lost_in_a_rewrite() {
    let document = v3_document();
    assert_eq!(rewritten(&document), document);

    let mut v2 = document;
    v2["format-version"] = json!(2);
    v2.as_object_mut().unwrap().remove("next-row-id");
    for name in ["first-row-id", "added-rows"] {
        v2["snapshots"][0].as_object_mut().unwrap().remove(name);
    }
    assert_eq!(rewritten(&v2), v2);
}

#[test]
fn a_v1_document_is_read_and_not_written() {
    let v1 = json!({
        "format-version": 1, "location": "/lake/t", "last-updated-ms": 1, "last-column-id": 2, "current-snapshot-id": -1,
        "schema": {"type": "struct", "fields": [{"id": 1, "name": "x", "required": false, "type": "fixed[16]"},
                                                {"id": 2, "name": "d", "required": false, "type": "decimal(9,2)"}]},
        "partition-spec": [], "properties": {}, "snapshots": null,
    });
    let table = parse(&v1).unwrap();
    assert_eq!(table.current_schema().fields[0].ty.primitive(), Some(&PrimitiveType::Fixed(16)));
    assert_eq!(
        table.current_schema().fields[1].ty.primitive(),
        Some(&PrimitiveType::Decimal { precision: 9, scale: 2 })
    );
    assert!(table.current_snapshot().is_none() && table.default_spec().is_unpartitioned());
    assert!(table.to_json().unwrap_err().hint_text().unwrap().contains("upgrade"));
    assert!(table.check_writable().is_err());
}

#[test]
fn wrong_documents_are_refused_with_what_is_wrong() {
    let check = |change: fn(&mut Value), what: &str| {
        let mut document = v3_document();
        change(&mut document);
        let error = parse(&document).unwrap_err();
        assert!(error.report().contains(what), "{}", error.report());
    };
    check(|document| document["format-version"] = json!(4), "versions 1 to 3");
    check(|document| document["format-version"] = json!("x"), "damaged");
    check(|document| document["current-schema-id"] = json!(9), "current schema 9");
    check(|document| document["default-spec-id"] = json!(9), "partition spec 9");
    check(|document| document["current-snapshot-id"] = json!(5), "current snapshot 5");
    check(|document| document["refs"]["t"]["snapshot-id"] = json!(5), "of 't'");
    check(|document| document["schemas"] = json!([]), "no schema");
    check(
        |document| document["snapshots"].as_array_mut().unwrap().push(v3_document()["snapshots"][0].clone()),
        "share an id",
    );
    assert!(parse(&json!([])).is_err());
}

#[test]
fn partitioned_tables_are_refused_for_writing() {
    let table = parse(&v3_document()).unwrap();
    assert!(table.check_writable().unwrap_err().message().contains("is partitioned by x"));
}

#[test]
fn ancestors_end_on_a_circle() {
    let mut document = v3_document();
    document["snapshots"][0]["parent-snapshot-id"] = document["current-snapshot-id"].clone();
    let table = parse(&document).unwrap();
    assert_eq!(table.ancestors(table.current_snapshot_id).count(), 1);
}

fn shop() -> rows::Schema {
    rows::Schema::new(vec![
        Field::new("id", LogicalType::BigInt, false),
        Field::new("line", LogicalType::SmallInt, true),
        Field::new("price", LogicalType::Decimal { precision: 10, scale: 2 }, true),
        Field::new("at", LogicalType::TimestampLtz(3), true),
    ])
    .with_key(vec![1, 0])
}

fn new_table(format_version: u8, schema: &rows::Schema) -> base::Result<TableMetadata> {
    TableMetadata::create(NewTable {
        location: "/lake/t/".to_owned(),
        format_version,
        schema: Schema::from_rows(schema)?,
        properties: [("write.upsert.enabled".to_owned(), "true".to_owned())].into(),
        table_uuid: "9c12d441-03fe-4693-9a96-a0705ddf69c1".to_owned(),
        now_ms: 5,
    })
}

#[test]
fn flink_types_become_iceberg_types_and_back() {
    let table = new_table(3, &shop()).unwrap();
    let schema = table.current_schema();
    let types: Vec<String> = schema.fields.iter().map(|field| format!("{} {}", field.ty, field.required)).collect();
    assert_eq!(types, ["long true", "int true", "decimal(10, 2) false", "timestamptz false"]);
    assert_eq!(schema.identifier_field_ids, [1, 2]);
    let back = schema.to_rows().unwrap();
    assert_eq!(back.key, [0, 1]);
    assert_eq!(back.fields[3].ty, LogicalType::TimestampLtz(6));
    assert_eq!(difference(schema, &shop()).unwrap(), None);
    assert_eq!(schema.arrow().unwrap().field(0).metadata()["PARQUET:field_id"], "1");

    let nanos = rows::Schema::new(vec![Field::new("at", LogicalType::Timestamp(9), true)]);
    assert!(new_table(2, &nanos).unwrap_err().message().contains("needs 'format-version' = '3'"));
    assert!(new_table(3, &nanos).is_ok());
    assert!(new_table(4, &nanos).is_err());
    let map = rows::Schema::new(vec![Field::new("m", LogicalType::Array(Box::new(LogicalType::Int)), true)]);
    assert!(new_table(3, &map).is_err());
    let twice =
        rows::Schema::new(vec![Field::new("a", LogicalType::Int, true), Field::new("a", LogicalType::Int, true)]);
    assert!(new_table(3, &twice).is_err());
}

#[test]
fn a_different_table_is_told_line_by_line() {
    let table = new_table(3, &shop()).unwrap();
    let other = rows::Schema::new(vec![
        Field::new("id", LogicalType::BigInt, true),
        Field::new("line", LogicalType::STRING, false),
        Field::new("price", LogicalType::Decimal { precision: 12, scale: 2 }, true),
        Field::new("note", LogicalType::STRING, true),
    ]);
    assert_eq!(
        difference(table.current_schema(), &other).unwrap().unwrap(),
        "column 'id' is declared nullable, and the table has it NOT NULL\n\
         column 'line' is declared as STRING, and the table has INT\n\
         column 'price' is declared as DECIMAL(12, 2), and the table has DECIMAL(10, 2)\n\
         column 'note' STRING is declared, and the table has no such column\n\
         the table has a column 'at' timestamptz, which is not declared\n\
         the primary key is declared as none, and the table has (id, line)"
    );
}

fn snapshot_after(table: &TableMetadata, id: i64) -> Snapshot {
    Snapshot {
        snapshot_id: id,
        parent_snapshot_id: table.current_snapshot_id,
        sequence_number: table.last_sequence_number + 1,
        timestamp_ms: 10 * id,
        manifest_list: Some("/lake/t/metadata/snap.avro".to_owned()),
        summary: [("operation".to_owned(), "append".to_owned())].into(),
        schema_id: Some(0),
        first_row_id: table.next_row_id,
        added_rows: table.next_row_id.map(|_| 7),
        unknown: serde_json::Map::new(),
    }
}

#[test]
fn a_snapshot_moves_main_and_other_refs() {
    let empty = new_table(3, &shop()).unwrap();
    let one = empty.with_snapshot(snapshot_after(&empty, 1), vec![]).unwrap();
    let tag = RefChange { name: "millstream-job".to_owned(), to: SnapshotRef::tag(2) };
    let two = one.with_snapshot(snapshot_after(&one, 2), vec![tag]).unwrap();
    assert_eq!((two.last_sequence_number, two.next_row_id, two.last_updated_ms), (2, Some(14), 20));
    assert_eq!(two.snapshot_named("main").unwrap().snapshot_id, 2);
    assert_eq!(two.snapshot_named("millstream-job").unwrap().operation(), Some(Operation::Append));
    assert_eq!(two.ancestors(two.current_snapshot_id).map(|snapshot| snapshot.snapshot_id).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(two.snapshot_log.len(), 2);
    assert_eq!(TableMetadata::parse(&two.to_json().unwrap()).unwrap(), two);

    // The clock went back.
    let mut early = snapshot_after(&two, 3);
    early.timestamp_ms = 1;
    let three = two.with_snapshot(early, vec![]).unwrap();
    assert_eq!((three.last_updated_ms, three.current_snapshot().unwrap().timestamp_ms), (20, 20));

    let missing = RefChange { name: "x".to_owned(), to: SnapshotRef::tag(9) };
    assert!(two.with_snapshot(snapshot_after(&two, 3), vec![missing]).is_err());
    let wrong: [fn(&mut Snapshot); 5] = [
        |snapshot| snapshot.sequence_number += 1,
        |snapshot| snapshot.parent_snapshot_id = Some(1),
        |snapshot| snapshot.snapshot_id = 1,
        |snapshot| snapshot.first_row_id = None,
        |snapshot| snapshot.added_rows = None,
    ];
    for change in wrong {
        let mut snapshot = snapshot_after(&two, 3);
        change(&mut snapshot);
        assert!(two.with_snapshot(snapshot, vec![]).is_err());
    }
}

#[test]
fn bounds_are_cut_so_that_they_still_bound() {
    use arrow_array::{ArrayRef, BinaryArray, Decimal128Array, Float64Array, Int64Array, StringArray};
    use std::sync::Arc;
    fn check(array: ArrayRef, lower: Option<&[u8]>, upper: Option<&[u8]>) {
        let mut builder = BoundsBuilder::default();
        let half = array.len() / 2;
        builder.add(&array.slice(0, half));
        builder.add(&array.slice(half, array.len() - half));
        let bounds = builder.finish();
        assert_eq!((bounds.lower.as_deref(), bounds.upper.as_deref()), (lower, upper), "{array:?}");
    }
    check(
        Arc::new(Int64Array::from(vec![Some(3), None, Some(-1)])),
        Some(&(-1_i64).to_le_bytes()),
        Some(&3_i64.to_le_bytes()),
    );
    check(Arc::new(Int64Array::from(vec![None, None::<i64>])), None, None);
    let decimals = |values: Vec<i128>| Arc::new(Decimal128Array::from(values).with_precision_and_scale(20, 2).unwrap());
    check(decimals(vec![-129, 127, 128, -1]), Some(&[0xff, 0x7f]), Some(&[0x00, 0x80]));
    check(decimals(vec![0]), Some(&[0]), Some(&[0]));
    check(
        Arc::new(Float64Array::from(vec![f64::NAN, 1.5, -2.5])),
        Some(&(-2.5_f64).to_le_bytes()),
        Some(&1.5_f64.to_le_bytes()),
    );
    check(Arc::new(StringArray::from(vec!["b", "a"])), Some(b"a"), Some(b"b"));
    let long = "ä".repeat(17);
    let cut = "ä".repeat(16);
    let above = "ä".repeat(15) + "å";
    check(Arc::new(StringArray::from(vec![long])), Some(cut.as_bytes()), Some(above.as_bytes()));
    let top = "\u{10ffff}".repeat(17);
    check(Arc::new(StringArray::from(vec![top.as_str()])), Some("\u{10ffff}".repeat(16).as_bytes()), None);
    let gap = "x\u{d7ff}".to_owned() + &"\u{10ffff}".repeat(16);
    let cut = "x\u{d7ff}".to_owned() + &"\u{10ffff}".repeat(14);
    check(Arc::new(StringArray::from(vec![gap.as_str()])), Some(cut.as_bytes()), Some("x\u{e000}".as_bytes()));
    check(Arc::new(BinaryArray::from(vec![&[0xff_u8; 20][..]])), Some(&[0xff; 16]), None);
}

proptest! {
    #[test]
    fn any_bytes_are_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(TableMetadata::parse(&bytes).is_err());
    }

    /// A document with one value replaced by something else is read or refused, and what is read is written back equal.
    #[test]
    fn a_bent_document_is_read_as_a_whole_or_refused(at in 0_usize..200, with in prop_oneof![
        Just(json!(null)), Just(json!(-1)), Just(json!("x")), Just(json!([])), Just(json!({})), Just(json!(1e300)), Just(json!(9e18 as i64))
    ]) {
        let mut document = v3_document();
        let mut left = at;
        bend(&mut document, &mut left, &with);
        if let Ok(table) = parse(&document) {
            let again = TableMetadata::parse(&table.to_json().unwrap()).unwrap();
            prop_assert_eq!(again, table);
        }
    }

    #[test]
    fn types_print_as_they_are_read(precision in 1_u8..39, scale in 0_u8..39, length in 0_u32..100_000) {
        prop_assume!(scale <= precision);
        for ty in [PrimitiveType::Decimal { precision, scale }, PrimitiveType::Fixed(length), PrimitiveType::TimestamptzNs] {
            let field = NestedField::new(1, "c", ty, true);
            let text = serde_json::to_string(&field).unwrap();
            prop_assert_eq!(serde_json::from_str::<NestedField>(&text).unwrap(), field);
        }
    }
}

/// Replaces the value that comes `left` steps after this one.
fn bend(value: &mut Value, left: &mut usize, with: &Value) {
    if *left == 0 {
        *value = with.clone();
        *left = usize::MAX;
        return;
    }
    *left = left.saturating_sub(1);
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| {
            if *left != usize::MAX {
                bend(item, left, with);
            }
        }),
        Value::Object(fields) => fields.iter_mut().for_each(|(_, item)| {
            if *left != usize::MAX {
                bend(item, left, with);
            }
        }),
        _ => {}
    }
}
