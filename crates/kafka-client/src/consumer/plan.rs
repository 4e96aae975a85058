//! What to ask a broker for next, and how much, so that the account can hold the answers.
//!
//! A response of `F` bytes costs `F` and, until it is decoded, an allowance of at most 1 MiB (24 times a small one). Each
//! broker may have one response on its way and one that is worked on, so `2 * brokers * (F + allowance)` fit the account:
//! that gives `fetch.max.bytes`, if the setting is not smaller. A larger batch still arrives whole (KIP-74) and takes its
//! turn: the reader waits for the memory.
//!
//! A broker is asked again once less than half of a response waits, of all its partitions together: what is read ahead is
//! a response and a half per broker, however many partitions it leads.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use base::ByteCount;
use kafka_wire::protocol::TopicId;
use kafka_wire::protocol::messages::fetch::{FetchPartition, FetchRequest, FetchTopic};

use super::state::{Assigned, Shared, State};
use crate::config::Address;
use crate::partition::TopicPartition;

/// What decoding a response may allocate at most (`kafka_wire::protocol::decode_allowance`).
const ALLOWANCE: ByteCount = ByteCount::mib(1);
/// Smaller polls cost more in round trips than they save.
const RESPONSE_MIN: ByteCount = ByteCount::kib(16);

pub(super) fn floor(batch_max: ByteCount) -> ByteCount {
    let response = batch_max.max(RESPONSE_MIN) + ALLOWANCE;
    response + response
}

/// One poll of a broker.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) request: FetchRequest,
    /// What is asked for, with each partition's version: an answer to another version is thrown away.
    pub(super) asked: BTreeMap<TopicPartition, u64>,
    /// Topic names by id, for responses that name topics by id.
    pub(super) names: BTreeMap<TopicId, String>,
    /// Every topic has an id: versions from 13 on may be spoken.
    pub(super) by_id: bool,
}

/// How much one response and one partition in it may bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Limits {
    response: ByteCount,
    partition: ByteCount,
}

impl Limits {
    fn of(shared: &Shared, brokers: usize) -> Self {
        let share = ByteCount(shared.account.most().0 / (2 * brokers.max(1) as u64));
        // Either the allowance is at its limit or it is 24 times the response.
        let response = share.saturating_sub(ALLOWANCE).max(ByteCount(share.0 / 25));
        let response = response.max(RESPONSE_MIN).min(shared.config.fetch_max_bytes);
        Self { response, partition: shared.config.partition_fetch_max_bytes.min(response) }
    }
}

impl Shared {
    /// Marks what is to be asked of the broker at `address` as on its way; `None` if there is nothing now, or if enough of
    /// what it sent waits.
    pub(super) fn plan(&self, address: &Address) -> Option<Plan> {
        let mut state = self.state();
        let limits = Limits::of(self, brokers(&state));
        let fetch_below = limits.response.as_usize() / 2;
        self.fetch_below.store(fetch_below, Ordering::Relaxed);
        let mut due: Vec<(u64, TopicPartition)> = Vec::new();
        let mut queued = 0;
        for (name, assigned) in state.partitions.iter().filter(|(_, assigned)| assigned.is_led_from(address)) {
            queued += assigned.waiting();
            if assigned.is_fetchable() {
                due.push((assigned.served, name.clone()));
            }
        }
        if due.is_empty() || queued > fetch_below {
            return None;
        }
        // Served longest ago first: a response that is full before its end must not starve the same ones each time.
        due.sort_unstable();
        let mut plan =
            Plan { request: self.request(limits), asked: BTreeMap::new(), names: BTreeMap::new(), by_id: true };
        for (_, name) in due {
            if let Some(assigned) = state.partitions.get_mut(&name) {
                assigned.in_flight = true;
                plan.ask_for(name, assigned, limits);
            }
        }
        Some(plan)
    }

    fn request(&self, limits: Limits) -> FetchRequest {
        FetchRequest {
            max_wait_ms: i32::try_from(self.config.fetch_max_wait_ms).unwrap_or(i32::MAX),
            min_bytes: i32::try_from(self.config.fetch_min_bytes).unwrap_or(i32::MAX),
            max_bytes: i32::try_from(limits.response.0).unwrap_or(i32::MAX),
            isolation_level: self.config.isolation.on_the_wire(),
            ..FetchRequest::default()
        }
    }
}

impl Plan {
    fn ask_for(&mut self, name: TopicPartition, assigned: &Assigned, limits: Limits) {
        let topic_id = assigned.topic_id;
        self.by_id &= !topic_id.is_none();
        self.names.insert(topic_id, name.topic.to_string());
        let partition = FetchPartition {
            partition: name.index.0,
            current_leader_epoch: assigned.leader.as_ref().map_or(-1, |(leader, _)| leader.epoch),
            fetch_offset: assigned.fetch_offset.0,
            partition_max_bytes: i32::try_from(limits.partition.0).unwrap_or(i32::MAX),
            ..FetchPartition::default()
        };
        // The same topic again only when its partitions follow each other, which keeps the order of turns.
        match self.request.topics.last_mut().filter(|topic| *topic.name == *name.topic) {
            Some(topic) => topic.partitions.push(partition),
            None => {
                let name = name.topic.to_string();
                self.request.topics.push(FetchTopic { name, topic_id, partitions: vec![partition] });
            }
        }
        self.asked.insert(name, assigned.version);
    }
}

impl Assigned {
    fn is_led_from(&self, address: &Address) -> bool {
        self.leader.as_ref().is_some_and(|(_, leader)| leader == address)
    }

    /// Bytes that the consumer will take; after an error it takes no more.
    fn waiting(&self) -> usize {
        if self.error.is_some() { 0 } else { self.queued() }
    }

    fn is_fetchable(&self) -> bool {
        let waits = self.paused || self.in_flight || self.out_of_range || self.damaged || self.error.is_some();
        !waits && self.position.is_ok()
    }
}

/// How many brokers are polled.
fn brokers(state: &State) -> usize {
    let leaders = state.partitions.values().filter_map(|assigned| assigned.leader.as_ref());
    leaders.map(|(leader, _)| leader.node).collect::<std::collections::BTreeSet<_>>().len()
}
