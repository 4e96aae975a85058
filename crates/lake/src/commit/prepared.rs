//! What a writer hands to its committer.

use std::path::PathBuf;
use std::sync::Arc;

use base::{ByteCount, Disk, Epoch};
use ledger::Reservation;
use rows::Span;

use crate::files::durable::remove_if_there;
use crate::files::manifest::DataFile;
use crate::index::IndexRun;

/// A commit in waiting: data files that nothing names yet, and what they change.
#[derive(Debug)]
pub struct Prepared {
    pub epoch: Epoch,
    /// A random id, by which its files and its snapshot are known.
    pub commit: String,
    pub spans: Vec<Span>,
    /// The snapshot against which old rows were looked up; later the one up to which `deltas` tell what others added.
    pub base: Option<i64>,
    pub files: Vec<NewFile>,
    /// Every key of the commit with its new place, or nowhere; of upserts.
    pub changes: Option<IndexRun>,
    /// Positions of old rows, by file and position.
    pub deletions: Option<IndexRun>,
    /// The same of rows that others added after the look-ups: one run for each time that head had moved.
    pub deltas: Vec<IndexRun>,
    /// Rows that took cells from an old row, see [`Self::remember`].
    pub filled: Vec<Filled>,
    /// Others did, too, but there was no memory to remember them.
    pub is_filled_cut: bool,
    pub counts: Counts,
    /// Pays for `files`, and for `filled` as far as its floor goes.
    pub paid: Reservation,
    /// Pays for `filled`.
    pub filled_paid: Reservation,
}

/// So many bytes of [`Prepared::filled`] have a floor.
pub const FILLED_FLOOR: ByteCount = ByteCount::kib(256);

/// A data file of this commit and its number in the index.
#[derive(Debug)]
pub struct NewFile {
    pub number: u32,
    pub path: PathBuf,
    pub file: DataFile,
}

/// A row whose absent cells were taken from an old row, which must still be the one when it is committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    pub hash: u128,
    /// Where it is now.
    pub file: u32,
    pub position: u32,
    /// Where its old row was; `None` if there was none.
    pub old: Option<(u32, u32)>,
    /// The columns taken, mostly the same ones for all rows of a commit.
    pub columns: Arc<[u16]>,
}

impl Filled {
    /// What one costs in memory.
    pub const BYTES: usize = size_of::<Self>();
}

/// What a commit holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows written.
    pub rows: u64,
    /// Keys deleted.
    pub deletes: u64,
    /// Encoded bytes of data files.
    pub bytes: u64,
    /// Rows with cells for which no value is known: NULL was written.
    pub unknown: u64,
    /// The first few keys of those.
    pub unknown_keys: Vec<String>,
}

/// So many keys are named in a warning.
pub const KEYS_NAMED_MAX: usize = 5;

impl Counts {
    /// Counts a row that got NULL for a value that is not known.
    pub fn unknown(&mut self, key: impl FnOnce() -> String) {
        self.unknown += 1;
        if self.unknown_keys.len() < KEYS_NAMED_MAX {
            self.unknown_keys.push(key());
        }
    }
}

impl Prepared {
    /// Keeps a row that took cells from an old row, if there is memory for it. Without it the commit can be published as
    /// long as nobody else commits to the table meanwhile, which would have to be compared with all such rows.
    pub fn remember(&mut self, mut row: Filled) {
        let (held, capacity) = (self.filled.len(), self.filled.capacity());
        if held == capacity {
            let step = capacity.max(1024);
            // Old and new vector are there at once while it grows.
            let bytes = ByteCount::from((capacity + step) * Filled::BYTES + capacity * Filled::BYTES);
            let more = bytes.saturating_sub(self.filled_paid.bytes());
            let fits_floor = ByteCount::from((capacity + step) * Filled::BYTES).get() <= FILLED_FLOOR.get() / 2;
            let is_paid = self.filled_paid.try_grow(more) || fits_floor && self.paid.try_grow(more);
            if !is_paid {
                self.is_filled_cut = true;
                return;
            }
            self.filled.reserve_exact(step);
        }
        if let Some(last) = self.filled.last().filter(|last| last.columns == row.columns) {
            row.columns = last.columns.clone();
        }
        self.filled.push(row);
    }

    /// Nothing was written and nothing deleted; only positions may move.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.changes.is_none()
    }

    /// Removes the files, which no snapshot will name.
    pub fn discard(self, disk: &dyn Disk) {
        let runs = self.changes.iter().chain(&self.deletions).chain(&self.deltas).map(|run| &run.path);
        for path in self.files.iter().map(|file| &file.path).chain(runs) {
            if let Err(error) = remove_if_there(disk, path) {
                tracing::warn!(path = %path.display(), %error, "a file of a failed commit stays until the next start");
            }
        }
    }
}
