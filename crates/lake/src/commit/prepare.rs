//! Phase one: from the reduced operations of a commit to data files that nothing names yet.
//!
//! For each row group: take operations, by growing hash; look up where their keys are; fetch what absent cells keep from
//! the old rows; only then encode and write. Beside the data files, two runs are written: `changes` (every key and its new
//! place), which becomes part of the index, and `deletions` (the old places), which becomes deletion vectors.

use base::{ByteCount, Epoch, Result, Rng};
use rows::Span;

use super::names::new_commit_id;
use super::old_rows::{FETCH_BYTES, OldRows, WANTED_MAX_LEAST, Wanted};
use super::prepared::{Counts, Prepared};
use super::row_files::{FILE_BYTES, FIXED_BYTES, Filling, RowFiles};
use super::tools::{LeaseGuard, PrepareWith};
use crate::index::lookup::lookup_bytes;
use crate::index::{
    ENTRY_SORT_FLOOR, ENTRY_SPILL_FLOOR, Entry, EntrySorter, IndexRunWriter, Lookup, NOWHERE, RUNS_MAX,
};
use crate::options::ROW_GROUP_BYTES_MIN;
use crate::parquet_write::ENCODE_FLOOR;
use crate::run::{Kind, MERGE_FLOOR, RECORD_BYTES, Record, Reduced};

/// What writing needs however short memory is: what is held while operations come out of the sort (the smallest row group
/// and one row beyond it, a walk over the index, places of old rows that are sorted, rows that wait for theirs), the merge
/// of the sort with the row in hand, and what is needed at one moment only: rows that are joined in the merge, encoding, or
/// reading old rows.
pub const WRITE_FLOOR: ByteCount = ByteCount(
    ROW_GROUP_BYTES_MIN.0
        + ROW_BYTES.0
        + lookup_bytes(RUNS_MAX).0
        + 2 * ENTRY_SPILL_FLOOR.0
        + (WANTED_MAX_LEAST * Wanted::BYTES) as u64
        + FIXED_BYTES.0
        + MERGE_FLOOR.0
        + max(ENCODE_FLOOR.0, FETCH_BYTES.0).saturating_sub(2 * RECORD_BYTES as u64),
);

// The rest of the places of old rows is sorted when nothing else is held any more.
const _: () = assert!(ENTRY_SORT_FLOOR.0 < ROW_GROUP_BYTES_MIN.0);

const fn max(a: u64, b: u64) -> u64 {
    if a > b { a } else { b }
}

/// A row of this length can always be written: the default of 'millstream.record.max-bytes'.
const ROW_BYTES: ByteCount = ByteCount::mib(1);
/// So many operations are taken in one step, if they do not fill a row group before.
const OPERATIONS_PER_STEP: usize = 100_000;
/// What is prepared can name so many files at least while it waits for its commit; where there is no memory for one more,
/// files get longer.
pub const KEPT_FLOOR: ByteCount = ByteCount(16 * FILE_BYTES.0);

/// A commit that is being prepared, step by step.
#[derive(Debug)]
pub struct Preparation {
    reduced: Reduced,
    work: Work,
}

impl Preparation {
    /// # Errors
    /// The disk fails, or memory is not to be had.
    pub fn begin(with: PrepareWith, lease: LeaseGuard, reduced: Reduced, epoch: Epoch, spans: &[Span]) -> Result<Self> {
        Ok(Self { reduced, work: Work::begin(with, lease, epoch, spans)? })
    }

    /// Writes at most one row group; true when all is written.
    ///
    /// # Errors
    /// The disk fails, a required column has no value, or memory is not to be had.
    pub fn step(&mut self) -> Result<bool> {
        for _ in 0..OPERATIONS_PER_STEP {
            let Some(record) = self.reduced.next_operation()? else {
                self.work.files.end(&self.work.with, &mut self.work.prepared)?;
                return Ok(true);
            };
            let full = record.kind != Kind::Delete && self.work.files.is_full_for(self.work.room_for(&record));
            if full {
                self.work.files.write_group(&self.work.with, &mut self.work.prepared)?;
            }
            self.work.place(&record)?;
            if full {
                break;
            }
        }
        Ok(false)
    }

