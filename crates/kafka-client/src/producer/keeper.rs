//! The task that keeps a producer going: leaders, identity, batches that are given up, and one sender per broker.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base::tasks::Tasks;
use base::{Error, Result};
use kafka_wire::protocol::messages::init_producer_id::InitProducerIdRequest;

use super::queue::Identity;
use super::sender;
use super::state::Shared;
use crate::config::Address;
use crate::retry::retry_pauses;

/// Runs until its producer drops it.
pub(super) async fn run(shared: Arc<Shared>) -> Result<()> {
    let mut senders: BTreeMap<Address, Tasks> = BTreeMap::new();
    let mut backoff = retry_pauses(&shared.config.client);
    loop {
        let upkeep = shared.upkeep.notified();
        tokio::pin!(upkeep);
        upkeep.as_mut().enable();
        // Before the step: what is given up may leave a partition without identity.
        let next_expiry = shared.expire();
        let result = step(&shared).await;
        adjust(&shared, &mut senders);
        match result {
            Ok(()) => {
                backoff.reset();
                let expiry = async {
                    match next_expiry {
                        Some(at) => tokio::time::sleep_until(at).await,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    () = upkeep => {}
                    () = expiry => {}
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the producer cannot go on; trying again");
                tokio::time::sleep(backoff.next_pause()).await;
            }
        }
    }
}

/// Finds leaders and takes an identity where they are needed.
async fn step(shared: &Shared) -> Result<()> {
    let topics = shared.topics_to_ask_for();
    if !topics.is_empty() {
        shared.client.refresh(&topics).await?;
        if shared.follow_leaders() > 0 {
            return Err(Error::transient("a partition has no leader now"));
        }
    }
    if shared.needs_identity() {
        let identity = ask_identity(shared).await?;
        let mut state = shared.state();
        state.identity = Some(identity);
        drop(state);
        tracing::debug!(producer_id = identity.producer_id, "the producer has an identity");
        shared.work.notify_waiters();
    }
    Ok(())
}

async fn ask_identity(shared: &Shared) -> Result<Identity> {
    let request = InitProducerIdRequest {
        transactional_id: None,
        transaction_timeout_ms: i32::MAX,
        producer_id: -1,
        producer_epoch: -1,
    };
    let response = shared.client.ask_any(&request).await?.body;
    if !response.error_code.is_ok() {
        let message = format!("the producer got no identity: {}", response.error_code);
        return Err(Error::transient(message).hint("look into the broker's log"));
    }
    Ok(Identity { producer_id: response.producer_id, producer_epoch: response.producer_epoch })
}

/// Starts senders for brokers that lead something. Those that led once stay: what they sent may be answered yet.
fn adjust(shared: &Arc<Shared>, senders: &mut BTreeMap<Address, Tasks>) {
    let leaders = shared.leaders();
    for address in leaders {
        senders.entry(address).or_insert_with_key(|address| {
            let mut tasks = Tasks::new();
            tasks.spawn(format!("kafka produce to {address}"), sender::run(shared.clone(), address.clone()));
            tasks
        });
    }
}

impl Shared {
    /// Topics with a partition that has something to send and no leader; all when what is known is stale.
    fn topics_to_ask_for(&self) -> Vec<Arc<str>> {
        let state = self.state();
        let lacking =
            state.queues.iter().filter(|(_, queue)| !queue.is_empty() && (state.stale || queue.leader.is_none()));
        let topics: BTreeSet<Arc<str>> = lacking.map(|(name, _)| name.topic.clone()).collect();
        topics.into_iter().collect()
    }

    /// Gives each partition the leader that is known now; returns how many with something to send have none.
    fn follow_leaders(&self) -> usize {
        let metadata = self.client.metadata();
        let mut state = self.state();
        state.stale = false;
        let mut without = 0;
        for (name, queue) in &mut state.queues {
            queue.leader = metadata.leader(&name.topic, name.index.0).map(|(_, address)| address.clone());
            without += usize::from(queue.leader.is_none() && !queue.is_empty());
        }
        for (name, topic) in &metadata.topics {
            if let Some(known) = state.topics.get_mut(name).filter(|_| topic.error.is_ok()) {
                known.partitions = topic.partitions.len() as i32;
            }
        }
        drop(state);
        self.work.notify_waiters();
        without
    }

    /// An identity is taken when the first batch waits, and anew when a partition has used all of its epochs.
    fn needs_identity(&self) -> bool {
        let state = self.state();
        state.queues.values().any(|queue| queue.lacks_identity(state.identity))
    }

    fn leaders(&self) -> BTreeSet<Address> {
        self.state().queues.values().filter_map(|queue| queue.leader.clone()).collect()
    }
}
