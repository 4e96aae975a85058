//! The external sort: records go in as they arrive, come out by key, one final operation each.

use std::path::PathBuf;
use std::sync::Arc;

use base::{ByteCount, Disk, Error, Result};
use ledger::{Account, Reservation};

use super::arena::{ARENA_FLOOR, Arena, Entry};
use super::cells::Layout;
use super::file::{BLOCK_BYTES, RUN_WRITER_BYTES, RunFile, RunWriter, writer_bytes};
use super::join::Group;
use super::merge::{FAN_IN, Merge};
use super::record::{self, Record};

/// What a sorter needs to make progress however short memory is: room for records while it collects, a writer while it
/// spills, and readers of [`FAN_IN`] runs, a writer and a record while it merges, whichever is more; and the same for a
/// single record of [`RECORD_BYTES`] and the merge of two runs with such records.
pub const SORT_FLOOR: ByteCount = ByteCount(max(
    max(ARENA_FLOOR + RUN_WRITER_BYTES, (FAN_IN + 1) * BLOCK_BYTES + RUN_WRITER_BYTES),
    ARENA_FLOOR + RECORD_BYTES + writer_bytes(RECORD_BYTES),
) as u64);

/// A record of this length can always be sorted: the default of 'millstream.record.max-bytes', and what identifies it.
const RECORD_BYTES: usize = (1 << 20) + (4 << 10);

