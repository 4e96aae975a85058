//! What encoding takes beside the rows themselves.
//!
//! A column is encoded piece by piece: the piece's array (twice while it is built), a page before and after compression,
//! the dictionary, a zstd context. What a column chunk has become of the pieces before waits in memory until the chunk is
//! written, since its pages may not mix with those of another column: at worst, as many bytes as its cells had.

use std::ops::Range;

use base::{ByteCount, Result};
use ledger::{Account, Reservation};

use super::row_group::{PIECE_BYTES, RowGroup};
use crate::files::durable::reserve;
use crate::run::Layout;

/// The size of a page and of a dictionary, before compression; the parquet crate's own default is 1 MiB. Looking up one old
/// row unpacks a page and a dictionary of each wanted column, which must fit what is kept for look-ups.
pub(super) const PAGE_BYTES: usize = 256 << 10;

/// Written to the disk in pieces of so many bytes.
pub(super) const WRITE_BYTES: usize = 64 << 10;

/// Beside the chunk: see above. A zstd context of level 1 takes 1.3 MiB at most, dictionary and its hash table three pages.
const FIXED_BYTES: usize = 2 * PIECE_BYTES + 5 * PAGE_BYTES + 2 * WRITE_BYTES + (4 << 20) / 3;

/// Chunks of so many bytes of cells can always be encoded.
const CHUNK_BYTES_MIN: usize = (1 << 20) + (4 << 10);

/// What [`EncodeMemory`] takes at least while rows are encoded.
pub const ENCODE_FLOOR: ByteCount = ByteCount((FIXED_BYTES + CHUNK_BYTES_MIN) as u64);

/// Pays for encoding while it lasts: the least from an account with a floor, what a row group with a wide column takes
/// beyond from one without.
#[derive(Debug)]
pub struct EncodeMemory {
    account: Account,
    more: Account,
}

impl EncodeMemory {
    /// [`ENCODE_FLOOR`] of `account` whenever rows are encoded, anything beyond of `more`.
    pub fn new(account: &Account, more: &Account) -> Self {
        Self { account: account.clone(), more: more.clone() }
    }

    /// How many of `rows` can be encoded together, from the first on: the end of their range, and what pays for them.
    pub(super) fn for_rows(
        &self,
        group: &RowGroup,
        layout: &Layout,
        rows: Range<usize>,
    ) -> Result<(usize, [Reservation; 2])> {
        let least = reserve(&self.account, ENCODE_FLOOR, "encoding a row group")?;
        let beyond = |widest: usize| ByteCount::from(widest.saturating_sub(CHUNK_BYTES_MIN));
        let (all, widest) = group.fitting(layout, rows.clone(), usize::MAX)?;
        if let Some(paid) = self.more.try_reserve(beyond(widest)) {
            return Ok((all, [least, paid]));
        }
        let (some, widest) = group.fitting(layout, rows, CHUNK_BYTES_MIN)?;
        let paid = reserve(&self.more, beyond(widest), "encoding a single row")?;
        Ok((some, [least, paid]))
    }
}
