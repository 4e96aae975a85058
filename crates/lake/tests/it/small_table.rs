//! What several tests need: a small table's columns, batches for it, accounts.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow_buffer::BooleanBuffer;
use arrow_schema::{DataType, Field, Schema};
use base::{ByteCount, Offset, PartitionIndex, RealDisk};
use lake::run::{Input, InputMode, KeyHasher, Layout, SortRoom, Sorter};
use ledger::{Account, Budget};
use rows::{AbsentMask, Batch, Origin, PartitionId, RowKind};

/// `id BIGINT NOT NULL`, `name STRING`, `n BIGINT`.
pub(crate) fn layout() -> Layout {
    let field = |id: i32, name: &str, ty: DataType, nullable: bool| {
        Field::new(name, ty, nullable).with_metadata(HashMap::from([("PARQUET:field_id".to_owned(), id.to_string())]))
    };
    let schema = Schema::new(vec![
        field(1, "id", DataType::Int64, false),
        field(2, "name", DataType::Utf8, true),
        field(3, "n", DataType::Int64, true),
    ]);
    Layout::new(Arc::new(schema)).unwrap()
}

pub(crate) const SECRET: [u8; 16] = [7; 16];

pub(crate) fn hasher() -> KeyHasher {
    KeyHasher::new(layout(), vec![0], &SECRET)
}

/// The hash of the key `id`.
pub(crate) fn hash_of(id: i64) -> u128 {
    let mut row = vec![1];
    row.extend_from_slice(&id.to_le_bytes());
    row.extend_from_slice(&[0, 0]);
    hasher().hash(&row, &mut Vec::new()).unwrap()
}

/// An account with a floor, and nothing else in its budget.
pub(crate) fn account(floor: ByteCount) -> Account {
    Budget::new(floor).account("test", floor)
}

pub(crate) fn sorter(dir: &Path, account: &Account) -> Sorter {
    Sorter::new(layout(), Arc::new(RealDisk), dir.to_owned(), account.clone(), &SortRoom::unlimited())
}

pub(crate) fn upsert_input() -> Input {
    Input::new(InputMode::Upsert(hasher()))
}

/// A cell of the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value<T> {
    Null,
    Absent,
    Set(T),
}

/// A record as a source would hand it out.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    pub(crate) position: Option<u64>,
    pub(crate) kind: RowKind,
    pub(crate) id: i64,
    pub(crate) name: Value<String>,
    pub(crate) n: Value<i64>,
}

pub(crate) fn partition(index: i32) -> PartitionId {
    PartitionId { topic: "t".into(), index: PartitionIndex(index), cluster: "c".into(), topic_id: "i".into() }
}

/// A batch of changes of one partition.
pub(crate) fn batch(changes: &[Change]) -> Batch {
    let ids: Int64Array = changes.iter().map(|change| Some(change.id)).collect();
    let set = |value: &Value<i64>| if let Value::Set(n) = value { Some(*n) } else { None };
    let n: Int64Array = changes.iter().map(|change| set(&change.n)).collect();
    let text = |value: &Value<String>| if let Value::Set(text) = value { Some(text.clone()) } else { None };
    let name: StringArray = changes.iter().map(|change| text(&change.name)).collect();
    let mask = |absent: Vec<bool>| absent.contains(&true).then(|| BooleanBuffer::from(absent));
    let absent = AbsentMask::new(vec![
        None,
        mask(changes.iter().map(|change| change.name == Value::Absent).collect()),
        mask(changes.iter().map(|change| change.n == Value::Absent).collect()),
    ]);
    let schema = Arc::new(Schema::new(vec![
        Field::new("id", DataType::Int64, true),
        Field::new("name", DataType::Utf8, true),
        Field::new("n", DataType::Int64, true),
    ]));
    let columns: Vec<ArrayRef> = vec![Arc::new(ids), Arc::new(name), Arc::new(n)];
    Batch {
        columns: RecordBatch::try_new(schema, columns).unwrap(),
        kinds: Some(changes.iter().map(|change| change.kind).collect()),
        absent,
        origin: Origin {
            partition: partition(changes[0].partition),
            offsets: changes.iter().map(|change| Offset(change.offset)).collect(),
            source_positions: changes.iter().map(|change| change.position).collect(),
            from_key_update: None,
        },
    }
}