    /// What was prepared, once [`Self::step`] said so.
    ///
    /// # Errors
    /// The disk fails.
    pub fn finish(self) -> Result<Prepared> {
        let Self { reduced, work } = self;
        drop(reduced);
        work.finish()
    }
}

#[derive(Debug)]
struct Work {
    with: PrepareWith,
    _lease: LeaseGuard,
    files: RowFiles,
    upsert: Option<UpsertPart>,
    prepared: Prepared,
}

/// What only upserts need.
#[derive(Debug)]
struct UpsertPart {
    lookup: Lookup,
    found: Vec<Entry>,
    changes: IndexRunWriter,
    deletions: EntrySorter,
}

impl Work {
    fn begin(with: PrepareWith, lease: LeaseGuard, epoch: Epoch, spans: &[Span]) -> Result<Self> {
        let base = with.shared.lock().snapshot.as_ref().map(|snapshot| snapshot.snapshot_id);
        let (upsert, filling) = begin_upsert(&with)?.unzip();
        // Last, since it borrows much.
        let files = RowFiles::begin(&with, String::new(), filling)?;
        let prepared = Prepared {
            epoch,
            commit: new_commit_id(&mut Rng::from_entropy()),
            spans: spans.to_vec(),
            base,
            files: Vec::new(),
            changes: None,
            deletions: None,
            deltas: Vec::new(),
            moved: Vec::new(),
            filled: None,
            counts: Counts::default(),
            paid: with.kept.empty(),
        };
        Ok(Self { with, _lease: lease, files, upsert, prepared })
    }

    /// Takes an operation: a row goes into the row group, the place of the old one among the deletions.
    fn place(&mut self, record: &Record<'_>) -> Result<()> {
        let (file, position) = if record.kind == Kind::Delete {
            self.prepared.counts.deletes += 1;
            (NOWHERE, 0)
        } else {
            self.files.push(&self.with, &mut self.prepared, &record.row)?
        };
        let Some(part) = &mut self.upsert else { return Ok(()) };
        self.with.shared.lock().find(&mut part.lookup, record.hash, &mut part.found)?;
        for old in &part.found {
            part.deletions.push(Entry::deletion(old.file, old.position))?;
        }
        part.changes.put(self.with.disk.as_ref(), Entry { hash: record.hash, file, position })?;
        if record.absent && record.effective_cut().is_none() {
            let wanted = Wanted::new(record.hash, (file, position), part.found.clone());
            self.files.fill_last(&self.with, &mut self.prepared, wanted)?;
        } else if record.absent
            && let Some(filling) = self.files.filling()
        {
            self.prepared.counts.unknown(|| filling.hasher.text(&record.row));
        }
        Ok(())
    }

    /// What a row takes in the row group, its old row's cells included.
    fn room_for(&self, record: &Record<'_>) -> usize {
        let grows = record.absent && record.effective_cut().is_none();
        record.row.len() + if grows { self.files.bytes_expected() } else { 0 }
    }

    fn finish(self) -> Result<Prepared> {
        let Self { with, files, mut prepared, upsert, _lease } = self;
        let (old_rows, _fixed_paid) = files.into_old_rows();
        if let Some(part) = upsert {
            let UpsertPart { changes, deletions, lookup, .. } = part;
            drop(lookup);
            prepared.changes = Some(changes.finish(with.disk.as_ref())?);
            prepared.deletions = deletions.finish()?;
        }
        if let Some(old_rows) = old_rows {
            prepared.filled = old_rows.into_filled().finish()?;
        }
        Ok(prepared)
    }
}

fn begin_upsert(with: &PrepareWith) -> Result<Option<(UpsertPart, Filling)>> {
    let mut state = with.shared.lock();
    let Some(index) = &mut state.index else { return Ok(None) };
    let changes = index.new_run()?;
    let deletions =
        EntrySorter::new(with.disk.clone(), index.dir().join("deletions"), &with.account).borrowing(&with.more);
    let old_rows = OldRows::new(with, index.dir().join("filled"), Vec::new());
    let filling = Filling::new(with, with.info.hasher(index.secret()), old_rows)?;
    let lookup = index.lookup(&with.account, &with.more)?;
    Ok(Some((UpsertPart { lookup, found: Vec::new(), changes, deletions }, filling)))
}
