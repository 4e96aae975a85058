//! The log of one partition in memory: its segments, its end, and who waits for it.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use base::disk::Open;
use base::{ByteCount, Disk, DiskFile, Error, Result};
use kafka_wire::protocol::ErrorCode;
use kafka_wire::records::BatchHeader;
use ledger::{Account, Reservation};
use tokio::sync::{Notify, watch};

use super::append::Refused;
use super::checkpoint::{CHECKPOINT_EVERY, Checkpoint};
use super::producers::{Producers, Verdict};
use super::recover;
use super::segment::{Segment, SegmentFiles};
use super::syncer::Flush;
use crate::files;

/// The leader epoch of every batch: nothing visible is ever cut off, so it never has to change.
pub(super) const LEADER_EPOCH: i32 = 0;

/// What an open log takes: its struct, two open files, the index entry in the table of topics.
const LOG_BYTES: ByteCount = ByteCount::kib(8);
pub(super) const SEGMENT_BYTES: ByteCount = ByteCount(64);
const PRODUCER_BYTES: ByteCount = ByteCount(256);

/// What a topic's settings say to its logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogSettings {
    pub(crate) segment_bytes: u64,
    pub(crate) retention_bytes: Option<u64>,
    pub(crate) retention_ms: Option<i64>,
    /// Whether old segments go at all (`cleanup.policy` has `delete`).
    pub(crate) deletes: bool,
}

/// The log of one partition. Every method is synchronous and holds its lock only for calls to the disk's cache; waiting
/// for durability is [`PartitionLog::durable`].
#[derive(Debug)]
pub(crate) struct PartitionLog {
    /// `topic-0`, for messages.
    pub(super) name: String,
    pub(super) folder: PathBuf,
    pub(super) disk: Arc<dyn Disk>,
    pub(super) state: Mutex<State>,
    pub(super) durable: watch::Sender<Durable>,
    pub(super) waiters: Mutex<Vec<Weak<Notify>>>,
    queued: AtomicBool,
    /// Held by the round of syncs that is under way, since a round declares durable what the one before it took on; taken
    /// before all others.
    syncing: Mutex<()>,
    /// Held while the checkpoint's file is written; taken before the state.
    checkpointing: Mutex<()>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) settings: LogSettings,
    /// By base offset; never empty; the last one is written to.
    pub(super) segments: Vec<Segment>,
    /// The files of the last segment.
    pub(super) active: SegmentFiles,
    /// The sealed segment that was read last.
    pub(super) sealed: Option<(i64, SegmentFiles)>,
    pub(super) log_start: i64,
    pub(super) producers: Producers,
    /// Sealed files with bytes that were not synced yet.
    pub(super) unsynced: Vec<Arc<dyn DiskFile>>,
    /// Whether a file's name is not durable yet.
    pub(super) names_unsynced: bool,
    pub(super) since_checkpoint: u64,
    pub(super) checkpoint: Checkpoint,
    pub(super) stopped: Option<Stopped>,
    /// Pays for this struct, its segments and producers.
    pub(super) paid: Reservation,
}

/// Why a log takes no more appends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stopped {
    /// A sync failed: what is in the kernel's cache can no longer be trusted.
    SyncFailed,
    /// The broker is shutting down.
    Closed,
    /// The topic is gone.
    Deleted,
}

/// Up to where the log is durable, which is also its high watermark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Durable {
    pub(super) end: i64,
    pub(super) segment_base: i64,
    pub(super) position: u64,
    pub(super) stopped: bool,
}

/// Where a batch went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Appended {
    pub(crate) base_offset: i64,
    /// The offset after its last record: acknowledge when the log is durable up to here.
    pub(crate) end: i64,
    pub(crate) log_start: i64,
}

