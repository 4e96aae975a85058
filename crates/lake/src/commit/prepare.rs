//! Phase one: from the reduced operations of a commit to data files that nothing names yet.
//!
//! For each row group: take operations, by growing hash; look up where their keys are; fetch what absent cells keep from
//! the old rows; only then encode and write. Beside the data files, two runs are written: `changes` (every key and its new
//! place), which becomes part of the index, and `deletions` (the old places), which becomes deletion vectors.

use base::{ByteCount, Epoch, Error, Result, Rng};
use ledger::Reservation;
use rows::Span;

use super::names::new_commit_id;
use super::old_rows::{FETCH_BYTES, OldRows, WANTED_MAX_LEAST, Wanted};
use super::prepared::{Counts, NewFile, Prepared};
use super::tools::{LeaseGuard, PrepareWith};
use crate::files::durable::{grow_to, reserve};
use crate::files::location::child_of;
use crate::index::lookup::lookup_bytes;
use crate::index::{
    ENTRY_SORT_FLOOR, ENTRY_SPILL_FLOOR, Entry, EntrySorter, IndexRunWriter, Lookup, NOWHERE, RUNS_MAX,
};
use crate::options::ROW_GROUP_BYTES_MIN;
use crate::parquet_write::{DataFileWriter, ENCODE_FLOOR, EncodeMemory, RowGroup};
use crate::run::{KeyHasher, Kind, MERGE_FLOOR, RECORD_BYTES, Record, Reduced};

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

/// Taken from beginning to end: the file's buffer, the run of changes, and what the file's footer will say, as far as
/// [`FOOTER_FLOOR`] goes.
const FIXED_BYTES: ByteCount = ByteCount(FOOTER_FLOOR.0 + (256 << 10));

/// Files with longer footers are written only where there is memory for them; else they end, and the next one begins.
const FOOTER_FLOOR: ByteCount = ByteCount::kib(256);

/// A row of this length can always be written: the default of 'millstream.record.max-bytes'.
const ROW_BYTES: ByteCount = ByteCount::mib(1);
/// So many operations are taken in one step, if they do not fill a row group before.
const OPERATIONS_PER_STEP: usize = 100_000;
/// A file's entry in a manifest, as it waits for its commit, and more than that if it has many row groups.
const FILE_BYTES: ByteCount = ByteCount::kib(2);

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
                self.work.write_group()?;
                self.work.end_file()?;
                return Ok(true);
            };
            let full = record.kind != Kind::Delete && self.work.group.is_full_for(self.work.room_for(&record));
            if full {
                self.work.write_group()?;
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
    group: RowGroup,
    encode: EncodeMemory,
    _lease: LeaseGuard,
    file: Option<(u32, DataFileWriter)>,
    /// Pays for what the open file keeps for its footer beyond [`FOOTER_FLOOR`].
    footer_paid: Reservation,
    /// Pays for naming the next file.
    name_paid: Option<Reservation>,
    upsert: Option<UpsertPart>,
    prepared: Prepared,
    _fixed_paid: Reservation,
}

/// What only upserts need.
#[derive(Debug)]
struct UpsertPart {
    hasher: KeyHasher,
    lookup: Lookup,
    found: Vec<Entry>,
    changes: IndexRunWriter,
    deletions: EntrySorter,
    old_rows: OldRows,
    /// Rows of the current group that need their old rows.
    wanted: Vec<Wanted>,
    /// So many rows wait at most, paid by these.
    wanted_max: usize,
    _wanted_paid: [Reservation; 2],
}

impl Work {
    fn begin(with: PrepareWith, lease: LeaseGuard, epoch: Epoch, spans: &[Span]) -> Result<Self> {
        let encode = EncodeMemory::new(&with.account, &with.more);
        let fixed_paid = reserve(&with.account, FIXED_BYTES, "writing data files")?;
        let mut group = RowGroup::new(&with.account, ROW_GROUP_BYTES_MIN.as_usize())?;
        let base = with.shared.lock().snapshot.as_ref().map(|snapshot| snapshot.snapshot_id);
        let upsert = begin_upsert(&with)?;
        group.widen(&with.more, with.options.row_group_bytes(with.more.budget().limit()).as_usize());
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
        let footer_paid = with.more.empty();
        Ok(Self {
            with,
            group,
            encode,
            _lease: lease,
            file: None,
            footer_paid,
            name_paid: None,
            upsert,
            prepared,
            _fixed_paid: fixed_paid,
        })
    }

    /// Takes an operation: a row goes into the row group, the place of the old one among the deletions.
    fn place(&mut self, record: &Record<'_>) -> Result<()> {
        let is_delete = record.kind == Kind::Delete;
        let (file, position) = if is_delete { (NOWHERE, 0) } else { self.next_place()? };
        let row = self.group.rows();
        if is_delete {
            self.prepared.counts.deletes += 1;
        } else {
            self.group.push(&record.row)?;
            self.prepared.counts.rows += 1;
        }
        let Some(part) = &mut self.upsert else { return Ok(()) };
        self.with.shared.lock().find(&mut part.lookup, record.hash, &mut part.found)?;
        for old in &part.found {
            part.deletions.push(Entry::deletion(old.file, old.position))?;
        }
        part.changes.put(self.with.disk.as_ref(), Entry { hash: record.hash, file, position })?;
        if record.absent && record.effective_cut().is_none() {
            self.group.pledge(part.old_rows.bytes_expected());
            let (old, columns) = (part.found.clone(), Vec::new());
            part.wanted.push(Wanted { row, hash: record.hash, file, position, old, columns, written: None });
            if part.wanted.len() == part.wanted_max {
                self.fill_group()?;
            }
        } else if record.absent {
            self.prepared.counts.unknown(|| part.hasher.text(&record.row));
        }
        Ok(())
    }

