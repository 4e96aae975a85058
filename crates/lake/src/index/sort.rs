//! Entries from any order into one run: for rebuilding the index, for the files that others added, and for deletions.

use std::path::PathBuf;
use std::sync::Arc;

use base::{ByteCount, Disk, Error, Result};
use ledger::{Account, Reservation};

use super::cursor::{CURSOR_BYTES, RunCursor};
use super::entry::Entry;
use super::run::{BLOCK_BYTES, IndexRun, IndexRunWriter, WRITE_BYTES, failed};
use crate::files::durable::{remove_if_there, reserve};

/// Runs merged at once.
const FAN_IN: usize = 8;
/// Entries are paid for in steps of so many.
const STEP: usize = 1024;
const STEP_BYTES: usize = STEP * size_of::<Entry>();
/// More are not held, whatever memory there is: others need it more, and runs of this size merge well.
const ENTRIES_MAX: usize = 32 * STEP;

/// What taking entries needs however short memory is: some of them and a writer. Without the end, [`EntrySorter::finish`].
pub const ENTRY_SPILL_FLOOR: ByteCount = ByteCount((STEP_BYTES + WRITER_BYTES) as u64);

/// A writer's buffer with what it holds beside.
const WRITER_BYTES: usize = WRITE_BYTES + 4 * BLOCK_BYTES;

/// What an entry sorter needs however short memory is: readers of [`FAN_IN`] runs and a writer.
pub const ENTRY_SORT_FLOOR: ByteCount = ByteCount((FAN_IN * CURSOR_BYTES + 2 * WRITE_BYTES + STEP_BYTES) as u64);

/// Sorts entries within what its account gives; spills to runs in a folder.
#[derive(Debug)]
pub struct EntrySorter {
    disk: Arc<dyn Disk>,
    /// Run files are `PREFIX-N.idx`.
    prefix: PathBuf,
    entries: Vec<Entry>,
    paid: Reservation,
    /// Pays for all steps but the first.
    borrowed: Reservation,
    paid_entries: usize,
    runs: Vec<IndexRun>,
    next: u32,
}

impl EntrySorter {
    /// `prefix` is a path to which run numbers are appended; files left there by an earlier process are replaced.
    pub fn new(disk: Arc<dyn Disk>, prefix: PathBuf, account: &Account) -> Self {
        let (entries, runs) = (Vec::new(), Vec::new());
        let (paid, borrowed) = (account.empty(), account.empty());
        Self { disk, prefix, entries, paid, borrowed, paid_entries: 0, runs, next: 0 }
    }

    /// Takes from `more` what goes beyond the floor.
    #[must_use]
    pub fn borrowing(mut self, more: &Account) -> Self {
        self.borrowed = more.empty();
        self
    }

    /// Takes an entry.
    ///
    /// # Errors
    /// The disk fails, or the account cannot pay for a single step.
    pub fn push(&mut self, entry: Entry) -> Result<()> {
        if self.entries.len() == self.paid_entries && !self.grow() {
            self.spill()?;
            if !self.grow() {
                let account = self.paid.account();
                return Err(Error::transient(format!("'{}' cannot pay for sorting index entries", account.name()))
                    .detail(format!("{} of {} are in use", account.used(), account.most()))
                    .hint("give the job more with --memory"));
            }
        }
        self.entries.push(entry);
        Ok(())
    }

    /// Makes room for the double; a vector that grows holds old and new at once.
    fn grow(&mut self) -> bool {
        let more = self.paid_entries.clamp(STEP, ENTRIES_MAX);
        if self.paid_entries + more > ENTRIES_MAX {
            return false;
        }
        let bytes = more * size_of::<Entry>();
        let transient = self.paid_entries * size_of::<Entry>();
        let paid = if self.paid_entries == 0 { &mut self.paid } else { &mut self.borrowed };
        if !paid.try_grow(ByteCount::from(bytes + transient)) {
            return false;
        }
        self.entries.reserve_exact(more);
        paid.shrink_to(paid.bytes() - ByteCount::from(transient));
        self.paid_entries += more;
        true
    }

    fn new_writer(&mut self) -> Result<IndexRunWriter> {
        let name = self.prefix.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let path = self.prefix.with_file_name(format!("{name}-{}.idx", self.next));
        self.next += 1;
        create_fresh(self.disk.as_ref(), path)
    }

    fn spill(&mut self) -> Result<()> {
        if self.entries.is_empty() {
            return Ok(());
        }
        let mut writer = self.new_writer()?;
        self.entries.sort_unstable();
        for entry in self.entries.drain(..) {
            writer.put(self.disk.as_ref(), entry)?;
        }
        self.entries = Vec::new();
        self.paid_entries = 0;
        self.paid.shrink_to(ByteCount::ZERO);
        self.borrowed.shrink_to(ByteCount::ZERO);
        self.runs.push(writer.finish(self.disk.as_ref())?);
        Ok(())
    }

    /// All entries in one run; `None` if there was none. Equal entries stay as often as they came.
    ///
    /// # Errors
    /// The disk fails.
    pub fn finish(mut self) -> Result<Option<IndexRun>> {
        self.spill()?;
        while self.runs.len() > 1 {
            let together: Vec<IndexRun> = self.runs.drain(..self.runs.len().min(FAN_IN)).collect();
            let bytes = ByteCount::from(together.len() * CURSOR_BYTES + WRITE_BYTES);
            let paid = reserve(self.paid.account(), bytes, "merging index entries")?;
            let mut writer = self.new_writer()?;
            merge_all(self.disk.as_ref(), &together, &mut writer)?;
            self.runs.push(writer.finish(self.disk.as_ref())?);
            drop(paid);
            for run in together {
                remove_if_there(self.disk.as_ref(), &run.path).map_err(|error| failed("tidy", &run.path, error))?;
            }
        }
        Ok(self.runs.pop())
    }
}

/// A writer at a path where an earlier process may have left something.
pub(super) fn create_fresh(disk: &dyn Disk, path: PathBuf) -> Result<IndexRunWriter> {
    remove_if_there(disk, &path).map_err(|error| failed("replace", &path, error))?;
    IndexRunWriter::create(disk, path)
}

fn merge_all(disk: &dyn Disk, runs: &[IndexRun], writer: &mut IndexRunWriter) -> Result<()> {
    let mut cursors = runs.iter().map(|run| RunCursor::new(run.clone(), None)).collect::<Result<Vec<_>>>()?;
    loop {
        let least = cursors.iter().enumerate().filter_map(|(index, cursor)| Some((cursor.current()?, index))).min();
        let Some((entry, index)) = least else { return Ok(()) };
        writer.put(disk, entry)?;
        cursors[index].advance()?;
    }
}
