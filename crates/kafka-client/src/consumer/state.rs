//! What is assigned and where each partition stands, shared by the consumer, its keeper and its fetch tasks.
//!
//! One mutex, held for moments and never across a wait. Whoever changes something that others wait for tells `ready` (the
//! consumer), `work` (fetch tasks) or `upkeep` (the keeper) after letting go of it.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};

use base::{Error, Offset};
use kafka_wire::protocol::TopicId;
use ledger::Account;
use tokio::sync::Notify;

use super::chunk::Chunk;
use super::error::again;
use super::{ConsumerError, Fetched, StartAt};
use crate::client::{Client, Leader, Pool, lock};
use crate::config::{Address, ConsumerConfig};
use crate::partition::TopicPartition;

/// Everything of a consumer that its tasks share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) client: Client,
    pub(super) config: ConsumerConfig,
    pub(super) account: Account,
    pub(super) pool: Pool,
    state: Mutex<State>,
    /// Something may be taken.
    pub(super) ready: Notify,
    /// Something may be to fetch.
    pub(super) work: Notify,
    /// Something may be to do for the keeper.
    pub(super) upkeep: Notify,
    /// A broker of whose partitions so many bytes wait, or fewer, is polled ([`super::plan`]).
    pub(super) fetch_below: AtomicUsize,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) partitions: BTreeMap<TopicPartition, Assigned>,
    /// Whose turn it is to hand out something, if it has: partitions change with each response.
    turn: Option<Turn>,
    /// Counts responses, so that the partition which was served longest ago is asked for first.
    pub(super) served: u64,
    /// The topics must be asked for again: a broker said that it does not lead.
    pub(super) stale: bool,
    /// For the consumer as a whole, given out once.
    failure: Option<Error>,
}

/// Where the search for something to hand out begins.
#[derive(Debug)]
enum Turn {
    From(TopicPartition),
    After(TopicPartition),
}

/// A partition that is read.
#[derive(Debug)]
pub(super) struct Assigned {
    pub(super) topic_id: TopicId,
    /// The cluster has named it once, to us or to whoever told us its topic's id.
    pub(super) known: bool,
    /// `Err` while the offset must be looked up.
    pub(super) position: Result<Offset, StartAt>,
    /// Where the next fetch begins: after the chunks.
    pub(super) fetch_offset: Offset,
    pub(super) chunks: VecDeque<Chunk>,
    pub(super) leader: Option<(Leader, Address)>,
    pub(super) paused: bool,
    pub(super) in_flight: bool,
    /// Counts assignments, pauses and leaders: an answer to an earlier fetch is thrown away.
    pub(super) version: u64,
    /// When it last brought something ([`State::served`]).
    pub(super) served: u64,
    /// The log does not have `fetch_offset`: looked up once the chunks are handed out.
    pub(super) out_of_range: bool,
    /// Fetched bytes are damaged: nothing more is fetched.
    pub(super) damaged: bool,
    pub(super) error: Option<ConsumerError>,
}

impl Assigned {
    fn new(topic_id: TopicId, at: StartAt, version: u64) -> Self {
        let position = match at {
            StartAt::Offset(offset) => Ok(offset),
            at => Err(at),
        };
        Self {
            topic_id,
            known: !topic_id.is_none(),
            position,
            fetch_offset: position.unwrap_or_default(),
            chunks: VecDeque::new(),
            leader: None,
            paused: false,
            in_flight: false,
            version,
            served: 0,
            out_of_range: false,
            damaged: false,
            error: None,
        }
    }

    /// Forgets what is fetched or on its way.
    pub(super) fn rewind(&mut self) {
        self.chunks.clear();
        self.fetch_offset = self.position.unwrap_or_default();
        self.in_flight = false;
        self.out_of_range = false;
        self.damaged = false;
        self.version += 1;
    }

    /// Bytes that wait to be handed out.
    pub(super) fn queued(&self) -> usize {
        self.chunks.iter().map(Chunk::len).sum()
    }

    /// Whether its offset must be looked up, and how; a log without the offset counts once what was fetched is handed
    /// out.
    pub(super) fn lookup(&self) -> Option<StartAt> {
        self.position.err().filter(|_| self.error.is_none())
    }

