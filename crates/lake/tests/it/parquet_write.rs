//! Data files hold what was put in, in little memory.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_schema::{DataType, Field, Schema};
use base::ByteCount;
use lake::parquet_write::{DataFileWriter, ENCODE_FLOOR, EncodeMemory, FileShape, RowGroup};
use lake::run::Layout;
use ledger::Budget;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::counting::held_of;
use super::small_table::{account, layout};

fn row(id: i64, name: Option<&str>) -> Vec<u8> {
    let mut row = vec![1];
    row.extend_from_slice(&id.to_le_bytes());
    match name {
        Some(name) => {
            row.push(1);
            row.extend_from_slice(&(name.len() as u32).to_le_bytes());
            row.extend_from_slice(name.as_bytes());
        }
        None => row.push(0),
    }
    row.push(2);
    row
}

fn shape() -> FileShape {
    FileShape { layout: layout(), measured: vec![0] }
}

#[test]
fn rows_come_back_with_ids_and_figures() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.parquet");
    let account = account(ByteCount::mib(8));
    let disk: Arc<dyn base::Disk> = Arc::new(base::RealDisk);
    let mut writer = DataFileWriter::create(&disk, "/t/a.parquet".to_owned(), path.clone(), &shape()).unwrap();
    let mut group = RowGroup::new(&account, 64 << 10).unwrap();
    for group_number in 0..3 {
        for id in group_number * 100..group_number * 100 + 100 {
            let name = format!("name {id}");
            group.push(&row(id, (id % 3 > 0).then_some(name.as_str()))).unwrap();
        }
        assert!(group.replace(&layout(), 7, &row(-group_number, Some("replaced"))).unwrap());
        writer.write(&mut group, &EncodeMemory::new(&account, &account)).unwrap();
        group.clear(64 << 10);
    }
    let file = writer.finish().unwrap();
    assert_eq!(file.record_count, 300);
    assert_eq!(file.file_size_in_bytes, std::fs::metadata(&path).unwrap().len() as i64);
    assert_eq!(file.split_offsets.len(), 3);
    assert_eq!(file.metrics.lower_bounds, [(1, (-2i64).to_le_bytes().to_vec())]);
    assert_eq!(file.metrics.upper_bounds, [(1, 299i64.to_le_bytes().to_vec())]);
    assert_eq!(file.metrics.value_counts, [(1, 300)]);

    let reader = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(&path).unwrap()).unwrap();
    let ids: Vec<i32> =
        reader.parquet_schema().root_schema().get_fields().iter().map(|field| field.get_basic_info().id()).collect();
    assert_eq!(ids, [1, 2, 3]);
    assert!(!reader.schema().field(0).is_nullable() && reader.schema().field(1).is_nullable());
    let mut rows = Vec::new();
    for batch in reader.build().unwrap() {
        let batch = batch.unwrap();
        for at in 0..batch.num_rows() {
            let name = batch.column(1).as_string::<i32>();
            let name = batch.column(1).is_valid(at).then(|| name.value(at).to_owned());
            assert!(batch.column(2).is_null(at));
            rows.push((batch.column(0).as_primitive::<Int64Type>().value(at), name));
        }
    }
    assert_eq!(rows.len(), 300);
    assert_eq!(rows[107], (-1, Some("replaced".to_owned())));
    assert_eq!((rows[6].clone(), rows[8].clone()), ((6, None), (8, Some("name 8".to_owned()))));
}

/// Rows of some 6 MiB, nearly all of it in one column, where there is memory for the least alone.
#[test]
fn a_group_that_cannot_be_encoded_at_once_is_written_in_parts() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.parquet");
    let budget = Budget::new(ByteCount::mib(16));
    let account = budget.account("write", ENCODE_FLOOR + ByteCount::mib(1));
    let more = budget.account("write/more", ByteCount::ZERO);
    let disk: Arc<dyn base::Disk> = Arc::new(base::RealDisk);
    let mut writer = DataFileWriter::create(&disk, "/t/a.parquet".to_owned(), path.clone(), &shape()).unwrap();
    let memory = EncodeMemory::new(&account, &more);
    let mut group = RowGroup::new(&account, 1 << 20).unwrap();
    group.widen(&more, 8 << 20);
    assert_eq!(group.room(), 8 << 20);
    let name = |id: i64| format!("{id:0>60000}");
    for id in 0..100 {
        group.push(&row(id, Some(&name(id)))).unwrap();
    }
    let others = budget.account("others", ByteCount::ZERO);
    let taken = others.try_reserve(budget.pool() - more.used()).unwrap();
    writer.write(&mut group, &memory).unwrap();
    drop(taken);
    let file = writer.finish().unwrap();
    assert_eq!((file.record_count, file.split_offsets.len()), (100, 6));
    let reader = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(&path).unwrap()).unwrap();
    let mut id = 0;
    for batch in reader.build().unwrap() {
        for read in batch.unwrap().column(1).as_string::<i32>() {
            assert_eq!(read, Some(name(id).as_str()), "row {id}");
            id += 1;
        }
    }
    assert_eq!(id, 100);
}

