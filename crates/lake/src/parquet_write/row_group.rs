//! The rows of one row group, waiting to be encoded.

use std::ops::Range;

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
    /// What rows are expected to grow by when they are replaced.
    pledged: usize,
    paid: Reservation,
    /// Room beyond the least, of an account without a floor, so that the floor stays for what needs it.
    widened: Reservation,
}

/// The array of a column is made of so many bytes of cells at a time, of one cell at least.
pub(super) const PIECE_BYTES: usize = 256 << 10;

/// What a row costs beside its bytes.
const ROW_BYTES: usize = size_of::<u32>();

impl RowGroup {
    /// Room for `bytes` of rows, reserved now.
    ///
    /// # Errors
    /// The account cannot give it.
    pub fn new(account: &Account, bytes: usize) -> Result<Self> {
        let paid = crate::files::durable::reserve(account, ByteCount::from(bytes), "a row group")?;
        let widened = account.empty();
        Ok(Self { bytes: Vec::with_capacity(bytes / 8 * 7), starts: Vec::new(), pledged: 0, paid, widened })
    }

    /// Makes room for `bytes` in all, or for a half, a quarter of that, as `more` can pay for.
    pub fn widen(&mut self, more: &Account, bytes: usize) {
        let least = self.paid.bytes().as_usize();
        let mut bytes = bytes;
        while bytes > least {
            if let Some(widened) = more.try_reserve(ByteCount::from(bytes - least)) {
                self.widened = widened;
                self.bytes.reserve_exact((bytes / 8 * 7).saturating_sub(self.bytes.len()));
                return;
            }
            bytes /= 2;
        }
    }

    /// The bytes there is room for.
    pub fn room(&self) -> usize {
        (self.paid.bytes() + self.widened.bytes()).as_usize()
    }

    pub fn rows(&self) -> usize {
        self.starts.len()
    }

    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// A row of `bytes` does not fit beside what is there and is expected.
    pub fn is_full_for(&self, bytes: usize) -> bool {
        !self.is_empty() && self.needed(bytes + self.pledged).as_usize() > self.room()
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
        self.pay_for(row.len())?;
        self.starts.push(self.bytes.len() as u32);
        self.bytes.extend_from_slice(row);
        Ok(())
    }

    fn pay_for(&mut self, more: usize) -> Result<()> {
        let needed = self.needed(more).saturating_sub(self.widened.bytes());
        crate::files::durable::grow_to(&mut self.paid, needed, "a row of a row group")
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
        self.pay_for(row.len())?;
        self.starts[index] = self.bytes.len() as u32;
        self.bytes.extend_from_slice(row);
        Ok(())
    }

    /// How many rows from `from` on can be encoded together if no column of theirs may have more than `widest_max` bytes:
    /// the end of their range, one row at least, and the bytes of their widest column. Before any column is taken.
    ///
    /// # Errors
    /// A row is damaged.
    pub fn fitting(&self, layout: &Layout, from: usize, widest_max: usize) -> Result<(usize, usize)> {
        let mut widths = vec![0; layout.columns()];
        let mut widest = 0;
        for (index, start) in self.starts.iter().enumerate().skip(from) {
            let mut at = *start as usize;
            let mut wider = widest;
            for (column, width) in widths.iter_mut().enumerate() {
                let cell = layout.cell_bytes(column, &self.bytes[at..]).ok_or_else(damaged)?;
                *width += cell;
                at += cell;
                wider = wider.max(*width);
            }
            if wider > widest_max && index > from {
                return Ok((index, widest));
            }
            widest = wider;
        }
        Ok((self.starts.len(), widest))
    }

    /// The next cells of `rows` as an array of `column`, as far as [`PIECE_BYTES`] go, and where to go on. The columns
    /// of a row must be taken in their order.
    ///
    /// # Errors
    /// A row is damaged.
    pub fn next_piece(&mut self, layout: &Layout, column: usize, rows: Range<usize>) -> Result<(ArrayRef, usize)> {
        let (end, bytes) = self.piece(layout, column, rows.clone())?;
        let mut builder = ColumnBuilder::new(layout, column, end - rows.start, bytes);
        for start in &mut self.starts[rows.start..end] {
            let row = &self.bytes[*start as usize..];
            let (cell, rest) = layout.cell(column, row).ok_or_else(damaged)?;
            builder.push(cell)?;
            *start += (row.len() - rest.len()) as u32;
        }
        Ok((builder.finish()?, end))
    }

    fn piece(&self, layout: &Layout, column: usize, rows: Range<usize>) -> Result<(usize, usize)> {
        let mut bytes = 0;
        for index in rows.clone() {
            let cell = layout.cell_bytes(column, &self.bytes[self.starts[index] as usize..]).ok_or_else(damaged)?;
            if bytes + cell > PIECE_BYTES && index > rows.start {
                return Ok((index, bytes));
            }
            bytes += cell;
        }
        Ok((rows.end, bytes))
    }

    /// Forgets the rows and keeps the room of `least`, and what was widened.
    pub fn clear(&mut self, least: usize) {
        self.bytes.clear();
        self.starts.clear();
        self.pledged = 0;
        self.paid.shrink_to(ByteCount::from(least));
        self.bytes.shrink_to(self.room());
    }
}

fn damaged() -> Error {
    Error::internal("a damaged row in a row group")
}