    /// Fills the rows that need their old ones; where the group has not got the room for all, it is written.
    fn fill_group(&mut self) -> Result<()> {
        let Some(part) = &mut self.upsert else { return Ok(()) };
        let wanted = std::mem::take(&mut part.wanted);
        let (group, prepared) = (&mut self.group, &mut self.prepared);
        part.wanted = part.old_rows.fill(&self.with, &part.hasher, wanted, group, &mut prepared.counts)?;
        group.forget_pledges();
        if part.wanted.is_empty() { Ok(()) } else { self.write_group() }
    }

    /// What a row takes in the row group, its old row's cells included.
    fn room_for(&self, record: &Record<'_>) -> usize {
        let grows = record.absent && record.effective_cut().is_none();
        let filled = self.upsert.as_ref().filter(|_| grows).map_or(0, |part| part.old_rows.bytes_expected());
        record.row.len() + filled
    }

    /// The file and position that the next row gets.
    fn next_place(&mut self) -> Result<(u32, u32)> {
        let in_group = self.group.rows() as u64;
        let (number, writer) = match &mut self.file {
            Some(open) => open,
            None => {
                let number = self.with.shared.lock().index.as_mut().map_or(0, |index| index.files.take_number());
                let paid = match self.name_paid.take() {
                    Some(paid) => paid,
                    None => reserve(&self.with.kept, FILE_BYTES, "the data files of a commit")?,
                };
                self.prepared.paid.merge(paid);
                let what = format!("{}.parquet", self.prepared.files.len());
                let name = self.with.names.name(self.prepared.epoch, &self.prepared.commit, &what);
                let location = child_of(&self.with.info.data_location, &name);
                let path = self.with.info.data_dir.join(name);
                let writer = DataFileWriter::create(&self.with.disk, location, path, &self.with.info.shape)?;
                self.file.insert((number, writer))
            }
        };
        let position = u32::try_from(writer.rows() + in_group);
        Ok((*number, position.map_err(|_| Error::internal("a data file of more than 2^32 rows"))?))
    }

    fn write_group(&mut self) -> Result<()> {
        if self.group.is_empty() {
            return Ok(());
        }
        let Some((_, writer)) = &mut self.file else { return Err(Error::internal("rows without a data file")) };
        let least = ROW_GROUP_BYTES_MIN.as_usize();
        match &mut self.upsert {
            Some(part) => {
                let wanted = std::mem::take(&mut part.wanted);
                let (group, into) = ((&mut self.group, least), (&mut *writer, &self.encode));
                let counts = &mut self.prepared.counts;
                part.old_rows.write_filled(&self.with, &part.hasher, wanted, group, into, counts)?;
            }
            None => {
                writer.write(&mut self.group, &self.encode)?;
                self.group.clear(least);
            }
        }
        let long = writer.bytes() >= self.with.info.file_bytes.unwrap_or(self.with.options.file_bytes.get());
        // Positions are 32 bits wide.
        let must_end = writer.rows() > u64::from(u32::MAX / 2);
        let beyond = writer.footer_memory().saturating_sub(FOOTER_FLOOR).saturating_sub(self.footer_paid.bytes());
        let long = long || !self.footer_paid.try_grow(beyond);
        if long || must_end {
            self.name_paid = self.with.kept.try_reserve(FILE_BYTES);
        }
        if must_end || long && self.name_paid.is_some() { self.end_file() } else { Ok(()) }
    }

    fn end_file(&mut self) -> Result<()> {
        let Some((number, writer)) = self.file.take() else { return Ok(()) };
        let path = writer.path().to_owned();
        let file = writer.finish()?;
        self.footer_paid.shrink_to(ByteCount::ZERO);
        let prepared = &mut self.prepared;
        let names = file.memory() + ByteCount::from(path.as_os_str().len() + size_of::<NewFile>());
        let all = prepared.paid.bytes() + names.saturating_sub(FILE_BYTES);
        grow_to(&mut prepared.paid, all, "the data files of a commit")?;
        prepared.counts.bytes += file.file_size_in_bytes as u64;
        prepared.files.push(NewFile { number, path, file });
        Ok(())
    }

    fn finish(self) -> Result<Prepared> {
        let Self { with, group, encode, mut prepared, upsert, _lease, _fixed_paid, file, .. } = self;
        drop((group, encode, file));
        if let Some(part) = upsert {
            let UpsertPart { changes, deletions, lookup, wanted, old_rows, _wanted_paid: wanted_paid, .. } = part;
            let filled = old_rows.into_filled();
            drop((lookup, wanted, wanted_paid));
            prepared.changes = Some(changes.finish(with.disk.as_ref())?);
            prepared.deletions = deletions.finish()?;
            prepared.filled = filled.finish()?;
        }
        Ok(prepared)
    }
}

fn begin_upsert(with: &PrepareWith) -> Result<Option<UpsertPart>> {
    let mut state = with.shared.lock();
    let Some(index) = &mut state.index else { return Ok(None) };
    let changes = index.new_run()?;
    let deletions =
        EntrySorter::new(with.disk.clone(), index.dir().join("deletions"), &with.account).borrowing(&with.more);
    let filled = index.dir().join("filled");
    let (wanted_max, wanted_paid) = Wanted::reserve(with)?;
    Ok(Some(UpsertPart {
        hasher: with.info.hasher(index.secret()),
        lookup: index.lookup(&with.account, &with.more)?,
        found: Vec::new(),
        changes,
        deletions,
        old_rows: OldRows::new(with, filled, Vec::new()),
        wanted: Vec::new(),
        wanted_max,
        _wanted_paid: wanted_paid,
    }))
}