#[test]
fn what_a_file_keeps_for_its_footer_is_known() {
    const COLUMNS: usize = 60;
    let dir = tempfile::tempdir().unwrap();
    let account = account(ByteCount::mib(8));
    let disk: Arc<dyn base::Disk> = Arc::new(base::RealDisk);
    let fields = (0..COLUMNS).map(|column| Field::new(format!("column_{column}"), DataType::Int64, true));
    let layout = Layout::new(Arc::new(Schema::new(fields.collect::<Vec<_>>()))).unwrap();
    let shape = FileShape { layout, measured: (0..COLUMNS).collect() };
    let path = dir.path().join("a.parquet");
    let mut writer = DataFileWriter::create(&disk, "/t/a.parquet".to_owned(), path, &shape).unwrap();
    let mut group = RowGroup::new(&account, 64 << 10).unwrap();
    let mut write = |id: i64| {
        let cell = [&[1][..], &id.to_le_bytes()].concat();
        group.push(&cell.repeat(COLUMNS)).unwrap();
        writer.write(&mut group, &EncodeMemory::new(&account, &account)).unwrap();
        group.clear(64 << 10);
    };
    write(0);
    let ((), held) = held_of(|| (1..50).for_each(&mut write));
    let told = writer.footer_memory().get() as i64;
    assert!(held <= told && told < 2 * held, "{held} bytes are held and {told} told");
    writer.finish().unwrap();
}

#[test]
fn a_missing_value_for_a_required_column_is_named_and_the_file_removed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.parquet");
    let account = account(ByteCount::mib(8));
    let disk: Arc<dyn base::Disk> = Arc::new(base::RealDisk);
    let mut writer = DataFileWriter::create(&disk, "/t/a.parquet".to_owned(), path.clone(), &shape()).unwrap();
    let mut group = RowGroup::new(&account, 64 << 10).unwrap();
    group.push(&[0, 0, 0]).unwrap();
    let told = writer.write(&mut group, &EncodeMemory::new(&account, &account)).unwrap_err();
    assert!(told.to_string().contains("column 'id'"), "{told}");
    drop(writer);
    assert!(!path.exists());
}

#[test]
fn every_type_of_a_table_survives() {
    use arrow_array::{
        ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, FixedSizeBinaryArray, Float32Array,
        Float64Array, Int16Array, Int32Array, RecordBatch, Time64MicrosecondArray, TimestampMicrosecondArray,
        TimestampNanosecondArray,
    };
    let columns: Vec<(DataType, ArrayRef, ArrayRef)> = vec![
        (
            DataType::Boolean,
            Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])),
            Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])),
        ),
        (
            DataType::Int32,
            Arc::new(Int16Array::from(vec![Some(-7), None, Some(8)])),
            Arc::new(Int32Array::from(vec![Some(-7), None, Some(8)])),
        ),
        same(Arc::new(Float32Array::from(vec![Some(1.5), None, Some(f32::NEG_INFINITY)]))),
        same(Arc::new(Float64Array::from(vec![Some(-0.0), None, Some(f64::MAX)]))),
        same(Arc::new(
            Decimal128Array::from(vec![Some(-12_345), None, Some(1)]).with_precision_and_scale(12, 2).unwrap(),
        )),
        same(Arc::new(Date32Array::from(vec![Some(-1), None, Some(20_000)]))),
        same(Arc::new(Time64MicrosecondArray::from(vec![Some(1), None, Some(86_399_999_999)]))),
        same(Arc::new(TimestampMicrosecondArray::from(vec![Some(1), None, Some(-5)]))),
        same(Arc::new(TimestampMicrosecondArray::from(vec![Some(1), None, Some(-5)]).with_timezone("UTC"))),
        same(Arc::new(TimestampNanosecondArray::from(vec![Some(1), None, Some(-5)]))),
        same(Arc::new(BinaryArray::from(vec![Some(b"ab".as_slice()), None, Some(b"")]))),
        (
            DataType::FixedSizeBinary(2),
            Arc::new(BinaryArray::from(vec![Some(b"ab".as_slice()), None, Some(b"cd")])),
            Arc::new(
                FixedSizeBinaryArray::try_from_sparse_iter_with_size([Some(b"ab"), None, Some(b"cd")].into_iter(), 2)
                    .unwrap(),
            ),
        ),
    ];
    let name = |index: usize| format!("c{index}");
    let table = columns.iter().enumerate().map(|(index, (ty, _, _))| Field::new(name(index), ty.clone(), true));
    let layout = Layout::new(Arc::new(Schema::new(table.collect::<Vec<_>>()))).unwrap();
    let given = RecordBatch::try_from_iter(
        columns.iter().enumerate().map(|(index, (_, given, _))| (name(index), given.clone())),
    )
    .unwrap();
    let cells = lake::run::BatchCells::new(&layout, &given, None).unwrap();
    let account = account(ByteCount::mib(8));
    let mut group = RowGroup::new(&account, 64 << 10).unwrap();
    for index in 0..3 {
        let mut row = Vec::new();
        assert!(!cells.put_row(index, &mut row).unwrap());
        group.push(&row).unwrap();
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.parquet");
    let disk: Arc<dyn base::Disk> = Arc::new(base::RealDisk);
    let shape = FileShape { layout, measured: (0..columns.len()).collect() };
    let mut writer = DataFileWriter::create(&disk, "/t/a.parquet".to_owned(), path.clone(), &shape).unwrap();
    writer.write(&mut group, &EncodeMemory::new(&account, &account)).unwrap();
    writer.finish().unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(&path).unwrap()).unwrap();
    let batch = reader.build().unwrap().next().unwrap().unwrap();
    for (index, (_, _, expected)) in columns.iter().enumerate() {
        assert_eq!(batch.column(index), expected, "column {index}");
    }
}

fn same(array: arrow_array::ArrayRef) -> (arrow_schema::DataType, arrow_array::ArrayRef, arrow_array::ArrayRef) {
    (array.data_type().clone(), array.clone(), array)
}
