//! From batches to records.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base::{ByteCount, Result};
use rows::{Batch, PartitionId, RowKind};

use super::batch_cells::BatchCells;
use super::cells::Layout;
use super::key::KeyHasher;
use super::order::Order;
use super::record::{Kind, RECORD_BYTES_MIN, Record};
use super::sorter::Sorter;

/// What identifies a row.
#[derive(Clone, Debug)]
pub enum InputMode {
    Upsert(KeyHasher),
    /// Nothing: rows are kept as they come, so the "hash" is the arrival.
    Append,
}

/// Turns the batches of a commit into records of a sorter.
#[derive(Debug)]
pub struct Input {
    mode: InputMode,
    partitions: BTreeMap<PartitionId, u64>,
    arrival: u64,
    /// What stands before the row in the record that was taken last.
    head: Vec<u8>,
    key: Vec<u8>,
}

impl Input {
    pub fn new(mode: InputMode) -> Self {
        Self { mode, partitions: BTreeMap::new(), arrival: 0, head: Vec::new(), key: Vec::new() }
    }

    /// Begins a new commit.
    pub fn restart(&mut self) {
        self.partitions.clear();
        self.arrival = 0;
    }

    /// Rows taken in this commit.
    pub fn arrived(&self) -> u64 {
        self.arrival
    }

    /// A number per partition that sorts by its index first.
    fn partition(&mut self, id: &PartitionId) -> u64 {
        if let Some(number) = self.partitions.get(id) {
            return *number;
        }
        let number = (u64::from(id.index.0 as u32) << 32) | self.partitions.len() as u64;
        self.partitions.insert(id.clone(), number);
        number
    }

    /// Takes the rows; answers the bytes of their records.
    ///
    /// # Errors
    /// A key is missing, the batch does not fit the table, or the sorter's disk fails.
    pub fn take(&mut self, layout: &Layout, batch: &Batch, sorter: &mut Sorter) -> Result<ByteCount> {
        let cells = BatchCells::new(layout, &batch.columns, Some(&batch.absent))?;
        let partition = self.partition(&batch.origin.partition);
        let mut bytes = 0;
        for index in 0..batch.rows() {
            let kind = match batch.kind(index) {
                RowKind::Insert => Kind::Create,
                RowKind::UpdateAfter => Kind::Update,
                RowKind::Delete => Kind::Delete,
                // What an update takes back is replaced by what comes next.
                RowKind::UpdateBefore => continue,
            };
            let positions = &batch.origin.source_positions;
            let position = positions.get(index).copied().unwrap_or(Some(0));
            let order = Order { position: position.unwrap_or(0), partition, arrival: self.arrival };
            let bytes_max = RECORD_BYTES_MIN + cells.row_bytes(index);
            bytes += sorter.push(bytes_max, |out| {
                let start = out.len();
                self.put(&cells, index, (kind, position.is_none(), order), out)?;
                Ok(out.len() - start)
            })?;
            self.arrival += 1;
        }
        Ok(ByteCount::from(bytes))
    }

    /// Appends a row's record, which lies in the sort buffer from the start: first the row, then, with the hash that
    /// follows from it, what stands before.
    fn put(
        &mut self,
        cells: &BatchCells<'_>,
        index: usize,
        (kind, floating, order): (Kind, bool, Order),
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let start = out.len();
        let row_at = start + RECORD_BYTES_MIN;
        out.resize(row_at, 0);
        let mut absent = cells.put_row(index, out)?;
        let hash = match &self.mode {
            InputMode::Upsert(hasher) => hasher.hash(&out[row_at..], &mut self.key)?,
            InputMode::Append => u128::from(self.arrival),
        };
        if kind == Kind::Delete {
            out.truncate(row_at);
            absent = false;
        }
        let (cut, tails, cell_orders, row) = (None, Vec::new(), Vec::new(), Cow::Borrowed(&[][..]));
        let record = Record { hash, kind, floating, order, cut, tails, cell_orders, absent, row };
        self.head.clear();
        record.put_head(out.len() - row_at, &mut self.head);
        out[start..row_at].copy_from_slice(&self.head);
        Ok(())
    }
}
