//! Records into partitions: idempotent, in order, within `buffer.memory`.
//!
//! ```text
//! send() -> open batch of the partition -> closed, compressed -> Produce, up to 5 under way per broker -> Delivery
//! ```
//! Memory: `buffer.memory` is a share of the budget that holds batches until they are acknowledged; [`Producer::send`] waits
//! for room in it. A batch is compressed when it closes, with the one compressor of its broker's sender, and keeps no codec
//! memory while it waits for its acknowledgement (KAFKA-6512). So 20 producers with 1 MiB of buffer whose brokers never
//! answer hold 20 MiB and a compressor each.
//!
//! Order: batches of a partition get sequence numbers when they are first sent; a batch that is to be sent again goes alone
//! and before those behind it. A batch that fails for good leaves a hole in the sequence of its partition: what was sent and
//! not answered keeps its numbers until the broker has said whether it has it, then the partition goes on in a new
//! epoch of its own (KIP-360). So nothing is in the log twice.
//!
//! In reading order: this file, `partitioner`, `delivery` (what a sender of a record waits for), `queue` (the batches of a
//! partition), `state`, `collect` (what goes into the next request), `answer` (what a response means), `sender` (the task
//! of a broker), `keeper` (leaders and identity).

mod answer;
mod collect;
mod delivery;
mod keeper;
mod partitioner;
mod queue;
mod sender;
mod state;

use std::sync::Arc;

use base::tasks::Tasks;
use base::{ByteCount, Error, Result};
use kafka_wire::codec::Compressor;
use kafka_wire::records::{BatchHeader, NewRecord};
use ledger::Budget;

pub use self::delivery::{Delivered, Delivery};
pub use self::partitioner::partition_for_key;
use self::state::Shared;
use crate::client::Client;
use crate::config::ProducerConfig;
use crate::partition::TopicPartition;

/// Sends records. Dropping it ends its tasks; what was not acknowledged may be lost: [`Producer::flush`] first.
#[derive(Debug)]
pub struct Producer {
    shared: Arc<Shared>,
    _tasks: Tasks,
}

/// Where a record goes.
#[derive(Clone, Copy, Debug)]
pub struct Destination<'a> {
    pub topic: &'a str,
    /// `None`: by the key as Java's default partitioner, without a key to one partition until a batch is full.
    pub partition: Option<i32>,
}

impl Producer {
    /// What a producer takes off its budget: `buffer.memory` and a compressor.
    pub fn footprint(config: &ProducerConfig) -> ByteCount {
        let compressor = Compressor::floor(config.codec, config.request_max.max(config.batch_size).as_usize());
        config.buffer_memory + compressor
    }

    /// A producer on the current tokio runtime, with a share of `budget` called `name` ([`Self::footprint`]); responses
    /// are charged to the client.
    pub fn new(client: Client, config: ProducerConfig, budget: &Budget, name: &str) -> Self {
        let shared = Arc::new(Shared::new(client, config, budget, name));
        let mut tasks = Tasks::new();
        tasks.spawn("kafka producer keeper", keeper::run(shared.clone()));
        Self { shared, _tasks: tasks }
    }

    /// Puts a record into a batch of its partition; waits for room. The record counts once its [`Delivery`] says so.
    ///
    /// # Errors
    /// A user's error if the topic or partition does not exist, or if the record is larger than `max.request.size` or
    /// `buffer.memory`; transient if the cluster does not answer.
    ///
    /// # Cancel safety
    /// When the future is dropped before it is ready, the record is not sent.
    pub async fn send(&self, to: Destination<'_>, record: &NewRecord<'_>) -> Result<Delivery> {
        let needed = BatchHeader::BYTES + record.size_max();
        self.check_size(to, needed)?;
        let name = self.partition_of(to, record, needed).await?;
        let room = self.shared.config.batch_size.max(ByteCount::from(needed));
        let mut paid = None;
        loop {
            if let Some(delivery) = self.shared.append(&name, record, &mut paid)? {
                return Ok(delivery);
            }
            // What waits elsewhere is sent now, else its room would never come free.
            let _hurried = self.shared.hurry();
            paid = Some(self.shared.batches.reserve(room).await.map_err(|error| {
                Error::from(error).hint("raise it with --property buffer.memory=…, or lower 'batch.size' so")
            })?);
        }
    }

    fn check_size(&self, to: Destination<'_>, needed: usize) -> Result<()> {
        let config = &self.shared.config;
        let (limit, setting) = if config.request_max <= config.buffer_memory {
            (config.request_max, "max.request.size")
        } else {
            (config.buffer_memory, "buffer.memory")
        };
        let size = ByteCount::from(needed);
        if size <= limit {
            return Ok(());
        }
        let enough = needed.checked_next_power_of_two().unwrap_or(needed);
        Err(Error::user(format!("a record for '{}' has {size}, and '{setting}' is {limit}", to.topic))
            .detail("the broker has a limit of its own: 'max.message.bytes' of the topic, for compressed bytes")
            .hint(format!("raise it with --property {setting}={enough}")))
    }

    async fn partition_of(&self, to: Destination<'_>, record: &NewRecord<'_>, len: usize) -> Result<TopicPartition> {
        let topic: Arc<str> = to.topic.into();
        let count = match self.shared.partitions_of(&topic) {
            Some(count) => count,
            None => {
                let found = self.shared.client.topic_metadata(&topic).await?.partitions.len() as i32;
                self.shared.learn_topic(&topic, found);
                found
            }
        };
        if count == 0 {
            return Err(Error::transient(format!("the topic '{topic}' has no partition yet")));
        }
        let index = match (to.partition, record.key) {
            (Some(index), _) if (0..count).contains(&index) => index,
            (Some(index), _) => {
                return Err(Error::user(format!("the partition {topic}-{index} does not exist"))
                    .detail(format!("the topic has {count} partitions")));
            }
            (None, Some(key)) => partition_for_key(key, count),
            (None, None) => self.shared.sticky_partition(&topic, count, len),
        };
        Ok(TopicPartition::new(topic, index))
    }

    /// Waits until everything sent before is acknowledged or has failed.
    ///
    /// # Errors
    /// The first failure among what it waited for.
    ///
    /// # Cancel safety
    /// Nothing is lost; what was hurried goes out all the same.
    pub async fn flush(&self) -> Result<()> {
        let waiting = self.shared.close_all();
        let mut failed = Ok(());
        for completion in waiting {
            if let Err(error) = completion.wait().await {
                failed = failed.and(Err(error));
            }
        }
        failed
    }
}
