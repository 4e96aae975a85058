//! From batches to records.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base::{ByteCount, Result};
use rows::{Batch, PartitionId, RowKind};

use super::batch_cells::BatchCells;
use super::cells::Layout;
use super::key::KeyHasher;
use super::order::Order;
use super::record::{Kind, Record};
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
    absent_rows: u64,
    row: Vec<u8>,
    key: Vec<u8>,
}

impl Input {
    pub fn new(mode: InputMode) -> Self {
        Self { mode, partitions: BTreeMap::new(), arrival: 0, absent_rows: 0, row: Vec::new(), key: Vec::new() }
    }

    /// Begins a new commit.
    pub fn restart(&mut self) {
        self.partitions.clear();
        self.arrival = 0;
        self.absent_rows = 0;
    }

    /// Updates taken in this commit that leave cells to their old rows.
    pub fn absent_rows(&self) -> u64 {
        self.absent_rows
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
            let mut row = std::mem::take(&mut self.row);
            row.clear();
            let mut absent = cells.put_row(index, &mut row)?;
            let hash = match &self.mode {
                InputMode::Upsert(hasher) => hasher.hash(&row, &mut self.key)?,
                InputMode::Append => u128::from(self.arrival),
            };
            if kind == Kind::Delete {
                (row, absent) = (Vec::new(), false);
            }
            self.absent_rows += u64::from(absent && kind == Kind::Update);
            let positions = &batch.origin.source_positions;
            let position = positions.get(index).copied().unwrap_or(Some(0));
            let order = Order { position: position.unwrap_or(0), partition, arrival: self.arrival };
            self.arrival += 1;
            let record = Record {
                hash,
                kind,
                floating: position.is_none(),
                order,
                cut: None,
                tails: Vec::new(),
                cell_orders: Vec::new(),
                absent,
                row: Cow::Borrowed(&row),
            };
            bytes += super::record::RECORD_BYTES_MIN + row.len();
            sorter.push(&record)?;
            self.row = row;
        }
        Ok(ByteCount::from(bytes))
    }
}
