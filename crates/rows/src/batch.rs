//! A batch: columns, what each row does, which cells are absent, and where the rows came from.

use arrow_array::RecordBatch;
use arrow_buffer::BooleanBuffer;
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
