//! The task that keeps a consumer going: it learns who leads what, looks offsets up by time, and runs one fetch task for
//! each broker that leads something.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use base::tasks::Tasks;
use base::{Backoff, Error, Offset, Result, Retry};
use kafka_wire::protocol::ErrorCode;
use tokio::time::Instant;

use super::state::{Assigned, Shared};
use super::{ConsumerError, StartAt, fetcher};
use crate::client::{Metadata, OffsetSpec};
use crate::config::{Address, OffsetReset};
use crate::partition::TopicPartition;
use crate::retry::{Outage, retry_pauses};

/// A partition that so many answers in a row do not know is gone. One that was known is so only when they do not know it for
/// `default.api.timeout.ms` as well: a broker that has just started answers so until it has caught up with the controller.
const UNKNOWN_ANSWERS_MAX: u32 = 3;

struct Keeper {
    shared: Arc<Shared>,
    fetchers: BTreeMap<Address, Tasks>,
    backoff: Backoff,
    outage: Outage,
    /// How often in a row a partition was not known, and since when.
    unknown: BTreeMap<TopicPartition, (u32, Instant)>,
    /// Until then some broker must have answered; `None` once one has.
    first_contact_by: Option<Instant>,
    refreshed: Instant,
}

/// Runs until its consumer drops it.
pub(super) async fn run(shared: Arc<Shared>) -> Result<()> {
    let config = &shared.config.client;
    let now = Instant::now();
    let mut keeper = Keeper {
        fetchers: BTreeMap::new(),
        backoff: retry_pauses(config),
        outage: Outage::default(),
        unknown: BTreeMap::new(),
        first_contact_by: Some(now + Duration::from_millis(config.api_timeout_ms)),
        refreshed: now,
        shared: shared.clone(),
    };
    loop {
        let upkeep = shared.upkeep.notified();
        tokio::pin!(upkeep);
        upkeep.as_mut().enable();
        let calm = keeper.step().await;
        keeper.adjust_fetchers();
        if calm {
            keeper.backoff.reset();
            let max_age = Duration::from_millis(shared.config.client.metadata_max_age_ms);
            tokio::select! {
                () = upkeep => {}
                () = tokio::time::sleep_until(keeper.refreshed + max_age) => shared.state().stale = true,
                error = first_ended(&mut keeper.fetchers) => return Err(error),
            }
        } else {
            tokio::time::sleep(keeper.backoff.next_pause()).await;
        }
    }
}

/// A fetch task never ends by itself: this one panicked.
async fn first_ended(fetchers: &mut BTreeMap<Address, Tasks>) -> Error {
    std::future::poll_fn(|context| {
        for tasks in fetchers.values_mut() {
            let ended = std::pin::pin!(tasks.next_ended());
            if let std::task::Poll::Ready(Some((name, result))) = ended.poll(context) {
                let error = result.err().unwrap_or_else(|| Error::internal(format!("the task '{name}' has ended")));
                return std::task::Poll::Ready(error);
            }
        }
        std::task::Poll::Pending
    })
    .await
}

impl Keeper {
    /// Does what is to do once; whether nothing is left that needs another try soon.
    async fn step(&mut self) -> bool {
        self.shared.settle_out_of_range();
        let topics = self.shared.topics_to_ask_for();
        if !topics.is_empty() && !self.refresh(&topics).await {
            return false;
        }
        let looked_up = self.look_up().await;
        let lacking = self.shared.topics_to_ask_for();
        if !lacking.is_empty() {
            tracing::warn!(topics = ?lacking, "some partitions have no leader now; asking again");
        }
        looked_up && lacking.is_empty()
    }

    async fn refresh(&mut self, topics: &[Arc<str>]) -> bool {
        match self.shared.client.refresh(topics).await {
            Ok(metadata) => {
                self.first_contact_by = None;
                self.outage = Outage::default();
                self.refreshed = Instant::now();
                self.apply(&metadata);
                true
            }
            Err(error) => {
                let error = Error::from(error);
                if error.retry() == Retry::Never || self.first_contact_by.is_some_and(|by| Instant::now() > by) {
                    self.first_contact_by = None;
                    self.shared.fail(error);
                } else {
                    self.outage.failed(&error);
                }
                false
            }
        }
    }

