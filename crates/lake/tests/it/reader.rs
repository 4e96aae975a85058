//! The reader: deletes of both kinds, look-ups, evolved schemas, foreign tables, comparisons with a dump.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int8Type, Int64Type};
use arrow_array::{ArrayRef, Int32Array, Int64Array, RecordBatch};
use arrow_schema::DataType;
use base::{ByteCount, Error};
use lake::catalog::{Catalog, SqliteCatalog, Table, TableIdent};
use lake::files::manifest::{Content, DataFile};
use lake::metadata::schema::FIELD_ID_KEY;
use lake::metadata::{NestedField, PrimitiveType, Schema, TableMetadata};
use lake::read::text::cell_text;
use lake::read::{
    Difference, Projection, Rows, SnapshotFiles, TableScan, compare, compare_table_with_csv, fetch_rows, open_file,
};
use ledger::Account;
use rows::{Field, LogicalType};

use crate::shop;
use crate::support::{Lake, Moved, account, disk, options};

/// All rows of the current snapshot as text, by the first column, which is a BIGINT.
fn scan(table: &TableMetadata, account: &Account) -> base::Result<BTreeMap<i64, Vec<Option<String>>>> {
    let snapshot = table.current_snapshot().unwrap();
    let mut scan = TableScan::open(disk(), snapshot, Projection::all(table)?, account)?;
    let mut rows = BTreeMap::new();
    while let Some(batch) = scan.next_batch()? {
        assert_eq!(batch.positions.len(), batch.columns.num_rows());
        for row in 0..batch.columns.num_rows() {
            let cells = batch.columns.columns().iter().map(|column| cell_text(column.as_ref(), row)).collect();
            let id = batch.columns.column(0).as_primitive::<Int64Type>().value(row);
            assert!(rows.insert(id, cells).is_none(), "row {id} came twice");
        }
    }
    Ok(rows)
}

/// The rows of the current snapshot, whatever they hold.
fn count(table: &TableMetadata, account: &Account) -> base::Result<usize> {
    let mut scan = TableScan::open(disk(), table.current_snapshot().unwrap(), Projection::all(table)?, account)?;
    let mut rows = 0;
    while let Some(batch) = scan.next_batch()? {
        rows += batch.columns.num_rows();
    }
    Ok(rows)
}

/// A table of `0..2500` in two files, with some rows of both deleted.
fn shop_with_deletes(lake: &mut Lake, format_version: u8, is_scoped: bool) -> (Table, Vec<DataFile>) {
    let table = lake.new_table("t", &shop::schema(format_version), format_version);
    let schema = table.metadata.current_schema().clone();
    let first = lake.data_file(&table, &shop::batch(&schema, 0..1500));
    let snapshot = lake.snapshot(&table, vec![first.clone()], vec![], |_| true);
    let table = lake.commit(&table, snapshot);
    let second = lake.data_file(&table, &shop::batch(&schema, 1500..2500));
    let (of_first, of_second): (Vec<u64>, Vec<u64>) = ((0..1500).step_by(5).collect(), (0..1000).step_by(7).collect());
    let deleted = [(&first, of_first.as_slice()), (&second, of_second.as_slice())];
    let deletes = match (format_version, is_scoped) {
        (3, _) => lake.deletion_vectors(&table, &deleted),
        (_, true) => vec![lake.position_deletes(&table, &deleted[..1]), lake.position_deletes(&table, &deleted[1..])],
        (_, false) => vec![lake.position_deletes(&table, &deleted)],
    };
    let snapshot = lake.snapshot(&table, vec![second.clone()], deletes, |_| true);
    (lake.commit(&table, snapshot), vec![first, second])
}

fn is_left(id: i64) -> bool {
    if id < 1500 { id % 5 != 0 } else { (id - 1500) % 7 != 0 }
}