const fn max(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

/// Sorts the operations of one commit. Paid from one account; what does not fit is spilled to runs.
#[derive(Debug)]
pub struct Sorter {
    layout: Layout,
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    account: Account,
    arena: Arena,
    /// What is held at most; there may be less.
    bytes_max: ByteCount,
    runs: Vec<RunFile>,
    encoded: Vec<u8>,
    /// Pays for the writer of a run at any moment, of the longest record that is held.
    writer_paid: Option<Reservation>,
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
    /// `dir` is the sorter's own: emptied when the first run is written.
    pub fn new(layout: Layout, disk: Arc<dyn Disk>, dir: PathBuf, account: Account) -> Self {
        let arena = Arena::new(&account);
        let writer_paid = account.try_reserve(ByteCount::from(RUN_WRITER_BYTES));
        let (runs, encoded, counts) = (Vec::new(), Vec::new(), SortCounts::default());
        let bytes_max = ByteCount(u64::MAX);
        Self { layout, disk, dir, account, arena, bytes_max, runs, encoded, writer_paid, counts }
    }

    /// Holds no more than `bytes` before it spills, also where there is more memory; one record at least.
    #[must_use]
    pub fn at_most(mut self, bytes: ByteCount) -> Self {
        self.bytes_max = bytes;
        self
    }

    pub fn counts(&self) -> SortCounts {
        self.counts
    }

    pub fn is_empty(&self) -> bool {
        self.arena.is_empty() && self.runs.is_empty()
    }

    /// Keeps a record; spills what is held if there is no memory for one more, or enough is held.
    ///
    /// # Errors
    /// The disk fails, or the record alone is larger than all the memory that the account can have.
    pub fn push(&mut self, record: &Record<'_>) -> Result<()> {
        let mut encoded = std::mem::take(&mut self.encoded);
        encoded.clear();
        record.put(&mut encoded);
        if self.arena.bytes() > self.bytes_max {
            self.spill()?;
        }
        let kept = self.try_push(&encoded) || {
            self.spill()?;
            self.try_push(&encoded)
        };
        let length = encoded.len();
        self.encoded = encoded;
        if self.encoded.capacity() > BLOCK_BYTES {
            self.encoded = Vec::new();
        }
        if kept { Ok(()) } else { Err(self.too_large(length, ARENA_FLOOR + length + writer_bytes(length))) }
    }

    /// Keeps the record, if it can be paid for, and its way to a run.
    fn try_push(&mut self, encoded: &[u8]) -> bool {
        let writer = ByteCount::from(writer_bytes(encoded.len()));
        let is_paid = self.writer_paid.as_mut().is_none_or(|paid| paid.try_grow(writer.saturating_sub(paid.bytes())));
        is_paid && self.arena.try_push(encoded)
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
        let entries = self.arena.sorted();
        let mut at = 0;
        while let Some(group) = next_group(&self.layout, &self.arena, &entries, &mut at)? {
            put_parts(group, &mut self.encoded, &mut writer)?;
        }
        drop(entries);
        let run = writer.finish()?;
        self.counts.bytes_spilled += run.bytes;
        self.runs.push(run);
        self.arena.clear();
        self.shrink_writer();
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

    /// Ends the input: what comes out holds the memory, and this sorter is empty for the next commit.
    ///
    /// # Errors
    /// The disk fails.
    pub fn finish(&mut self) -> Result<Reduced> {
        if self.runs.is_empty() {
            let arena = std::mem::replace(&mut self.arena, Arena::new(&self.account));
            self.shrink_writer();
            let entries = arena.sorted();
            return Ok(Reduced { layout: self.layout.clone(), from: From::Memory { arena, entries, at: 0 } });
        }
        let freed = self.spill()?;
        trim(&self.account, freed);
        loop {
            let (fan_in, paid) = self.reserve_readers()?;
            if self.runs.len() <= fan_in {
                let runs = std::mem::take(&mut self.runs);
                let merge = Merge::open(self.disk.as_ref(), &self.layout, &runs)?;
                let disk = self.disk.clone();
                return Ok(Reduced {
                    layout: self.layout.clone(),
                    from: From::Runs { merge, runs, disk, _paid: paid },
                });
            }
            self.merge_pass(fan_in)?;
        }
    }

    /// As many of the runs as can be read at once, and what pays for their readers.
    fn reserve_readers(&self) -> Result<(usize, Reservation)> {
        let block = self.runs.iter().map(|run| run.block_bytes_max).max().unwrap_or(0).max(BLOCK_BYTES);
        let mut fan_in = self.runs.len().clamp(2, FAN_IN);
        loop {
            // One block more: the stored bytes of the block that is being read. A pass also writes.
            let writes = if self.runs.len() > fan_in { writer_bytes(block) - RUN_WRITER_BYTES } else { 0 };
            let needed = (fan_in + 1) * block + writes;
            if let Some(paid) = self.account.try_reserve(ByteCount::from(needed)) {
                return Ok((fan_in, paid));
            }
            if fan_in == 2 {
                return Err(self.too_large(block, needed));
            }
            fan_in = (fan_in / 2).max(2);
        }
    }

    /// Merges neighbours, so that the order of the runs stays that of their writing.
    fn merge_pass(&mut self, fan_in: usize) -> Result<()> {
        self.counts.merge_passes += 1;
        let runs = std::mem::take(&mut self.runs);
        let mut merged = Vec::new();
        for together in runs.chunks(fan_in) {
            if let [single] = together {
                merged.push(single.clone());
                continue;
            }
            let mut merge = Merge::open(self.disk.as_ref(), &self.layout, together)?;
            let mut writer = self.new_run()?;
            while let Some(group) = merge.next_group()? {
                put_parts(group, &mut self.encoded, &mut writer)?;
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
        self.shrink_writer();
        remove(self.disk.as_ref(), &std::mem::take(&mut self.runs));
    }

    /// No long record is held any more.
    fn shrink_writer(&mut self) {
        if let Some(paid) = &mut self.writer_paid {
            paid.shrink_to(ByteCount::from(RUN_WRITER_BYTES));
        }
    }

    /// The memory held for records.
    pub fn held(&self) -> ByteCount {
        self.arena.bytes()
    }

    /// The reservation that pays for spilling; `None` if the account was too short from the start.
    pub fn can_spill(&self) -> bool {
        self.writer_paid.is_some()
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

fn put_parts(group: Group<'_>, encoded: &mut Vec<u8>, writer: &mut RunWriter) -> Result<()> {
    for part in group.into_parts() {
        encoded.clear();
        part.put(encoded);
        writer.put(encoded)?;
    }
    Ok(())
}

/// A run that cannot be removed now goes with its folder at the next start.
fn remove(disk: &dyn Disk, runs: &[RunFile]) {
    for run in runs {
        if let Err(error) = disk.remove_file(&run.path) {
            tracing::debug!(path = %run.path.display(), %error, "a sort run stays until the next start");
        }
    }
}

fn next_group<'a>(layout: &Layout, arena: &'a Arena, entries: &[Entry], at: &mut usize) -> Result<Option<Group<'a>>> {
    let Some(first) = entries.get(*at) else { return Ok(None) };
    let mut group = Group::default();
    while let Some(entry) = entries.get(*at).filter(|entry| entry.hash() == first.hash()) {
        let found = arena.record(entry).and_then(record::parse);
        group.add(layout, found.ok_or_else(|| Error::internal("a damaged record in the sort buffer"))?)?;
        *at += 1;
    }
    Ok(Some(group))
}

/// The final operations of a commit, by growing hash.
#[derive(Debug)]
pub struct Reduced {
    layout: Layout,
    from: From,
}

#[derive(Debug)]
enum From {
    Memory { arena: Arena, entries: Vec<Entry>, at: usize },
    Runs { merge: Merge, runs: Vec<RunFile>, disk: Arc<dyn Disk>, _paid: Reservation },
}

impl Reduced {
    /// The final operation of the next key; `None` at the end.
    ///
    /// # Errors
    /// The disk fails or lost what was written to it.
    pub fn next_operation(&mut self) -> Result<Option<Record<'_>>> {
        let group = match &mut self.from {
            From::Memory { arena, entries, at } => next_group(&self.layout, arena, entries, at)?,
            From::Runs { merge, .. } => merge.next_group()?,
        };
        match group {
            Some(group) => group.into_final(&self.layout),
            None => Ok(None),
        }
    }
}

impl Drop for Reduced {
    fn drop(&mut self) {
        if let From::Runs { runs, disk, .. } = &self.from {
            remove(disk.as_ref(), runs);
        }
    }
}
