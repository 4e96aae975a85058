//! Rows that took cells from old rows: kept in a run of the state folder until their commit is published, since others may
//! change those old rows until then.
//!
//! A row is some entries of the run, all under the hash of its key:
//!
//! ```text
//! file = number            position         where it is
//! file = OLD | number      position         where its old row was; missing if there was none
//! file = COLUMNS | n       position = bits  which of the columns 32 n .. 32 n + 31 were taken
//! ```

use std::path::PathBuf;

use base::{Error, Result};

use super::tools::PrepareWith;
use crate::index::cursor::RunCursor;
use crate::index::{Entry, EntrySorter, IndexRun};

const OLD: u32 = 1 << 30;
const COLUMNS: u32 = 1 << 31;
/// A commit has one number or few, so that they never run out.
const NUMBER_MAX: u32 = OLD - 1;

/// A row whose absent cells were taken from an old row, which must still be the one when it is committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    pub hash: u128,
    /// Where it is now.
    pub file: u32,
    pub position: u32,
    /// Where its old row was; `None` if there was none.
    pub old: Option<(u32, u32)>,
    /// The columns taken, ascending.
    pub columns: Vec<u16>,
}

/// Takes rows in any order.
#[derive(Debug)]
pub struct FilledWriter(EntrySorter);

impl FilledWriter {
    /// Makes a run whose name begins with `path`.
    pub fn new(with: &PrepareWith, path: PathBuf) -> Self {
        Self(EntrySorter::new(with.disk.clone(), path, &with.account).borrowing(&with.more))
    }

    /// # Errors
    /// The disk fails; memory is not to be had.
    pub fn put(&mut self, row: &Filled) -> Result<()> {
        let hash = row.hash;
        if row.file.max(row.old.map_or(0, |(file, _)| file)) > NUMBER_MAX {
            return Err(Error::internal("a table of 2^30 data files"));
        }
        self.0.push(Entry { hash, file: row.file, position: row.position })?;
        if let Some((file, position)) = row.old {
            self.0.push(Entry { hash, file: OLD | file, position })?;
        }
        for together in row.columns.chunk_by(|a, b| a / 32 == b / 32) {
            let number = together.first().map_or(0, |column| u32::from(*column) / 32);
            let bits = together.iter().fold(0, |bits, column| bits | 1 << (column % 32));
            self.0.push(Entry { hash, file: COLUMNS | number, position: bits })?;
        }
        Ok(())
    }

    /// The run; `None` if there was no row.
    ///
    /// # Errors
    /// As [`Self::put`].
    pub fn finish(self) -> Result<Option<IndexRun>> {
        self.0.finish()
    }
}

/// Reads rows by growing hash.
#[derive(Debug)]
pub struct FilledReader(RunCursor);

impl FilledReader {
    /// # Errors
    /// The disk fails.
    pub fn new(run: &IndexRun) -> Result<Self> {
        Ok(Self(RunCursor::new(run.clone(), None)?))
    }

    /// The next row; `None` after the last.
    ///
    /// # Errors
    /// The disk fails or lost what was written to it.
    pub fn next_row(&mut self) -> Result<Option<Filled>> {
        let Some(Entry { hash, file, position }) = self.0.current() else { return Ok(None) };
        let mut row = Filled { hash, file, position, old: None, columns: Vec::new() };
        self.0.advance()?;
        while let Some(entry) = self.0.current().filter(|entry| entry.hash == hash) {
            if entry.file & COLUMNS != 0 {
                let first = (entry.file & !COLUMNS) * 32;
                let taken = (0..32).filter(|bit| entry.position & (1 << bit) != 0);
                row.columns.extend(taken.map(|bit| (first + bit) as u16));
            } else {
                row.old = Some((entry.file & !OLD, entry.position));
            }
            self.0.advance()?;
        }
        Ok(Some(row))
    }
}

#[cfg(test)]
mod tests;