    /// Gives each partition its leader, or an error where its topic is gone or another.
    fn apply(&mut self, metadata: &Metadata) {
        let mut state = self.shared.state();
        state.stale = false;
        let mut failed = false;
        let now = Instant::now();
        let patience = Duration::from_millis(self.shared.config.client.api_timeout_ms);
        for (name, assigned) in &mut state.partitions {
            let known = (metadata.topics.get(&name.topic)).filter(|topic| topic.error.is_ok());
            if let Some(topic) = known.filter(|topic| topic.partitions.contains_key(&name.index.0)) {
                self.unknown.remove(name);
                assigned.known = true;
                if assigned.topic_id.is_none() {
                    assigned.topic_id = topic.id;
                } else if !topic.id.is_none() && topic.id != assigned.topic_id && assigned.error.is_none() {
                    let (expected, found) = (assigned.topic_id, topic.id);
                    let error = ConsumerError::TopicRecreated { partition: name.clone(), expected, found };
                    assigned.fail(error);
                    failed = true;
                }
                let leader = metadata.leader(&name.topic, name.index.0);
                assigned.follow(leader.map(|(leader, address)| (leader, address.clone())));
                continue;
            }
            assigned.follow(None);
            let refused = metadata.topics.get(&name.topic).map(|topic| topic.error);
            if known.is_some() || refused == Some(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION) {
                let (times, since) = self.unknown.entry(name.clone()).or_insert((0, now));
                *times += 1;
                let gone = *times >= UNKNOWN_ANSWERS_MAX && (!assigned.known || now >= *since + patience);
                if gone && assigned.error.is_none() {
                    assigned.fail(ConsumerError::UnknownPartition { partition: name.clone() });
                    failed = true;
                }
            } else if let Some(code) = refused.filter(|code| !code.is_ok() && !code.is_retriable()) {
                let error = Error::user(format!("the cluster refuses the topic '{}': {code}", name.topic));
                assigned.fail(ConsumerError::Other(error));
                failed = true;
            }
        }
        drop(state);
        if failed {
            self.shared.ready.notify_one();
        }
        self.shared.work.notify_waiters();
    }

    /// Looks up the offsets that are to begin at a time; whether none is left.
    async fn look_up(&mut self) -> bool {
        let wanted: BTreeMap<TopicPartition, (StartAt, u64)> = self.shared.lookups();
        if wanted.is_empty() {
            return true;
        }
        let specs = wanted.iter().map(|(name, (at, _))| (name.clone(), spec(*at))).collect();
        match self.shared.client.offsets(&specs, self.shared.config.isolation).await {
            Ok(found) => self.settle(&wanted, &found).await,
            Err(error) if error.retry() == Retry::Never => {
                self.shared.fail(error);
                false
            }
            Err(error) => {
                tracing::warn!(%error, "offsets could not be looked up; trying again");
                false
            }
        }
    }

    async fn settle(
        &mut self,
        wanted: &BTreeMap<TopicPartition, (StartAt, u64)>,
        found: &BTreeMap<TopicPartition, Option<Offset>>,
    ) -> bool {
        // A time after the last record means the end.
        let late = found.iter().filter(|(_, offset)| offset.is_none());
        let late: BTreeMap<_, _> = late.map(|(name, _)| (name.clone(), OffsetSpec::Latest)).collect();
        let ends = match self.shared.client.offsets(&late, self.shared.config.isolation).await {
            Ok(ends) => ends,
            Err(error) => {
                tracing::warn!(%error, "offsets could not be looked up; trying again");
                return false;
            }
        };
        let mut state = self.shared.state();
        for (name, (_, version)) in wanted {
            let offset = found.get(name).copied().flatten().or_else(|| ends.get(name).copied().flatten());
            let assigned = state.partitions.get_mut(name).filter(|assigned| assigned.version == *version);
            if let (Some(offset), Some(assigned)) = (offset, assigned) {
                tracing::info!(partition = %name, %offset, "reading from here");
                assigned.position = Ok(offset);
                assigned.rewind();
            }
        }
        drop(state);
        self.shared.work.notify_waiters();
        // The answer for a partition that was paused meanwhile was thrown away.
        self.shared.lookups().is_empty()
    }