#[test]
fn long_values_are_read_a_few_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let mut lake = Lake::at(folder.path());
    let fields = vec![Field::new("id", LogicalType::BigInt, false), Field::new("text", LogicalType::STRING, true)];
    let table = lake.new_table("t", &rows::Schema::new(fields), 3);
    let mut rng = base::Rng::from_seed(5);
    let mut text = || -> String {
        (0..5_000).flat_map(|_| rng.next_u64().to_le_bytes()).map(|byte| char::from(b'0' + byte % 64)).collect()
    };
    let texts: Vec<String> = (0..400).map(|_| text()).collect();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values(0..400)),
        Arc::new(arrow_array::StringArray::from_iter_values(&texts)),
    ];
    let arrow = Projection::all(&table.metadata).unwrap().arrow().clone();
    let ids = table.metadata.current_schema().fields.iter().map(|field| field.id);
    let fields = arrow.fields().iter().zip(ids).map(|(field, id)| {
        field.as_ref().clone().with_metadata(HashMap::from([(FIELD_ID_KEY.to_owned(), id.to_string())]))
    });
    let schema = arrow_schema::Schema::new(fields.collect::<Vec<_>>());
    let file = lake.data_file(&table, &RecordBatch::try_new(Arc::new(schema), columns).unwrap());
    let snapshot = lake.snapshot(&table, vec![file], vec![], |_| true);
    let table = lake.commit(&table, snapshot);
    // A page of 50 values and what it takes to unpack one; all values together are 16 MB.
    let account = account(16);
    let mut scan = TableScan::open(
        disk(),
        table.metadata.current_snapshot().unwrap(),
        Projection::all(&table.metadata).unwrap(),
        &account,
    )
    .unwrap();
    let mut read = Vec::new();
    while let Some(batch) = scan.next_batch().unwrap() {
        let size = batch.columns.get_array_memory_size();
        assert!(size < 3 << 20, "a batch of {size} bytes");
        read.extend(batch.columns.column(1).as_string::<i32>().iter().map(|text| text.unwrap().to_owned()));
    }
    assert!(read == texts, "other values were read");
}

#[test]
fn deleted_rows_are_left_out() {
    for (format_version, is_scoped) in [(2, true), (2, false), (3, true)] {
        let folder = tempfile::tempdir().unwrap();
        let mut lake = Lake::at(folder.path());
        let (table, _) = shop_with_deletes(&mut lake, format_version, is_scoped);
        let account = account(8);
        let rows = scan(&table.metadata, &account).unwrap();
        assert_eq!(account.used(), ByteCount::ZERO);
        let want: Vec<i64> = (0..2500).filter(|id| is_left(*id)).collect();
        assert_eq!(rows.keys().copied().collect::<Vec<_>>(), want);
        let text =
            |id: i64| rows[&id].iter().map(|cell| cell.as_deref().unwrap_or("NULL")).collect::<Vec<_>>().join("|");
        assert!(text(3).starts_with("3|NULL|NULL|NULL"), "{}", text(3));
        let want = "2499|99|f|624.75|2.499e+17|-2523.99|249900000000000000000000.0000000000|name \"2499\", ä\nline|\\xc3c3c3c3|\\x000009c3\
                    |1975-06-23|00:41:39.002499|2019-03-31 01:03:13.642987|2019-03-30 23:39:55.637989+00";
        assert!(text(2499).starts_with(want), "{}", text(2499));
    }
}

#[test]
fn rows_are_found_by_position() {
    let folder = tempfile::tempdir().unwrap();
    let mut lake = Lake::at(folder.path());
    let (table, files) = shop_with_deletes(&mut lake, 3, true);
    // Look-ups see deleted rows too; the job has a TINYINT where the table has an int.
    let wanted = rows::Schema::new(vec![
        Field::new("tiny", LogicalType::TinyInt, true),
        Field::new("id", LogicalType::BigInt, false),
    ]);
    let projection = Projection::as_rows(&table.metadata, &wanted).unwrap();
    let account = account(8);
    let asked: Vec<u64> = [0, 1, 2, 5, 998, 999, 1000, 1001, 1250, 1499].into();
    let mut found = Vec::new();
    let mut fetch = fetch_rows(disk().as_ref(), &files[0].file_path, asked.clone(), &projection, &account).unwrap();
    assert_eq!(fetch.row_count(), 1500);
    while let Some(batch) = fetch.next_batch().unwrap() {
        assert_eq!(&*batch.file, files[0].file_path);
        let ids = batch.columns.column(1).as_primitive::<Int64Type>().values().to_vec();
        let tiny = batch.columns.column(0).as_primitive::<Int8Type>();
        for (index, (position, id)) in batch.positions.iter().zip(ids).enumerate() {
            assert_eq!(*position as i64, id);
            if id % 7 != 3 {
                assert_eq!(i64::from(tiny.value(index)), id % 100);
            }
            found.push(*position);
        }
    }
    assert_eq!(found, asked);

    let mut none = fetch_rows(disk().as_ref(), &files[0].file_path, vec![1500, 99_999], &projection, &account).unwrap();
    assert!(none.next_batch().unwrap().is_none());
    assert!(Projection::named(&table.metadata, &["nope"]).is_err());
    let wrong = rows::Schema::new(vec![Field::new("id", LogicalType::Int, false)]);
    assert!(Projection::as_rows(&table.metadata, &wrong).is_err());

    // Every third row of both files, deleted ones left out.
    let mut listed = SnapshotFiles::open(disk(), table.metadata.current_snapshot().unwrap(), account.clone()).unwrap();
    let mut found = Vec::new();
    while let Some(file) = listed.next_file().unwrap() {
        assert!(file.entry.data_file.first_row_id.is_some());
        let every_third = Rows::At((0..1500).step_by(3).collect());
        let mut scan = open_file(disk().as_ref(), &file, &projection, every_third, &account).unwrap();
        while let Some(batch) = scan.next_batch().unwrap() {
            found.extend(batch.columns.column(1).as_primitive::<Int64Type>().values().to_vec());
        }
    }
    found.sort_unstable();
    let third = |id: i64| if id < 1500 { id % 3 == 0 } else { (id - 1500) % 3 == 0 };
    assert_eq!(found, (0..2500).filter(|id| is_left(*id) && third(*id)).collect::<Vec<_>>());
}

