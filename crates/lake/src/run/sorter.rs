//! The external sort: records go in as they arrive, come out by key, one final operation each.

use std::path::PathBuf;
use std::sync::Arc;

use base::{ByteCount, Disk, Error, Result};
use ledger::{Account, Reservation};

use super::arena::{ARENA_FLOOR, Arena};
use super::cells::Layout;
use super::file::{RUN_WRITER_BYTES, RunFile, RunWriter};
use super::held::{HELD_BYTES, Held};
use super::join::Group;
use super::merge::{Extent, FAN_IN, FAN_IN_MIN, Merge, merge_bytes};
use super::reduced::{Reduced, next_group};
use super::room::{Counted, Place, SortRoom};
use crate::files::durable::reserve;

/// What a sorter needs to collect however short memory is: room for records, one of [`RECORD_BYTES`] at least, and a
/// writer to spill them with.
pub const SORT_FLOOR: ByteCount = ByteCount((ARENA_FLOOR + RECORD_BYTES + SPILL_BYTES) as u64);

/// What getting the records out again needs however short memory is: a merge of few runs, and of one key the row so far, the
/// next one and the one that they join to.
pub const MERGE_FLOOR: ByteCount = ByteCount((merge_bytes(FAN_IN_MIN) + 3 * RECORD_BYTES) as u64);

/// A record of this length can always be sorted: the default of 'millstream.record.max-bytes', and what identifies it.
pub const RECORD_BYTES: usize = (1 << 20) + (4 << 10);

/// Spilling takes so much: a run's writer, and what rows join to.
const SPILL_BYTES: usize = RUN_WRITER_BYTES + HELD_BYTES;

/// Sorts the operations of one commit. Paid from one account; what does not fit is spilled to runs.
#[derive(Debug)]
pub struct Sorter {
    layout: Layout,
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    account: Account,
    arena: Arena,
    place: Place,
    runs: Vec<RunFile>,
    /// Pays for spilling at any moment.
    spill_paid: Option<Reservation>,
    counts: SortCounts,
}

/// What a sorter did since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SortCounts {
    pub runs_spilled: u64,
    pub bytes_spilled: u64,
    pub merge_passes: u64,
}

impl Sorter {
    /// `dir` is the sorter's own: emptied when the first run is written. It holds no more before it spills than `room`
    /// allows it, also where there is more memory; one record at least.
    pub fn new(layout: Layout, disk: Arc<dyn Disk>, dir: PathBuf, account: Account, room: &SortRoom) -> Self {
        let place = room.enter();
        let arena = Arena::new(&account, place.count());
        let spill_paid = account.try_reserve(ByteCount::from(SPILL_BYTES));
        let (runs, counts) = (Vec::new(), SortCounts::default());
        Self { layout, disk, dir, account, arena, place, runs, spill_paid, counts }
    }

    pub fn counts(&self) -> SortCounts {
        self.counts
    }

    pub fn is_empty(&self) -> bool {
        self.arena.is_empty() && self.runs.is_empty()
    }

    /// Keeps the encoded record (see [`super::record`]) of at most `bytes` that `put` appends; spills what is held if
    /// there is no memory for one more, or enough is held.
    ///
    /// # Errors
    /// Those of `put`, and nothing is kept then; the disk fails; the record alone is larger than all the memory that the
    /// account can have.
    pub fn push<T>(&mut self, bytes: usize, put: impl FnOnce(&mut Vec<u8>) -> Result<T>) -> Result<T> {
        if self.place.is_full_for(self.arena.bytes()) {
            self.spill()?;
        }
        if !self.arena.try_reserve(bytes) {
            self.spill()?;
            if !self.arena.try_reserve(bytes) {
                return Err(self.too_large(bytes, ARENA_FLOOR + bytes + SPILL_BYTES));
            }
        }
        self.arena.push(put)
    }

    /// The account has not got the `needed` bytes for a record: for now, or for good.
    fn too_large(&self, length: usize, needed: usize) -> Error {
        let (name, most, needed) = (self.account.name(), self.account.most(), ByteCount::from(needed));
        let message = format!("a row of {} needs {needed} of the account '{name}'", ByteCount::from(length));
        if needed > most {
            Error::user(message).detail(format!("it can have at most {most}")).hint("give the job more with --memory")
        } else {
            Error::transient(message)
                .detail(format!("{} of {most} are in use", self.account.used()))
                .hint("if this does not pass, give the job more with --memory")
        }
    }

    /// Writes what is held to a run and gives its memory back; the bytes freed.
    pub fn spill(&mut self) -> Result<ByteCount> {
        if self.arena.is_empty() {
            return Ok(ByteCount::ZERO);
        }
        let freed = self.arena.bytes();
        let mut writer = self.new_run()?;
        let (entries, mut held, mut at) = (self.arena.sorted(), Held::new(&self.account), 0);
        while let Some(group) = next_group(&self.layout, &self.arena, &entries, &mut at, &mut held, Extent::Part)? {
            put_parts(group, &mut writer)?;
        }
        drop(entries);
        let run = writer.finish()?;
        self.counts.bytes_spilled += run.bytes;
        self.runs.push(run);
        self.arena.clear();
        trim(&self.account, freed);
        Ok(freed)
    }

