//! Where data leaves, in two phases: writers prepare, committers publish.
//!
//! The order of events for one pipeline: `recover` (the target says where to go on), then `write`*, `prepare` until done,
//! `commit`, and so on. While a commit is under way the writer already takes rows of the next epoch, but the next
//! `prepare` begins only after the commit ended; so writer and committer of one sink may share state that only changes in a commit.

use std::any::Any;
use std::path::PathBuf;
use std::sync::Arc;

use base::{ByteCount, Clock, Disk, Epoch, Result};
use ledger::{Budget, Waker};
use rows::{Batch, Changelog, Positions, Schema, Span};

use crate::settings::Settings;

/// A sink as planned: knows its table and input, holds nothing yet.
pub trait SinkInstance: Send + Sync + std::fmt::Debug {
    /// For EXPLAIN: `iceberg(lake.shop.orders, upsert by id)`.
    fn describe(&self) -> String;

    /// Builds writer and committer. Called again after each restart. Opens accounts, does no slow I/O.
    fn open(&self, context: &SinkContext) -> Result<Sink>;
}

/// What arrives at a sink.
#[derive(Clone, Debug)]
pub struct SinkInput {
    pub schema: Schema,
    pub changelog: Changelog,
}

/// What a sink may use of the process.
#[derive(Clone, Debug)]
pub struct SinkContext {
    pub budget: Budget,
    pub clock: Arc<dyn Clock>,
    pub disk: Arc<dyn Disk>,
    /// `pipeline.name`: with the table's name the identity under which positions are kept in the target.
    pub job: String,
    /// The sink table's name, for accounts (`sink/orders/run`) and messages.
    pub name: String,
    pub settings: Settings,
    /// A folder of this sink's own for spilled runs and caches; may be missing, may be deleted between runs.
    pub state_dir: PathBuf,
    /// Where relative paths of options are looked up.
    pub working_dir: PathBuf,
}

/// The two halves of an open sink.
pub struct Sink {
    pub writer: Box<dyn SinkWriter>,
    pub committer: Box<dyn Committer>,
}

impl std::fmt::Debug for Sink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sink")
    }
}

/// Takes rows and prepares them. Synchronous; stepped by a worker; never waits, never fsyncs. The accounts that it opened
/// have floors with which it makes progress however short memory is.
pub trait SinkWriter: Send {
    /// Whom to wake when a [`Self::prepare`] that waited may go on. Called once, before anything else.
    fn wake_with(&mut self, _waker: Waker) {}

    /// Takes the rows. Reserves with `try_reserve` what it keeps; where that fails it spills, paid from its floor.
    fn write(&mut self, batch: Batch) -> Result<Wrote>;

    /// What [`Self::reclaim`] would free now, about. Asked after each write.
    fn reclaimable(&self) -> ByteCount {
        ByteCount::ZERO
    }

    /// Gives memory back if it can (by spilling); the bytes freed.
    fn reclaim(&mut self, want: ByteCount) -> Result<ByteCount>;

    /// Makes everything written since the last `prepare` durable-to-be but invisible, in bounded pieces: called again
    /// until it is done. `spans` are what this epoch extends, the same at each call. While it waits
    /// ([`Prepare::Waiting`]) it holds what was written, and [`Self::reclaim`] frees it as before.
    fn prepare(&mut self, epoch: Epoch, spans: &[Span]) -> Result<Prepare>;
}

/// What a write led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrote {
    Kept,
    /// Enough is held: commit soon (`millstream.commit.max-bytes`).
    CommitSoon,
}

/// What a writer hands to the committer of the same sink, which knows its type.
pub type Committable = Box<dyn Any + Send>;

/// How far a `prepare` came.
pub enum Prepare {
    Working,
    /// Nothing can be done before another sink is done with what they share; then the waker is called
    /// ([`SinkWriter::wake_with`]).
    Waiting,
    Done(Committable),
}

impl std::fmt::Debug for Prepare {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Working => "Working",
            Self::Waiting => "Waiting",
            Self::Done(_) => "Done",
        })
    }
}

/// Publishes what was prepared. Runs on the process's one committer thread, which may wait for disks and networks; so
/// one commit at a time holds commit memory, the floor of an account of its own.
pub trait Committer: Send {
    /// Reads from the target itself where to go on, and cleans up what failed attempts of this job left. Called once, first.
    fn recover(&mut self) -> Result<Recovered>;

    /// Publishes; idempotent.
    fn commit(&mut self, prepared: Committable) -> Result<Outcome>;
}

/// Where the target says that this job stands.
#[derive(Clone, Debug, Default)]
pub struct Recovered {
    /// Empty for a target that this job never wrote.
    pub positions: Positions,
    /// Worth telling the user: a table that was rolled back, say.
    pub notes: Vec<String>,
}

/// How a commit ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Published(Published),
    /// An earlier attempt, thought lost, had succeeded.
    AlreadyPublished,
    /// The target has moved on under the same job name: another run goes on, this one must stop. What head holds, for the message.
    Overtaken {
        head: Vec<Span>,
    },
}

/// What a commit did, for progress and logs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Published {
    /// The snapshot id or the like.
    pub version: String,
    pub rows: u64,
    pub deletes: u64,
    pub bytes: u64,
}
