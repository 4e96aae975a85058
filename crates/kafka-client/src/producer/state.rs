//! What a producer's callers and tasks share. One mutex, held for moments and never across a wait.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use base::{Error, Result, Rng};
use kafka_wire::codec::Compressor;
use kafka_wire::records::{BatchBuilder, NewRecord};
use ledger::{Account, Budget, Reservation};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::Producer;
use super::delivery::{Completion, Delivery, Promise};
use super::queue::{Identity, Open, Queue};
use crate::client::{Client, Pool, lock};
use crate::config::ProducerConfig;
use crate::partition::TopicPartition;

/// Everything of a producer that its callers and tasks share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) client: Client,
    pub(super) config: ProducerConfig,
    pub(super) pool: Pool,
    /// `buffer.memory`.
    pub(super) batches: Account,
    pub(super) compressor: Mutex<Compressor>,
    state: Mutex<State>,
    /// Something may be to send.
    pub(super) work: Notify,
    /// Something may be to do for the keeper.
    pub(super) upkeep: Notify,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) queues: BTreeMap<TopicPartition, Queue>,
    pub(super) topics: BTreeMap<Arc<str>, Topic>,
    /// The newest that was taken; each partition has an epoch of its own.
    pub(super) identity: Option<Identity>,
    /// How many callers wait for room: nothing lingers meanwhile.
    hurry: usize,
    /// Topics must be asked for again.
    pub(super) stale: bool,
    pub(super) next_batch: u64,
    /// The partition that was sent last.
    pub(super) turn: Option<TopicPartition>,
    rng: Rng,
}

/// A topic that records are sent to.
#[derive(Debug)]
pub(super) struct Topic {
    pub(super) partitions: i32,
    /// Where records without key go now, and how many bytes went there.
    sticky: i32,
    sticky_bytes: u64,
}

/// Nothing lingers while one of these lives.
#[derive(Debug)]
pub(super) struct Hurry<'a>(&'a Shared);

impl Drop for Hurry<'_> {
    fn drop(&mut self) {
        self.0.state().hurry -= 1;
    }
}

impl State {
    /// Whether nothing may linger now.
    pub(super) fn hurried(&self) -> bool {
        self.hurry > 0
    }
}

impl Shared {
    pub(super) fn new(client: Client, config: ProducerConfig, budget: &Budget, name: &str) -> Self {
        let share = budget.share(name, Producer::footprint(&config));
        let batches = share.account(format!("{name}/batches"), config.buffer_memory);
        let compressor_bytes = Producer::footprint(&config).saturating_sub(config.buffer_memory);
        let compressor = Compressor::new(share.account(format!("{name}/compressor"), compressor_bytes));
        let pool = Pool::new(config.client.clone(), client.account().clone());
        let state = State {
            queues: BTreeMap::new(),
            topics: BTreeMap::new(),
            identity: None,
            hurry: 0,
            stale: false,
            next_batch: 0,
            turn: None,
            rng: Rng::from_entropy(),
        };
        Self {
            client,
            config,
            pool,
            batches,
            compressor: Mutex::new(compressor),
            state: Mutex::new(state),
            work: Notify::new(),
            upkeep: Notify::new(),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    pub(super) fn linger(&self) -> Duration {
        Duration::from_millis(self.config.linger_ms)
    }

    pub(super) fn hurry(&self) -> Hurry<'_> {
        self.state().hurry += 1;
        self.work.notify_waiters();
        Hurry(self)
    }

    pub(super) fn partitions_of(&self, topic: &str) -> Option<i32> {
        self.state().topics.get(topic).map(|topic| topic.partitions)
    }

    pub(super) fn learn_topic(&self, topic: &Arc<str>, partitions: i32) {
        let mut state = self.state();
        let sticky = state.rng.below(partitions.max(1) as u64) as i32;
        let new = Topic { partitions, sticky, sticky_bytes: 0 };
        state.topics.entry(topic.clone()).or_insert(new).partitions = partitions;
    }

    /// Where a record without key of `len` bytes goes: the same partition until it has had a batch (KIP-480, KIP-794).
    pub(super) fn sticky_partition(&self, topic: &str, count: i32, len: usize) -> i32 {
        let mut state = self.state();
        let next = state.rng.below(count.max(1) as u64) as i32;
        let Some(topic) = state.topics.get_mut(topic) else { return next };
        if topic.sticky_bytes >= self.config.batch_size.0 || topic.sticky >= count {
            topic.sticky = next;
            topic.sticky_bytes = 0;
        }
        topic.sticky_bytes += len as u64;
        topic.sticky
    }

    /// Appends to the open batch of `name`, or to a new one in the room that is paid; `None` if there is neither.
    pub(super) fn append(
        &self,
        name: &TopicPartition,
        record: &NewRecord<'_>,
        paid: &mut Option<Reservation>,
    ) -> Result<Option<Delivery>> {
        let mut state = self.state();
        let queue = match state.queues.get_mut(name) {
            Some(queue) => queue,
            None => {
                let metadata = self.client.metadata();
                let leader = metadata.leader(&name.topic, name.index.0).map(|(_, address)| address.clone());
                state.queues.entry(name.clone()).or_insert_with(|| Queue { leader, ..Queue::default() })
            }
        };
        if let Some(open) = &mut queue.open {
            if let Some(index) = open.builder.append(record) {
                return Ok(Some(Delivery { batch: open.promise.0.clone(), index }));
            }
            queue.full.extend(queue.open.take());
        }
        let Some(room) = paid.take() else {
            drop(state);
            self.work.notify_waiters();
            return Ok(None);
        };
        let mut builder = BatchBuilder::new(room);
        let index = builder.append(record).ok_or_else(|| Error::internal("a record does not fit its own batch"))?;
        let completion = Arc::new(Completion::new(name.clone()));
        queue.open = Some(Open { builder, promise: Promise(completion.clone()), since: Instant::now() });
        drop(state);
        // The sender learns when it is due; the keeper, that the partition may need a leader and the producer an identity.
        self.work.notify_waiters();
        self.upkeep.notify_waiters();
        Ok(Some(Delivery { batch: completion, index }))
    }

    /// Closes all open batches and returns what everything waits for.
    pub(super) fn close_all(&self) -> Vec<Arc<Completion>> {
        let mut state = self.state();
        let mut waiting = Vec::new();
        for queue in state.queues.values_mut() {
            queue.full.extend(queue.open.take());
            waiting.extend(queue.closed.iter().map(|batch| batch.promise.0.clone()));
            waiting.extend(queue.full.iter().map(|open| open.promise.0.clone()));
            waiting.extend(queue.closing.iter().cloned());
        }
        drop(state);
        self.work.notify_waiters();
        waiting
    }
}