    /// Hands out the next step, if there is one.
    fn take(&mut self, name: &TopicPartition) -> Option<Result<Fetched, ConsumerError>> {
        if let Some(error) = &self.error {
            return Some(Err(again(error)));
        }
        let from = self.position.ok()?;
        while let Some(chunk) = self.chunks.front_mut() {
            match chunk.next(from) {
                Ok(Some(handed)) => {
                    self.position = Ok(handed.next_offset);
                    return Some(Ok(Fetched {
                        partition: name.clone(),
                        from,
                        next_offset: handed.next_offset,
                        bytes: handed.bytes,
                        high_watermark: handed.high_watermark,
                        last_stable_offset: handed.last_stable_offset,
                    }));
                }
                Ok(None) => {
                    self.chunks.pop_front();
                }
                Err(error) => {
                    self.chunks.clear();
                    let error = ConsumerError::Batch { partition: name.clone(), error };
                    self.error = Some(again(&error));
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

impl Shared {
    pub(super) fn new(client: Client, config: ConsumerConfig, account: Account, pool: Pool) -> Self {
        let state = Mutex::new(State::default());
        Self {
            client,
            config,
            account,
            pool,
            state,
            ready: Notify::new(),
            work: Notify::new(),
            upkeep: Notify::new(),
            fetch_below: AtomicUsize::new(0),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    pub(super) fn assign(&self, partition: TopicPartition, topic_id: TopicId, at: StartAt) {
        let mut state = self.state();
        let version = state.partitions.get(&partition).map_or(0, |old| old.version + 1);
        state.partitions.insert(partition, Assigned::new(topic_id, at, version));
        drop(state);
        self.upkeep.notify_waiters();
    }

    pub(super) fn unassign(&self, partition: &TopicPartition) {
        let gone = self.state().partitions.remove(partition);
        drop(gone);
        // What it had waiting may have kept its broker from being polled.
        self.work.notify_waiters();
        self.upkeep.notify_waiters();
    }

    pub(super) fn pause(&self, partition: &TopicPartition) {
        if let Some(assigned) = self.state().partitions.get_mut(partition) {
            assigned.paused = true;
            assigned.rewind();
        }
        // See `unassign`.
        self.work.notify_waiters();
    }

    pub(super) fn resume(&self, partition: &TopicPartition) {
        if let Some(assigned) = self.state().partitions.get_mut(partition) {
            assigned.paused = false;
        }
        self.work.notify_waiters();
        // Its offset may have to be looked up yet.
        self.upkeep.notify_waiters();
    }

    pub(super) fn position(&self, partition: &TopicPartition) -> Option<Offset> {
        self.state().partitions.get(partition)?.position.ok()
    }

    /// Lets the consumer fail once.
    pub(super) fn fail(&self, error: Error) {
        self.state().failure = Some(error);
        self.ready.notify_one();
    }

    /// The next step of the partition whose turn it is, or of the first after it that has one.
    pub(super) fn take(&self) -> Option<Result<Fetched, ConsumerError>> {
        let mut state = self.state();
        if let Some(error) = state.failure.take() {
            return Some(Err(ConsumerError::Other(error)));
        }
        let turn = state.turn.take();
        let start = match &turn {
            None => Bound::Unbounded,
            Some(Turn::From(name)) => Bound::Included(name),
            Some(Turn::After(name)) => Bound::Excluded(name),
        };
        let first =
            state.partitions.range::<TopicPartition, _>((start, Bound::Unbounded)).map(|(name, _)| name.clone());
        let order: Vec<TopicPartition> = first.chain(state.partitions.keys().cloned()).collect();
        let (mut taken, mut fetch_ahead, mut reset) = (None, false, false);
        for name in order {
            let Some(assigned) = state.partitions.get_mut(&name).filter(|assigned| !assigned.paused) else { continue };
            taken = assigned.take(&name);
            reset |= assigned.out_of_range && assigned.chunks.is_empty();
            if taken.is_some() {
                // Where the whole broker is below, each of its partitions is.
                fetch_ahead = !assigned.in_flight && assigned.queued() <= self.fetch_below.load(Ordering::Relaxed);
                let more = assigned.chunks.front().is_some_and(|chunk| chunk.len() > 0);
                state.turn = Some(if more { Turn::From(name) } else { Turn::After(name) });
                break;
            }
        }
        drop(state);
        if fetch_ahead {
            self.work.notify_waiters();
        }
        if reset {
            self.upkeep.notify_waiters();
        }
        taken
    }
}