    fn new_run(&mut self) -> Result<RunWriter> {
        let make = |error: std::io::Error| {
            Error::transient(format!("cannot prepare the folder {} for sort runs: {error}", self.dir.display()))
                .hint("see that the state folder is writable")
                .caused_by(error)
        };
        if self.counts.runs_spilled == 0 {
            if self.disk.stat(&self.dir).map_err(make)?.is_some() {
                self.disk.remove_dir_all(&self.dir).map_err(make)?;
            }
            self.disk.create_dir_all(&self.dir).map_err(make)?;
        }
        let path = self.dir.join(format!("{:06}.run", self.counts.runs_spilled));
        self.counts.runs_spilled += 1;
        RunWriter::create(self.disk.as_ref(), path)
    }

    /// Ends the input: what comes out holds the memory, and this sorter is empty for the next commit. Merging is paid from
    /// `account`, of which it needs [`MERGE_FLOOR`], and goes faster with what it can borrow from `more`.
    ///
    /// # Errors
    /// The disk fails; the account is short.
    pub fn finish(&mut self, account: &Account, more: &Account) -> Result<Reduced> {
        if self.runs.is_empty() {
            let arena = std::mem::replace(&mut self.arena, Arena::new(&self.account, self.place.count()));
            return Reduced::from_memory(self.layout.clone(), arena, account);
        }
        self.spill()?;
        loop {
            let (fan_in, paid) = self.reserve_merge(account, more)?;
            if self.runs.len() <= fan_in {
                let merge = Merge::open(self.disk.as_ref(), &self.layout, &self.runs, account)?;
                let runs = std::mem::take(&mut self.runs);
                return Ok(Reduced::from_runs(self.layout.clone(), merge, runs, self.disk.clone(), paid));
            }
            self.merge_pass(fan_in, account)?;
        }
    }

    /// As many of the runs as can be read at once, and what pays for that.
    fn reserve_merge(&self, account: &Account, more: &Account) -> Result<(usize, Reservation)> {
        let mut fan_in = self.runs.len().min(FAN_IN);
        while fan_in > FAN_IN_MIN {
            if let Some(paid) = more.try_reserve(ByteCount::from(merge_bytes(fan_in))) {
                return Ok((fan_in, paid));
            }
            fan_in = (fan_in / 2).max(FAN_IN_MIN);
        }
        let paid = reserve(account, ByteCount::from(merge_bytes(FAN_IN_MIN)), "merging sort runs")?;
        Ok((FAN_IN_MIN, paid))
    }

    /// Merges neighbours, so that the order of the runs stays that of their writing.
    fn merge_pass(&mut self, fan_in: usize, account: &Account) -> Result<()> {
        self.counts.merge_passes += 1;
        let mut merged = Vec::new();
        for together in self.runs.clone().chunks(fan_in) {
            if let [single] = together {
                merged.push(single.clone());
                continue;
            }
            let mut merge = Merge::open(self.disk.as_ref(), &self.layout, together, account)?;
            let mut writer = self.new_run()?;
            while let Some(group) = merge.next_group(Extent::Part)? {
                put_parts(group, &mut writer)?;
            }
            drop(merge);
            merged.push(writer.finish()?);
            remove(self.disk.as_ref(), together);
        }
        self.runs = merged;
        Ok(())
    }

    /// Drops everything that was pushed since the last [`Self::finish`].
    pub fn clear(&mut self) {
        self.arena.clear();
        remove(self.disk.as_ref(), &std::mem::take(&mut self.runs));
    }

    /// Spills what is held where [`Self::finish`] will: so that its memory is back before memory for merging is taken.
    ///
    /// # Errors
    /// The disk fails.
    pub fn spill_if_merging(&mut self) -> Result<()> {
        if self.runs.is_empty() { Ok(()) } else { self.spill().map(drop) }
    }

    /// Counts what preparing takes, as the sorters' room has to know it, until it drops.
    pub fn for_preparing(&self) -> Counted {
        self.place.for_preparing()
    }

    /// The memory held for records.
    pub fn held(&self) -> ByteCount {
        self.arena.bytes()
    }

    /// The reservation that pays for spilling; `None` if the account was too short from the start.
    pub fn can_spill(&self) -> bool {
        self.spill_paid.is_some()
    }
}

impl Drop for Sorter {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Less is not worth the call: what a small commit frees, the next one needs again.
const TRIM_BYTES_MIN: ByteCount = ByteCount::mib(1);

/// Lets the kernel have `freed` bytes back, since what comes next has other memory.
pub(crate) fn trim(account: &Account, freed: ByteCount) {
    if freed >= TRIM_BYTES_MIN {
        account.budget().trim();
    }
}

fn put_parts(group: Group<'_>, writer: &mut RunWriter) -> Result<()> {
    group.into_parts().try_for_each(|part| writer.put(&part))
}

/// A run that cannot be removed now goes with its folder at the next start.
pub(super) fn remove(disk: &dyn Disk, runs: &[RunFile]) {
    for run in runs {
        if let Err(error) = disk.remove_file(&run.path) {
            tracing::debug!(path = %run.path.display(), %error, "a sort run stays until the next start");
        }
    }
}