/// A file as an older schema wrote it: fewer columns, narrower types, another order, other names.
#[test]
fn old_files_are_read_by_the_new_schema() {
    let folder = tempfile::tempdir().unwrap();
    let mut lake = Lake::at(folder.path());
    let columns = rows::Schema::new(vec![
        Field::new("id", LogicalType::BigInt, false),
        Field::new("price", LogicalType::Decimal { precision: 20, scale: 2 }, true),
        Field::new("ratio", LogicalType::Double, true),
        Field::new("added", LogicalType::STRING, true),
        Field::new("raw", LogicalType::BYTES, true),
    ])
    .with_key(vec![0]);
    let table = lake.new_table("t", &columns, 3);
    let field = |name: &str, ty, id: &str| {
        arrow_schema::Field::new(name, ty, true).with_metadata(
            [(FIELD_ID_KEY.to_owned(), id.to_owned())].into_iter().collect::<std::collections::HashMap<_, _>>(),
        )
    };
    let old = arrow_schema::Schema::new(vec![
        field("dropped", DataType::Int32, "9"),
        field("old_ratio", DataType::Float32, "3"),
        field("old_price", DataType::Decimal128(9, 2), "2"),
        field("old_id", DataType::Int32, "1"),
    ]);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int32Array::from(vec![7, 7])),
        Arc::new(arrow_array::Float32Array::from(vec![Some(0.5), None])),
        Arc::new(arrow_array::Decimal128Array::from(vec![123, -5]).with_precision_and_scale(9, 2).unwrap()),
        Arc::new(Int32Array::from(vec![1, 2])),
    ];
    let file = lake.data_file(&table, &RecordBatch::try_new(Arc::new(old), columns).unwrap());
    let snapshot = lake.snapshot(&table, vec![file], vec![], |_| true);
    let table = lake.commit(&table, snapshot);
    let rows = scan(&table.metadata, &account(8)).unwrap();
    let text = |value: &str| Some(value.to_owned());
    assert_eq!(rows[&1], [text("1"), text("1.23"), text("0.5"), None, None]);
    assert_eq!(rows[&2], [text("2"), text("-0.05"), None, None, None]);

    // A column that no file has, alone.
    let projection = Projection::named(&table.metadata, &["added"]).unwrap();
    let mut only =
        TableScan::open(disk(), table.metadata.current_snapshot().unwrap(), projection, &account(8)).unwrap();
    let batch = only.next_batch().unwrap().unwrap();
    assert_eq!((batch.columns.num_rows(), batch.columns.column(0).null_count()), (2, 2));
}

#[test]
fn files_without_ids_are_read_by_the_name_mapping_only() {
    let folder = tempfile::tempdir().unwrap();
    let mut lake = Lake::at(folder.path());
    let columns = rows::Schema::new(vec![Field::new("id", LogicalType::BigInt, false)]).with_key(vec![0]);
    let mut table = lake.new_table("t", &columns, 2);
    let plain = arrow_schema::Schema::new(vec![arrow_schema::Field::new("legacy", DataType::Int64, false)]);
    let batch = RecordBatch::try_new(Arc::new(plain), vec![Arc::new(Int64Array::from(vec![4, 5]))]).unwrap();
    let file = lake.data_file(&table, &batch);
    let mapping = r#"[{"field-id": 1, "names": ["id", "legacy"]}]"#;
    for (mapping, want) in [(None, None), (Some(mapping), Some(vec![4, 5]))] {
        if let Some(mapping) = mapping {
            table.metadata.value.properties.insert("schema.name-mapping.default".to_owned(), mapping.to_owned());
        }
        let snapshot = lake.snapshot(&table, vec![file.clone()], vec![], |_| false);
        table = lake.commit(&table, snapshot);
        let rows = scan(&table.metadata, &account(8)).map(|rows| rows.keys().copied().collect::<Vec<_>>());
        match want {
            Some(ids) => assert_eq!(rows.unwrap(), ids),
            None => assert!(rows.unwrap_err().hint_text().unwrap().contains("name-mapping")),
        }
    }
}

