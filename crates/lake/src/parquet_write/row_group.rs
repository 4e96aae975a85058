//! The rows of one row group, waiting to be encoded.

use arrow_array::ArrayRef;
use base::{ByteCount, Error, Result};
use ledger::{Account, Reservation};

use crate::run::{ColumnBuilder, Layout};

/// Encoded rows (see [`crate::run::cells`]) in the order in which they will stand in the file, all paid for.
#[derive(Debug)]
pub struct RowGroup {
    bytes: Vec<u8>,
    /// Where each row begins; while columns are taken, where its next cell begins.
    starts: Vec<u32>,
    column: usize,
    /// What rows are expected to grow by when they are replaced.
    pledged: usize,
    paid: Reservation,
}

/// What a row costs beside its bytes.
const ROW_BYTES: usize = size_of::<u32>();

impl RowGroup {
    /// Room for `bytes` of rows, reserved now.
    ///
    /// # Errors
    /// The account cannot give it.
    pub fn new(account: &Account, bytes: usize) -> Result<Self> {
        let paid = crate::files::durable::reserve(account, ByteCount::from(bytes), "a row group")?;
        Ok(Self { bytes: Vec::with_capacity(bytes / 8 * 7), starts: Vec::new(), column: 0, pledged: 0, paid })
    }

    pub fn rows(&self) -> usize {
        self.starts.len()
    }

    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// A row of `bytes` does not fit beside what is there and is expected.
    pub fn is_full_for(&self, bytes: usize) -> bool {
        !self.is_empty() && self.needed(bytes + self.pledged) > self.paid.bytes()
    }

    /// Keeps room for a row that will be replaced by one of about `bytes`.
    pub fn pledge(&mut self, bytes: usize) {
        self.pledged += bytes;
    }

    fn needed(&self, more: usize) -> ByteCount {
        // A vector of starts that grows holds old and new at once.
        let starts = (self.starts.len() + 1).next_power_of_two() * ROW_BYTES * 3 / 2;
        ByteCount::from(self.bytes.len() + more + starts)
    }

    /// Appends a row. A row larger than the whole group must be paid for beyond it.
    ///
    /// # Errors
    /// The account cannot give it.
    pub fn push(&mut self, row: &[u8]) -> Result<()> {
        let needed = self.needed(row.len());
        crate::files::durable::grow_to(&mut self.paid, needed, "a row of a row group")?;
        self.starts.push(self.bytes.len() as u32);
        self.bytes.extend_from_slice(row);
        Ok(())
    }

    /// An encoded row with whatever follows it.
    pub fn row(&self, index: usize) -> &[u8] {
        &self.bytes[self.starts[index] as usize..]
    }

    /// Puts another row in the place of one.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub fn replace(&mut self, index: usize, row: &[u8]) -> Result<()> {
        let needed = self.needed(row.len());
        crate::files::durable::grow_to(&mut self.paid, needed, "a row of a row group")?;
        self.starts[index] = self.bytes.len() as u32;
        self.bytes.extend_from_slice(row);
        Ok(())
    }

    /// Takes out the next column of all rows.
    ///
    /// # Errors
    /// A row is damaged, or all columns were taken.
    pub fn next_column(&mut self, layout: &Layout) -> Result<ArrayRef> {
        let damaged = || Error::internal("a damaged row in a row group");
        let column = self.column;
        let mut bytes = 0;
        for start in &self.starts {
            bytes += layout.cell_bytes(column, &self.bytes[*start as usize..]).ok_or_else(damaged)?;
        }
        let mut builder = ColumnBuilder::new(layout, column, self.starts.len(), bytes);
        for start in &mut self.starts {
            let row = &self.bytes[*start as usize..];
            let (cell, rest) = layout.cell(column, row).ok_or_else(damaged)?;
            builder.push(cell)?;
            *start += (row.len() - rest.len()) as u32;
        }
        self.column += 1;
        builder.finish()
    }

    /// Forgets the rows and keeps the room.
    pub fn clear(&mut self, room: usize) {
        self.bytes.clear();
        self.starts.clear();
        self.column = 0;
        self.pledged = 0;
        self.bytes.shrink_to(room);
        self.paid.shrink_to(ByteCount::from(room));
    }
}
