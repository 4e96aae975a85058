//! Where keys are: all runs of an index walked together, for hashes that come sorted.

use std::sync::Arc;

use base::{ByteCount, Result};
use ledger::{Account, Reservation};

use super::cursor::{CURSOR_BYTES, RunCursor};
use super::entry::{Entry, NOWHERE};
use super::files::FileTable;
use super::run::IndexRun;

/// A walk over the runs of an index. Holds its runs open, so the index may change meanwhile.
#[derive(Debug)]
pub struct Lookup {
    /// Newest first.
    cursors: Vec<RunCursor>,
    _paid: Reservation,
    _borrowed: Reservation,
}

/// What a lookup over `runs` runs needs without fences.
pub const fn lookup_bytes(runs: usize) -> ByteCount {
    ByteCount((runs * CURSOR_BYTES) as u64)
}

impl Lookup {
    /// Begins before the first hash. `runs` come oldest first. Fences are loaded if `more` can pay for them; without them
    /// runs are read from front to back.
    pub(super) fn new(runs: &[IndexRun], account: &Account, more: &Account) -> Result<Self> {
        let mut borrowed = more.empty();
        let paid = crate::files::durable::reserve(account, lookup_bytes(runs.len()), "looking up keys")?;
        let mut cursors = Vec::new();
        for run in runs.iter().rev() {
            let fence = if borrowed.try_grow(ByteCount(2 * run.fence_bytes())) {
                Some(Arc::new(run.read_fence()?))
            } else {
                None
            };
            cursors.push(RunCursor::new(run.clone(), fence)?);
        }
        Ok(Self { cursors, _paid: paid, _borrowed: borrowed })
    }

    /// Fills `found` with the places where the key may be, newest first: usually none or one. A place may be of a row
    /// that is deleted already. Hashes must not go backwards.
    ///
    /// # Errors
    /// The disk fails, or the index is damaged.
    pub fn find(&mut self, hash: u128, files: &FileTable, found: &mut Vec<Entry>) -> Result<()> {
        found.clear();
        for cursor in &mut self.cursors {
            cursor.seek(hash)?;
            let mut replaced = false;
            while let Some(entry) = cursor.current().filter(|entry| entry.hash == hash) {
                if entry.file == NOWHERE {
                    replaced = true;
                } else if let Some(file) = files.get(entry.file) {
                    found.push(entry);
                    replaced |= file.own;
                }
                cursor.advance()?;
            }
            if replaced {
                return Ok(());
            }
        }
        Ok(())
    }
}
