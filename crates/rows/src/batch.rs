//! A batch: columns, what each row does, which cells are absent, and where the rows came from.

use arrow_array::{BooleanArray, RecordBatch};
use arrow_buffer::BooleanBuffer;
use arrow_schema::ArrowError;
use arrow_select::filter::filter_record_batch;
use base::Offset;

use crate::position::PartitionId;

/// What a row does to the stream's table (Flink's `RowKind`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum RowKind {
    /// `+I`
    Insert = 0,
    /// `-U`
    UpdateBefore = 1,
    /// `+U`
    UpdateAfter = 2,
    /// `-D`
    Delete = 3,
}

impl RowKind {
    /// Flink's short form: `+I`, `-U`, `+U`, `-D`.
    pub fn short(self) -> &'static str {
        match self {
            Self::Insert => "+I",
            Self::UpdateBefore => "-U",
            Self::UpdateAfter => "+U",
            Self::Delete => "-D",
        }
    }
}

/// Which cells are absent: neither a value nor NULL, but "what the table had" (Debezium's unchanged TOAST value).
///
/// One bitmap per column, set = absent; a column without absent cells has none. An absent cell is NULL in its column.
#[derive(Clone, Debug, Default)]
pub struct AbsentMask {
    columns: Vec<Option<BooleanBuffer>>,
}

impl AbsentMask {
    pub fn none(columns: usize) -> Self {
        Self { columns: vec![None; columns] }
    }

    pub fn new(columns: Vec<Option<BooleanBuffer>>) -> Self {
        Self { columns }
    }

    pub fn column(&self, index: usize) -> Option<&BooleanBuffer> {
        self.columns.get(index).and_then(Option::as_ref)
    }

    pub fn is_absent(&self, column: usize, row: usize) -> bool {
        self.column(column).is_some_and(|mask| mask.value(row))
    }

    pub fn any(&self) -> bool {
        self.columns.iter().any(Option::is_some)
    }

    pub fn columns(&self) -> &[Option<BooleanBuffer>] {
        &self.columns
    }
}

/// Where the rows of a batch came from. All rows are of one partition, in the order of their offsets.
#[derive(Clone, Debug)]
pub struct Origin {
    pub partition: PartitionId,
    /// The offset of each row's record; a record may give several rows.
    pub offsets: Vec<Offset>,
    /// The source position of each row (PostgreSQL's lsn, MySQL's pos), which orders rows of one key across partitions;
    /// `None` where the record has none, as a tombstone. Empty if the format has none at all.
    pub source_positions: Vec<Option<u64>>,
    /// Rows that a primary-key update made (the create that names its old key in `__debezium.oldkey`); set = it is one. `None` if none is.
    pub from_key_update: Option<BooleanBuffer>,
}

/// Rows on their way. `kinds` is `None` where all rows are inserts (an append stream).
#[derive(Clone, Debug)]
pub struct Batch {
    pub columns: RecordBatch,
    pub kinds: Option<Vec<RowKind>>,
    pub absent: AbsentMask,
    pub origin: Origin,
}

impl Batch {
    pub fn rows(&self) -> usize {
        self.columns.num_rows()
    }

    pub fn kind(&self, row: usize) -> RowKind {
        self.kinds.as_ref().map_or(RowKind::Insert, |kinds| kinds[row])
    }

    /// The rows whose bit is set, with all that belongs to them.
    pub fn select(&self, keep: &BooleanBuffer) -> Result<Self, ArrowError> {
        let columns = filter_record_batch(&self.columns, &BooleanArray::new(keep.clone(), None))?;
        let mask = |mask: &Option<BooleanBuffer>| {
            mask.as_ref().map(|mask| keep.set_indices().map(|row| mask.value(row)).collect::<BooleanBuffer>())
        };
        let origin = Origin {
            partition: self.origin.partition.clone(),
            offsets: keep.set_indices().map(|row| self.origin.offsets[row]).collect(),
            source_positions: match self.origin.source_positions.as_slice() {
                [] => Vec::new(),
                positions => keep.set_indices().map(|row| positions[row]).collect(),
            },
            from_key_update: mask(&self.origin.from_key_update),
        };
        let kinds = self.kinds.as_ref().map(|kinds| keep.set_indices().map(|row| kinds[row]).collect());
        let absent = AbsentMask::new(self.absent.columns().iter().map(mask).collect());
        Ok(Self { columns, kinds, absent, origin })
    }

    /// The bytes that its buffers hold, to be reserved before it is kept.
    pub fn memory(&self) -> usize {
        let columns: usize = self.columns.columns().iter().map(arrow_array::Array::get_buffer_memory_size).sum();
        columns
            + self.kinds.as_ref().map_or(0, Vec::len)
            + self.origin.offsets.len() * 8
            + self.origin.source_positions.len() * 16
            + self.absent.columns().iter().flatten().count() * self.rows().div_ceil(8)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::Int64Array;
    use base::PartitionIndex;

    use super::*;
    use crate::types::{Field, LogicalType, Schema};

    #[test]
    fn selected_rows_keep_all_that_belongs_to_them() {
        let schema = Schema::new(vec![Field::new("n", LogicalType::BigInt, true)]);
        let numbers = Arc::new(Int64Array::from(vec![Some(10), None, Some(12)]));
        let partition =
            PartitionId { topic: "t".into(), index: PartitionIndex(0), cluster: "".into(), topic_id: "".into() };
        let batch = Batch {
            columns: RecordBatch::try_new(schema.arrow(), vec![numbers]).unwrap(),
            kinds: Some(vec![RowKind::Insert, RowKind::UpdateAfter, RowKind::Delete]),
            absent: AbsentMask::new(vec![Some([false, true, false].into_iter().collect())]),
            origin: Origin {
                partition,
                offsets: vec![Offset(5), Offset(6), Offset(8)],
                source_positions: vec![Some(100), Some(101), None],
                from_key_update: Some([false, true, false].into_iter().collect()),
            },
        };
        let selected = batch.select(&[false, true, true].into_iter().collect()).unwrap();
        assert_eq!(selected.rows(), 2);
        assert_eq!((selected.kind(0), selected.kind(1)), (RowKind::UpdateAfter, RowKind::Delete));
        assert!(selected.absent.is_absent(0, 0) && !selected.absent.is_absent(0, 1));
        assert_eq!(selected.origin.offsets, [Offset(6), Offset(8)]);
        assert_eq!(selected.origin.source_positions, [Some(101), None]);
        assert!(selected.origin.from_key_update.unwrap().value(0));
    }
}
