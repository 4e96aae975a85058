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
    /// Bytes of rows that were replaced, until they are squeezed out.
    dead: usize,
    paid: Reservation,
    /// Room beyond the least, of an account without a floor, so that the floor stays for what needs it.
    widened: Reservation,
}

/// The array of a column is made of so many bytes of cells at a time, of one cell at least.
pub(super) const PIECE_BYTES: usize = 256 << 10;

/// What a row costs beside its bytes.
const ROW_BYTES: usize = size_of::<u32>();

/// The part of the room that is for the bytes of rows.
const fn share(room: usize) -> usize {
    room / 8 * 7
}

impl RowGroup {
    /// Room for `bytes` of rows, reserved now.
    ///
    /// # Errors
    /// The account cannot give it.
    pub fn new(account: &Account, bytes: usize) -> Result<Self> {
        let paid = crate::files::durable::reserve(account, ByteCount::from(bytes), "a row group")?;
        let widened = account.empty();
        Ok(Self { bytes: Vec::with_capacity(share(bytes)), starts: Vec::new(), pledged: 0, dead: 0, paid, widened })
    }

    /// Makes room for `bytes` in all, or for a half, a quarter of that, as `more` can pay for.
    pub fn widen(&mut self, more: &Account, bytes: usize) {
        let least = self.paid.bytes().as_usize();
        let mut bytes = bytes;
        while bytes > least {
            if let Some(widened) = more.try_reserve(ByteCount::from(bytes - least)) {
                self.widened = widened;
                self.bytes.reserve_exact(share(bytes).saturating_sub(self.bytes.len()));
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
        !self.is_empty() && !self.has_room_for(bytes + self.pledged)
    }

    /// The bytes that rows may still take without more memory.
    pub fn free(&self) -> usize {
        self.bytes.capacity() - self.bytes.len()
    }

    /// Keeps room for a row that will be replaced by one of about `bytes`.
    pub fn pledge(&mut self, bytes: usize) {
        self.pledged += bytes;
    }

    /// The rows that were expected to grow have.
    pub fn forget_pledges(&mut self) {
        self.pledged = 0;
    }

    fn has_room_for(&self, more: usize) -> bool {
        more <= self.free() && self.needed(more).as_usize() <= self.room()
    }

    /// What is held once `more` bytes are there.
    fn needed(&self, more: usize) -> ByteCount {
        // A vector of starts that grows holds old and new at once.
        let starts = (self.starts.len() + 1).next_power_of_two() * ROW_BYTES * 3 / 2;
        ByteCount::from(self.bytes.capacity().max(self.bytes.len() + more) + starts)
    }

    /// Appends a row. A row larger than the whole group must be paid for beyond it.
    ///
    /// # Errors
    /// The account cannot give it.
    pub fn push(&mut self, row: &[u8]) -> Result<()> {
        let start = self.append(row)?;
        self.starts.push(start);
        Ok(())
    }

    /// Where the row begins.
    fn append(&mut self, row: &[u8]) -> Result<u32> {
        if u32::try_from(self.bytes.len() + row.len()).is_err() {
            return Err(Error::user("the rows of a row group take more than 4 GiB")
                .hint("lower 'millstream.write.row-group-bytes'"));
        }
        let needed = self.needed(row.len()).saturating_sub(self.widened.bytes());
        crate::files::durable::grow_to(&mut self.paid, needed, "a row of a row group")?;
        // No more than was paid for, which a vector that doubles would take.
        self.bytes.reserve_exact(row.len());
        let start = self.bytes.len() as u32;
        self.bytes.extend_from_slice(row);
        Ok(start)
    }

    /// An encoded row with whatever follows it.
    pub fn row(&self, index: usize) -> &[u8] {
        &self.bytes[self.starts[index] as usize..]
    }

    /// Puts another row in the place of one, unless there is no room for it; false then, and the row is what it was.
    ///
    /// # Errors
    /// A row is damaged.
    pub fn replace(&mut self, layout: &Layout, index: usize, row: &[u8]) -> Result<bool> {
        if !self.has_room_for(row.len()) && row.len() <= self.free() + self.dead {
            self.squeeze(layout)?;
        }
        if !self.has_room_for(row.len()) {
            return Ok(false);
        }
        self.replace_beyond(layout, index, row)?;
        Ok(true)
    }

    /// Puts another row in the place of one; where there is no room, it is paid for beyond it.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub fn replace_beyond(&mut self, layout: &Layout, index: usize, row: &[u8]) -> Result<()> {
        if row.len() > self.free() && self.dead > 0 {
            self.squeeze(layout)?;
        }
        let dead = row_bytes(layout, self.row(index))?;
        self.starts[index] = self.append(row)?;
        self.dead += dead;
        Ok(())
    }

    /// Gives the room of rows that were replaced back to others.
    fn squeeze(&mut self, layout: &Layout) -> Result<()> {
        let mut order: Vec<u32> = (0..self.starts.len() as u32).collect();
        order.sort_unstable_by_key(|index| self.starts[*index as usize]);
        let mut to = 0;
        for index in order {
            let from = self.starts[index as usize] as usize;
            let length = row_bytes(layout, &self.bytes[from..])?;
            self.bytes.copy_within(from..from + length, to);
            self.starts[index as usize] = to as u32;
            to += length;
        }
        self.bytes.truncate(to);
        self.dead = 0;
        Ok(())
    }

    /// Forgets the first rows, which were written; those behind have their numbers then.
    ///
    /// # Errors
    /// A row is damaged.
    pub fn drop_first(&mut self, layout: &Layout, count: usize, least: usize) -> Result<()> {
        self.starts.drain(..count);
        self.squeeze(layout)?;
        self.bytes.shrink_to(share(self.room_kept(least)));
        let needed = self.needed(0).saturating_sub(self.widened.bytes());
        self.paid.shrink_to(needed.max(ByteCount::from(least)));
        Ok(())
    }

    /// The room without what was paid for rows beyond it.
    fn room_kept(&self, least: usize) -> usize {
        least + self.widened.bytes().as_usize()
    }

    /// How many of `rows` can be encoded together, from the first on, if no column of theirs may have more than
    /// `widest_max` bytes: the end of their range, one row at least, and the bytes of their widest column. Before any
    /// column is taken.
    ///
    /// # Errors
    /// A row is damaged.
    pub fn fitting(&self, layout: &Layout, rows: Range<usize>, widest_max: usize) -> Result<(usize, usize)> {
        let mut widths = vec![0; layout.columns()];
        let mut widest = 0;
        for (index, start) in self.starts.iter().enumerate().take(rows.end).skip(rows.start) {
            let mut at = *start as usize;
            let mut wider = widest;
            for (column, width) in widths.iter_mut().enumerate() {
                let cell = layout.cell_bytes(column, &self.bytes[at..]).ok_or_else(damaged)?;
                *width += cell;
                at += cell;
                wider = wider.max(*width);
            }
            if wider > widest_max && index > rows.start {
                return Ok((index, widest));
            }
            widest = wider;
        }
        Ok((rows.end, widest))
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
        (self.pledged, self.dead) = (0, 0);
        self.bytes.shrink_to(share(self.room_kept(least)));
        self.paid.shrink_to(ByteCount::from(least));
    }
}

/// The length of the row at the beginning of `row`.
pub fn row_bytes(layout: &Layout, row: &[u8]) -> Result<usize> {
    let mut at = 0;
    for column in 0..layout.columns() {
        at += layout.cell_bytes(column, &row[at..]).ok_or_else(damaged)?;
    }
    Ok(at)
}

fn damaged() -> Error {
    Error::internal("a damaged row in a row group")
}