impl PartitionLog {
    /// Opens or makes the log in `folder`, which must exist. After an unclean end (`clean` is false) everything behind
    /// the checkpoint is read and checked.
    pub(crate) fn open(
        disk: Arc<dyn Disk>,
        folder: PathBuf,
        name: String,
        settings: LogSettings,
        clean: bool,
        tables: &Account,
    ) -> Result<Arc<Self>> {
        let recovered = recover::recover(disk.as_ref(), &folder, &name, clean)
            .map_err(|error| files::failed("read the log in", &folder, error))?;
        let wanted = ByteCount(
            LOG_BYTES.get()
                + SEGMENT_BYTES.get() * recovered.segments.len() as u64
                + PRODUCER_BYTES.get() * recovered.producers.len() as u64,
        );
        let paid = tables.try_reserve(wanted).ok_or_else(|| {
            Error::user(format!("there is no memory for the partition {name}"))
                .detail(format!("it needs {wanted}, and '{}' has no more to give", tables.name()))
                .hint("give the broker more with --memory, or have fewer partitions")
        })?;
        let last = recovered.segments.last().cloned().unwrap_or_else(|| Segment::empty(0));
        let active = SegmentFiles::open(disk.as_ref(), &folder, last.base, Open::WriteOrCreate)
            .map_err(|error| files::failed("open the log in", &folder, error))?;
        let durable = Durable { end: last.next_offset, segment_base: last.base, position: last.size, stopped: false };
        let state = State {
            settings,
            segments: recovered.segments,
            active,
            sealed: None,
            log_start: recovered.log_start,
            producers: recovered.producers,
            unsynced: Vec::new(),
            names_unsynced: false,
            since_checkpoint: 0,
            checkpoint: recovered.checkpoint,
            stopped: None,
            paid,
        };
        Ok(Arc::new(Self {
            name,
            folder,
            disk,
            state: Mutex::new(state),
            durable: watch::Sender::new(durable),
            waiters: Mutex::default(),
            queued: AtomicBool::new(false),
            syncing: Mutex::default(),
            checkpointing: Mutex::default(),
        }))
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first offset that can be read.
    pub(crate) fn log_start(&self) -> i64 {
        self.state().log_start
    }

    /// The end of what is durable.
    pub(crate) fn high_watermark(&self) -> i64 {
        self.durable.borrow().end
    }

    /// Writes a batch that [`super::check_batch`] accepted. It is neither durable nor visible before the next sync.
    pub(crate) fn append(&self, header: &BatchHeader, records: &[u8]) -> Result<Appended, Refused> {
        let mut state = self.state();
        if let Some(stopped) = state.stopped {
            return Err(stopped.refusal());
        }
        let log_start = state.log_start;
        if let Verdict::Repeated { base_offset } = state.producers.check(header)? {
            let end = base_offset + i64::from(header.last_offset_delta) + 1;
            return Ok(Appended { base_offset, end, log_start });
        }
        let written = self.write(&mut state, header, records).map_err(|error| {
            tracing::error!(log = %self.name, %error, "cannot append");
            Refused::new(ErrorCode::KAFKA_STORAGE_ERROR, format!("cannot write to the log: {error}"))
        })?;
        if state.producers.is_new(header) && !state.paid.try_grow(PRODUCER_BYTES) {
            state.producers.forget_one();
        }
        state.producers.record(header, written.base_offset);
        Ok(Appended { log_start, ..written })
    }

    /// Bytes that a failed write leaves behind the end are overwritten by the next one; recovery takes them for torn.
    fn write(&self, state: &mut State, header: &BatchHeader, records: &[u8]) -> io::Result<Appended> {
        self.roll_if_full(state, header)?;
        let State { segments, active, .. } = &mut *state;
        let Some(segment) = segments.last_mut() else { return Err(io::Error::other("a log without a segment")) };
        let base_offset = segment.next_offset;
        let Some((head, body)) = records.split_first_chunk::<{ BatchHeader::BYTES }>() else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let mut head = *head;
        BatchHeader::place(&mut head, base::Offset(base_offset), LEADER_EPOCH);
        let mut grown = segment.clone();
        grown.index_next(active.index.as_ref(), base_offset)?;
        // The header last: without it the rest is no batch.
        active.log.write_all_at(body, segment.size + BatchHeader::BYTES as u64)?;
        active.log.write_all_at(&head, segment.size)?;
        let end = base_offset + i64::from(header.last_offset_delta) + 1;
        grown.extend(records.len() as u64, end, header.max_timestamp);
        *segment = grown;
        state.since_checkpoint += records.len() as u64;
        Ok(Appended { base_offset, end, log_start: 0 })
    }

    fn roll_if_full(&self, state: &mut State, header: &BatchHeader) -> io::Result<()> {
        let limit = state.settings.segment_bytes;
        let Some(last) = state.segments.last() else { return Ok(()) };
        let span = last.next_offset - last.base + i64::from(header.last_offset_delta) + 1;
        let full = last.size + header.len as u64 > limit || i32::try_from(span).is_err();
        // Without memory for one more segment the last one grows beyond its size.
        let can_wait = last.size + (header.len as u64) < u64::from(u32::MAX) && i32::try_from(span).is_ok();
        if !full || last.size == 0 || (!state.paid.try_grow(SEGMENT_BYTES) && can_wait) {
            return Ok(());
        }
        self.roll(state)
    }

    /// Seals the last segment and begins another.
    pub(super) fn roll(&self, state: &mut State) -> io::Result<()> {
        let Some(last) = state.segments.last_mut() else { return Ok(()) };
        let base = last.next_offset;
        let files = SegmentFiles::create(self.disk.as_ref(), &self.folder, base)?;
        // What a failed write left behind the end must not look like a batch of a segment that is never checked again.
        if state.active.log.len()? > last.size {
            state.active.log.set_len(last.size)?;
        }
        last.index_end(state.active.index.as_ref())?;
        let sealed = std::mem::replace(&mut state.active, files);
        state.unsynced.extend([sealed.log, sealed.index]);
        state.names_unsynced = true;
        // A checkpoint in the new segment spares the next start the old one.
        state.since_checkpoint = CHECKPOINT_EVERY;
        state.segments.push(Segment::empty(base));
        Ok(())
    }

    /// Waits until everything before `end` is durable.
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing; the sync goes on.
    pub(crate) async fn durable(&self, end: i64) -> Result<(), Refused> {
        let mut durable = self.durable.subscribe();
        let reached = durable.wait_for(|durable| durable.end >= end || durable.stopped).await;
        match reached {
            Ok(durable) if durable.end >= end => Ok(()),
            _ => Err(self.state().stopped.unwrap_or(Stopped::SyncFailed).refusal()),
        }
    }

    /// Has `waiter` told when the high watermark moves or the log stops, once. One that waits already is not noted again: a
    /// fetch of several partitions comes back whenever any of them moves.
    pub(crate) fn tell(&self, waiter: &Arc<Notify>) {
        let mut waiters = self.waiters.lock().unwrap_or_else(PoisonError::into_inner);
        let mut waits_already = false;
        waiters.retain(|other| {
            waits_already |= std::ptr::eq(other.as_ptr(), Arc::as_ptr(waiter));
            other.strong_count() > 0
        });
        if !waits_already {
            waiters.push(Arc::downgrade(waiter));
        }
    }

    fn tell_waiters(&self) {
        let waiters = std::mem::take(&mut *self.waiters.lock().unwrap_or_else(PoisonError::into_inner));
        for waiter in waiters.iter().filter_map(Weak::upgrade) {
            waiter.notify_one();
        }
    }

    /// Stops appends for good and lets go of who waits.
    pub(super) fn stop(&self, why: Stopped) {
        self.state().stopped.get_or_insert(why);
        self.durable.send_modify(|durable| durable.stopped = true);
        self.tell_waiters();
    }

    /// Refuses appends from now on; the topic is deleted.
    pub(crate) fn delete(&self) {
        self.stop(Stopped::Deleted);
    }

    /// Refuses appends from now on, syncs, and leaves a checkpoint at the end. True if the next start may trust it.
    pub(crate) fn close(&self) -> bool {
        {
            let mut state = self.state();
            if state.stopped.is_some() {
                return false;
            }
            state.stopped = Some(Stopped::Closed);
            // An up-to-date checkpoint is not written again.
            let unchanged = state.since_checkpoint == 0 && state.checkpoint.log_start == state.log_start;
            state.since_checkpoint = if unchanged { 0 } else { CHECKPOINT_EVERY };
        }
        let closed = self.sync();
        self.stop(Stopped::Closed);
        closed
    }

    /// Syncs everything written before, and writes a checkpoint if one is due; false if either failed. A sync that failed
    /// stops the log; a checkpoint that failed is no loss, since the next start reads more then, and is tried again.
    fn sync(&self) -> bool {
        let _one_at_a_time = self.syncing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.state().stopped == Some(Stopped::SyncFailed) {
            return false;
        }
        match self.run_round() {
            Ok(None) => true,
            Ok(Some(checkpoint)) => match self.keep_checkpoint(checkpoint) {
                Ok(()) => true,
                Err(error) => {
                    tracing::warn!(log = %self.name, %error, "cannot write a checkpoint");
                    self.state().since_checkpoint = CHECKPOINT_EVERY;
                    false
                }
            },
            Err(error) => {
                self.mark_failed_sync(&error);
                self.stop(Stopped::SyncFailed);
                false
            }
        }
    }

    /// One round: syncs everything written before it began, then moves the high watermark.
    fn run_round(&self) -> io::Result<Option<Checkpoint>> {
        let round = self.begin_round();
        for file in &round.files {
            file.sync()?;
        }
        if round.names {
            self.disk.sync_dir(&self.folder)?;
        }
        self.durable.send_modify(|durable| *durable = Durable { stopped: durable.stopped, ..round.durable });
        self.tell_waiters();
        Ok(round.checkpoint)
    }

    fn mark_failed_sync(&self, error: &io::Error) {
        tracing::error!(log = %self.name, %error, "a sync failed; the log is stopped until the next start");
        if let Err(error) = self.disk.open(&self.folder.join(recover::RESYNC), Open::WriteOrCreate) {
            tracing::error!(log = %self.name, %error, "cannot leave a mark of it");
        }
    }

    fn begin_round(&self) -> Round {
        let mut state = self.state();
        let mut files = std::mem::take(&mut state.unsynced);
        files.push(state.active.log.clone());
        let due = state.since_checkpoint >= CHECKPOINT_EVERY;
        if due {
            files.push(state.active.index.clone());
            state.since_checkpoint = 0;
        }
        let names = std::mem::take(&mut state.names_unsynced);
        let last = state.segments.last().cloned().unwrap_or_else(|| Segment::empty(0));
        let durable = Durable { end: last.next_offset, segment_base: last.base, position: last.size, stopped: false };
        Round { files, names, durable, checkpoint: due.then(|| state.checkpoint_at(&last)) }
    }

    /// Writes a checkpoint, with the log's start as it is now.
    pub(super) fn keep_checkpoint(&self, mut checkpoint: Checkpoint) -> io::Result<()> {
        let _one_at_a_time = self.checkpointing.lock().unwrap_or_else(PoisonError::into_inner);
        checkpoint.log_start = self.state().log_start;
        checkpoint.write(self.disk.as_ref(), &self.folder)?;
        self.state().checkpoint = checkpoint;
        Ok(())
    }
}

/// What one sync covers.
struct Round {
    files: Vec<Arc<dyn DiskFile>>,
    names: bool,
    durable: Durable,
    checkpoint: Option<Checkpoint>,
}

impl State {
    /// Gives back what `n` segments cost.
    pub(super) fn paid_segments(&mut self, n: usize) {
        let left = self.paid.bytes().saturating_sub(ByteCount(SEGMENT_BYTES.get() * n as u64));
        self.paid.shrink_to(left);
    }

    pub(super) fn checkpoint_at(&self, last: &Segment) -> Checkpoint {
        Checkpoint {
            log_start: self.log_start,
            segment_base: last.base,
            position: last.size,
            next_offset: last.next_offset,
            max_timestamp: last.max_timestamp,
            index_entries: last.index_entries,
            indexed_to: last.indexed_to,
            producers: self.producers.clone(),
        }
    }
}

impl Stopped {
    fn refusal(self) -> Refused {
        match self {
            Self::SyncFailed => Refused::new(
                ErrorCode::KAFKA_STORAGE_ERROR,
                "a sync of this log failed; it takes no more records until the broker is started again",
            ),
            Self::Closed => Refused::new(ErrorCode::NOT_LEADER_OR_FOLLOWER, "the broker is shutting down"),
            Self::Deleted => Refused::new(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, "the topic was deleted"),
        }
    }
}

impl Flush for PartitionLog {
    fn flush(&self) {
        // Before the round: what is appended from here on queues the log again.
        self.queued.store(false, Ordering::Release);
        self.sync();
    }

    fn enqueue(&self) -> bool {
        !self.queued.swap(true, Ordering::AcqRel)
    }
}