    /// Starts fetch tasks for brokers that lead something and ends those of the others.
    fn adjust_fetchers(&mut self) {
        let leaders = self.shared.leaders();
        self.fetchers.retain(|address, _| leaders.contains(address));
        self.shared.pool.retain(|address| leaders.contains(address));
        for address in leaders {
            self.fetchers.entry(address).or_insert_with_key(|address| {
                let mut tasks = Tasks::new();
                let name = format!("kafka fetch {address}");
                tasks.spawn(name, fetcher::run(self.shared.clone(), address.clone()));
                tasks
            });
        }
    }
}

fn spec(at: StartAt) -> OffsetSpec {
    match at {
        StartAt::Earliest => OffsetSpec::Earliest,
        StartAt::Timestamp(millis) => OffsetSpec::Timestamp(millis),
        StartAt::Latest | StartAt::Offset(_) => OffsetSpec::Latest,
    }
}

impl Shared {
    /// Topics with a partition without leader; all when what is known is stale.
    fn topics_to_ask_for(&self) -> Vec<Arc<str>> {
        let state = self.state();
        let lacking = state
            .partitions
            .iter()
            .filter(|(_, assigned)| assigned.error.is_none() && (state.stale || assigned.leader.is_none()));
        let topics: BTreeSet<Arc<str>> = lacking.map(|(name, _)| name.topic.clone()).collect();
        topics.into_iter().collect()
    }

    fn lookups(&self) -> BTreeMap<TopicPartition, (StartAt, u64)> {
        let state = self.state();
        let wanted = state.partitions.iter().filter(|(_, assigned)| assigned.leader.is_some());
        wanted.filter_map(|(name, assigned)| Some((name.clone(), (assigned.lookup()?, assigned.version)))).collect()
    }

    fn leaders(&self) -> BTreeSet<Address> {
        let state = self.state();
        let leaders = state.partitions.values().filter_map(|assigned| assigned.leader.as_ref());
        leaders.map(|(_, address)| address.clone()).collect()
    }

    /// Partitions whose log lacks the offset, and whose chunks are handed out, begin anew by `auto.offset.reset`.
    fn settle_out_of_range(&self) {
        let reset = match self.config.offset_reset {
            OffsetReset::Earliest => Some(StartAt::Earliest),
            OffsetReset::Latest => Some(StartAt::Latest),
            OffsetReset::Timestamp(millis) => Some(StartAt::Timestamp(millis)),
            OffsetReset::None => None,
        };
        let mut state = self.state();
        for (name, assigned) in &mut state.partitions {
            if !assigned.out_of_range || !assigned.chunks.is_empty() || assigned.error.is_some() {
                continue;
            }
            let offset = assigned.fetch_offset;
            match reset {
                Some(at) => {
                    tracing::warn!(partition = %name, %offset, to = ?at, "the log has no such offset; resetting");
                    assigned.position = Err(at);
                    assigned.rewind();
                }
                None => {
                    assigned.fail(ConsumerError::OffsetOutOfRange { partition: name.clone(), offset });
                    self.ready.notify_one();
                }
            }
        }
    }
}

impl Assigned {
    /// Ends reading it; what was fetched is dropped.
    pub(super) fn fail(&mut self, error: ConsumerError) {
        self.rewind();
        self.error = Some(error);
    }

    /// Takes note of the leader; another one, or another epoch of the same, voids the fetch on its way.
    fn follow(&mut self, leader: Option<(crate::client::Leader, Address)>) {
        if self.leader != leader {
            self.leader = leader;
            self.in_flight = false;
            self.version += 1;
        }
    }
}
