//! Where data enters: sources, which do I/O, and decoders, which work.

use std::path::PathBuf;
use std::sync::Arc;

use base::{BoxFuture, ByteCount, Clock, Error, Offset, Result};
use bytes::Bytes;
use ledger::{Budget, Reservation};
use rows::{Batch, PartitionId, Positions};

use crate::settings::Settings;

/// A source as planned: knows everything about its table, holds nothing yet.
pub trait SourceInstance: Send + Sync + std::fmt::Debug {
    /// For EXPLAIN: `kafka(topic=orders, format=debezium-json)`.
    fn describe(&self) -> String;

    /// Builds a source and its decoder. Called again after each restart. Opens accounts, does no I/O.
    fn open(&self, context: &SourceContext) -> Result<SourceParts>;
}

/// What a source may use of the process.
#[derive(Clone, Debug)]
pub struct SourceContext {
    pub budget: Budget,
    pub clock: Arc<dyn Clock>,
    /// The table's name, for accounts (`source/orders/fetch`) and messages.
    pub name: String,
    pub settings: Settings,
    /// `--bounded`: end at the end offsets read at start.
    pub bounded: bool,
    /// Where relative paths of options are looked up.
    pub working_dir: PathBuf,
}

/// A source and the decoder of what it reads.
pub struct SourceParts {
    pub source: Box<dyn Source>,
    pub decoder: Box<dyn Decoder>,
}

impl std::fmt::Debug for SourceParts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SourceParts")
    }
}

/// Reads bytes from outside; lives on the I/O runtime.
pub trait Source: Send {
    /// Begins at `at`, what the sink has committed; partitions that are not in it begin by the startup mode.
    fn open<'a>(&'a mut self, at: &'a Positions) -> BoxFuture<'a, Result<Opened>>;

    /// The next bytes; reserves, then reads.
    ///
    /// # Cancel safety
    /// Must lose nothing when dropped.
    fn next(&mut self) -> BoxFuture<'_, Result<SourceEvent>>;

    /// `upto` is committed in the sink: consumer-group offsets, for lag tools and a hand-over to Flink. Best effort.
    fn published<'a>(&'a mut self, upto: &'a Positions) -> BoxFuture<'a, Result<()>>;
}

/// Where a source really begins, and where it will end if it is bounded.
#[derive(Clone, Debug, Default)]
pub struct Opened {
    pub start: Positions,
    pub end: Option<Positions>,
    /// The start would be another one if it were asked for again (`latest-offset`): it is committed even where nothing
    /// is read, so that the next run goes on from it.
    pub start_moves: bool,
}

/// What a source has to say.
#[derive(Debug)]
pub enum SourceEvent {
    Batch(RawBatch),
    /// A bounded source has handed out everything up to its end.
    End,
}

/// Undecoded bytes of one partition. `bytes` carry the reservation that pays for them (`ledger::Owned::into_bytes`).
#[derive(Clone, Debug)]
pub struct RawBatch {
    pub partition: PartitionId,
    /// The offsets this batch covers, `from..to`, records that are gone (compaction, aborted, control) included. What
    /// else the bytes hold is not part of it.
    pub from: Offset,
    pub to: Offset,
    /// The end of the partition as known now, for lag.
    pub end: Offset,
    /// May be empty: only the position moves.
    pub bytes: Bytes,
}

/// Turns raw batches into rows. Synchronous; stepped by a worker.
pub trait Decoder: Send {
    /// What one [`Self::step`] takes at most: its builders and one finished batch. Decoders of one worker share it.
    fn floor(&self) -> ByteCount;

    /// Begins a raw batch. Only after `step` has answered [`Decoding::Consumed`] (or at first).
    fn start(&mut self, raw: RawBatch) -> Result<()>;

    /// Goes on with the raw batch: at most one output batch a call, and nothing of it kept. After an error the decoder is
    /// done for.
    ///
    /// `scratch` comes empty, of an account with a floor of at least [`Self::floor`] that nobody else uses during the
    /// step; the decoder grows it before it allocates. It pays until the batch has been written.
    fn step(&mut self, scratch: &mut Reservation) -> Result<Decoding>;

    /// Counters of records read, skipped and dead-lettered since the start.
    fn counts(&self) -> DecoderCounts;

    /// What must be durable before the positions read so far are committed (dead letters): done by the committer thread.
    fn before_commit(&mut self) -> Option<BeforeCommit> {
        None
    }
}

/// Makes something of a decoder durable; may wait for a disk.
pub type BeforeCommit = Box<dyn FnOnce() -> Result<()> + Send>;

/// What a step of a decoder gave.
#[expect(clippy::large_enum_variant, reason = "made once per batch of thousands of rows")]
#[derive(Debug)]
pub enum Decoding {
    /// Rows, and the raw batch may hold more.
    Batch(Batch),
    /// The raw batch is used up and let go of.
    Consumed,
    /// A codec window of this size could not be reserved; step again when memory came back.
    NeedMemory(ByteCount),
}

/// What a decoder has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecoderCounts {
    pub records: u64,
    /// Bytes of keys and values, uncompressed.
    pub bytes: u64,
    pub skipped: u64,
    pub dead_lettered: u64,
}

/// A bad option value, found when a source opens.
pub fn bad_option(key: &str, reason: impl std::fmt::Display) -> Error {
    Error::user(format!("option '{key}': {reason}"))
}