#[test]
fn what_cannot_be_read_rightly_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut lake = Lake::at(folder.path());
    let (table, files) = shop_with_deletes(&mut lake, 3, true);
    let mut refused = |change: &dyn Fn(&mut DataFile), deletes: bool| -> Error {
        let mut file = files[0].clone();
        change(&mut file);
        let (add, delete) = if deletes { (vec![], vec![file]) } else { (vec![file], vec![]) };
        let snapshot = lake.snapshot(&table, add, delete, |_| true);
        let metadata = table.metadata.with_snapshot(snapshot, vec![]).unwrap();
        scan(&metadata, &account(8)).unwrap_err()
    };
    let error = refused(&|file| (file.content, file.equality_ids) = (Content::EqualityDeletes, vec![1]), true);
    assert!(error.message().contains("equality deletes"), "{error}");
    assert!(
        error.detail_text().unwrap().contains(&files[0].file_path)
            && error.detail_text().unwrap().contains("in snapshot")
    );
    let error = refused(&|file| file.file_format = lake::files::manifest::FileFormat::Other("ORC".to_owned()), false);
    assert!(error.message().contains("ORC"), "{error}");
    let second_vector = |file: &mut DataFile| {
        file.content = Content::PositionDeletes;
        file.file_format = lake::files::manifest::FileFormat::Puffin;
        file.referenced_data_file = Some(file.file_path.clone());
        (file.content_offset, file.content_size_in_bytes) = (Some(4), Some(9));
    };
    assert!(refused(&second_vector, true).message().contains("two deletion vectors"));
    let mut list =
        Schema::new(0, vec![NestedField::new(1, "v", PrimitiveType::Unsupported("variant".to_owned()), false)], vec![]);
    let mut metadata = table.metadata.value.clone();
    metadata.schemas = vec![list.clone()];
    assert!(scan(&metadata, &account(8)).unwrap_err().message().contains("variant"));
    list.fields = vec![NestedField {
        initial_default: Some(serde_json::json!(5)),
        ..NestedField::new(99, "d", PrimitiveType::Int, false)
    }];
    metadata.schemas = vec![list];
    assert!(scan(&metadata, &account(8)).unwrap_err().message().contains("initial default"));
    let error =
        scan(&table.metadata, &ledger::Budget::new(ByteCount::kib(150)).account("scan", ByteCount::ZERO)).unwrap_err();
    assert!(error.hint_text().unwrap().contains("--memory"), "{error}");
}

#[test]
fn damaged_parquet_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut lake = Lake::at(folder.path());
    let table = lake.new_table("t", &shop::schema(3), 3);
    let file = lake.data_file(&table, &shop::batch(table.metadata.current_schema(), 0..60));
    let snapshot = lake.snapshot(&table, vec![file.clone()], vec![], |_| true);
    let table = lake.commit(&table, snapshot);
    let path = Path::new(&file.file_path);
    let good = fs::read(path).unwrap();
    let check = |bytes: &[u8]| {
        fs::write(path, bytes).unwrap();
        let account = account(8);
        let result = count(&table.metadata, &account);
        assert_eq!(account.used(), ByteCount::ZERO);
        result
    };
    let len = good.len();
    assert!(check(&[]).unwrap_err().message().contains("is damaged"));
    assert!(check(&good[..len / 2]).unwrap_err().message().contains("is damaged"));
    let mut longer = good.clone();
    longer[len - 8..len - 4].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(check(&longer).unwrap_err().message().contains("longer than it"));
    // Any byte of footer and page headers bent: an error or rows, never a panic.
    for at in (0..len).step_by(61) {
        let mut bent = good.clone();
        bent[at] ^= 0x5a;
        drop(check(&bent));
    }
    fs::remove_file(path).unwrap();
    assert!(scan(&table.metadata, &account(8)).unwrap_err().message().contains("cannot read"));
}

