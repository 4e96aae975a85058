//! What a writer hands to its committer.

use std::path::PathBuf;

use base::{Disk, Epoch};
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
    /// The same of rows that others added after the look-ups, and of own ones that were written again: one run or two for
    /// each time that head had moved.
    pub deltas: Vec<IndexRun>,
    /// New places of keys that were moved since, which come after `changes`: one run for each time.
    pub moved: Vec<IndexRun>,
    /// Rows that took cells from an old row, see [`super::filled`].
    pub filled: Option<IndexRun>,
    pub counts: Counts,
    /// Pays for `files`.
    pub paid: Reservation,
}

/// A data file of this commit and its number in the index.
#[derive(Debug)]
pub struct NewFile {
    pub number: u32,
    pub path: PathBuf,
    pub file: DataFile,
}

impl NewFile {
    pub fn location_and_rows(&self) -> (&str, u64) {
        (&self.file.file_path, u64::try_from(self.file.record_count).unwrap_or(0))
    }
}

/// What a commit holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows written, those that were written again each time.
    pub rows: u64,
    /// Rows that were written again; where they were before they are deleted.
    pub again: u64,
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

    /// Takes back what [`Self::unknown`] counted for a row that is written again.
    pub fn not_unknown(&mut self, key: &str) {
        self.unknown = self.unknown.saturating_sub(1);
        self.unknown_keys.retain(|named| named != key);
    }
}

impl Prepared {
    /// Nothing was written and nothing deleted; only positions may move.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.changes.is_none()
    }

    /// Removes the files, which no snapshot will name.
    pub fn discard(self, disk: &dyn Disk) {
        let runs =
            self.changes.iter().chain(&self.deletions).chain(&self.deltas).chain(&self.moved).chain(&self.filled);
        let runs = runs.map(|run| &run.path);
        for path in self.files.iter().map(|file| &file.path).chain(runs) {
            if let Err(error) = remove_if_there(disk, path) {
                tracing::warn!(path = %path.display(), %error, "a file of a failed commit stays until the next start");
            }
        }
    }
}
