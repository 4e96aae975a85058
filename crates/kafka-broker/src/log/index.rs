//! The sparse index of one segment: where to begin looking for an offset or a time.
//!
//! ```text
//! entry, 16 bytes   relative offset u32 | position u32 | largest timestamp before position i64
//! ```
//! The batch at `position` has the segment's base plus `relative offset` as its base offset. A sealed segment ends with an
//! entry for its end, so that its last entry holds the largest timestamp of the whole segment. Entries only save reading:
//! whoever uses one checks the batch that it points to, and without any the segment is read from its start.

use std::io;

use base::DiskFile;

/// Bytes of log between two entries: a look-up reads the headers of half as much on average.
pub(super) const INDEX_INTERVAL: u64 = 16 << 10;
pub(super) const ENTRY_BYTES: u64 = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) relative_offset: u32,
    pub(super) position: u32,
    /// -1 if no batch before has one.
    pub(super) max_timestamp: i64,
}

impl Entry {
    pub(super) fn write(self, index: &dyn DiskFile, slot: u32) -> io::Result<()> {
        let mut bytes = [0; ENTRY_BYTES as usize];
        bytes[0..4].copy_from_slice(&self.relative_offset.to_be_bytes());
        bytes[4..8].copy_from_slice(&self.position.to_be_bytes());
        bytes[8..16].copy_from_slice(&self.max_timestamp.to_be_bytes());
        index.write_all_at(&bytes, u64::from(slot) * ENTRY_BYTES)
    }

    pub(super) fn read(index: &dyn DiskFile, slot: u32) -> io::Result<Self> {
        let mut bytes = [0; ENTRY_BYTES as usize];
        index.read_exact_at(&mut bytes, u64::from(slot) * ENTRY_BYTES)?;
        let mut from = bytes.as_slice();
        let mut next = || crate::files::take::<4>(&mut from).unwrap_or_default();
        let (relative_offset, position) = (u32::from_be_bytes(next()), u32::from_be_bytes(next()));
        let (high, low) = (next(), next());
        let max_timestamp = (i64::from(i32::from_be_bytes(high)) << 32) | i64::from(u32::from_be_bytes(low));
        Ok(Self { relative_offset, position, max_timestamp })
    }
}

/// The last of the first `entries` entries for which `before` holds; it must hold for a prefix of them.
pub(super) fn last_before(
    index: &dyn DiskFile,
    entries: u32,
    before: impl Fn(&Entry) -> bool,
) -> io::Result<Option<Entry>> {
    let (mut low, mut high) = (0, entries);
    let mut found = None;
    while low < high {
        let middle = low + (high - low) / 2;
        let entry = Entry::read(index, middle)?;
        if before(&entry) {
            found = Some(entry);
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(found)
}