#[test]
fn a_table_is_compared_with_a_dump() {
    let folder = tempfile::tempdir().unwrap();
    let mut lake = Lake::at(folder.path());
    let columns = rows::Schema::new(vec![
        Field::new("id", LogicalType::BigInt, false),
        Field::new("name", LogicalType::STRING, true),
    ])
    .with_key(vec![0]);
    let table = lake.new_table("t", &columns, 3);
    let names = arrow_array::StringArray::from(vec![
        Some("a,\"b\"\nc"),
        Some(""),
        None,
        Some("x"),
        Some("only here"),
        Some("again"),
    ]);
    let ids = Int64Array::from(vec![1, 2, 3, 4, 6, 1]);
    let batch =
        RecordBatch::try_new(table.metadata.current_schema().arrow().unwrap(), vec![Arc::new(ids), Arc::new(names)])
            .unwrap();
    let file = lake.data_file(&table, &batch);
    let snapshot = lake.snapshot(&table, vec![file], vec![], |_| true);
    let table = lake.commit(&table, snapshot);
    let csv = "name,id\n\"a,\"\"b\"\"\nc\",1\n\"\",2\n,3\ny,4\nmissing,5\n";
    let is_allowed = |difference: &Difference| difference.key == ["5"];
    let found = compare_table_with_csv(disk(), &table.metadata, csv.as_bytes(), &is_allowed, &account(8)).unwrap();
    assert_eq!((found.rows, found.cells, found.differences, found.allowed), (6, 14, 3, 1));
    let told: Vec<String> = found.first.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        ["[4].name: expected 'y', got 'x'", "[6]: in the table, but not expected", "[1]: in the table twice"]
    );
    for wrong in ["", "nope\n1\n", "id,name\n1\n", "id,name\n1,a\n1,b\n", "name\na\n", "id,name\n1,\"a\n"] {
        assert!(
            compare_table_with_csv(disk(), &table.metadata, wrong.as_bytes(), &|_| false, &account(8)).is_err(),
            "{wrong}"
        );
    }
    assert_eq!(compare::Comparison::default().differences, 0);
}

/// `interop/lake/fixtures.py` wrote these with PyIceberg: see there for their rows.
#[test]
fn tables_of_pyiceberg_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/pyiceberg");
    fs::copy(data.join("catalog.db"), folder.path().join("catalog.db")).unwrap();
    let disk: Arc<dyn base::Disk> = Arc::new(Moved { from: "/tmp/millstream-fixture".into(), to: data });
    let account = account(16);
    let catalog = SqliteCatalog::open(options(folder.path()), disk.clone(), account.clone()).unwrap();
    assert_eq!(catalog.namespaces().unwrap(), ["made"]);
    for (name, want) in [("evolved", vec![1, 2, 3, 4]), ("deleted", vec![2, 3, 5]), ("partitioned", vec![1, 2, 3])] {
        let table = catalog.load(&TableIdent::new("made", name)).unwrap().unwrap();
        let snapshot = table.metadata.current_snapshot().unwrap();
        let mut scan =
            TableScan::open(disk.clone(), snapshot, Projection::all(&table.metadata).unwrap(), &account).unwrap();
        let mut ids = Vec::new();
        while let Some(batch) = scan.next_batch().unwrap() {
            for row in 0..batch.columns.num_rows() {
                let id = batch.columns.column(0).as_primitive::<Int64Type>().value(row);
                let name = cell_text(batch.columns.column(1).as_ref(), row);
                assert_eq!(name, (id != 3).then(|| format!("name {id}")));
                ids.push(id);
            }
        }
        ids.sort_unstable();
        assert_eq!(ids, want, "{name}");
        // What we would write of it is what it was.
        let document: serde_json::Value = serde_json::from_slice(&table.metadata.to_json().unwrap()).unwrap();
        let path = lake::files::location::local_path(&table.metadata_location).unwrap();
        let original = lake::files::durable::read_whole(disk.as_ref(), &path, &account).unwrap();
        let mut original: serde_json::Value = serde_json::from_slice(&original.value).unwrap();
        let fields = original.as_object_mut().unwrap();
        fields.retain(|_, value| !value.is_null());
        for schema in fields["schemas"].as_array_mut().unwrap() {
            schema
                .as_object_mut()
                .unwrap()
                .retain(|name, value| name != "identifier-field-ids" || *value != serde_json::json!([]));
        }
        assert_eq!(document, original, "{name}");
        assert_eq!(table.metadata.check_writable().is_err(), name == "partitioned");
    }
}
