//! Partitions of topics as record batches, one at a time, in memory that the consumer's account bounds.
//!
//! ```text
//! keeper task: metadata, leaders, resets -> one fetch task per broker -> chunks per partition -> next()
//! ```
//! A fetch task has one long poll under way. Its response is reserved before it is read and stays charged until the last
//! batch of it drops; how much a poll asks for follows from the account, so that two responses per broker fit. A broker is
//! polled while less than half of a response of it waits. Nothing is decompressed here: control batches, aborted
//! transactions (read committed) and compacted batches are told from their headers.
//!
//! In reading order: this file, `error`, `state` (what is assigned and where it stands), `chunk` (the part of a response
//! that belongs to a partition), `aborted` (which of its batches count), `plan` (what to fetch next, and how much),
//! `fetcher`, `keeper`.

mod aborted;
mod chunk;
mod error;
mod fetcher;
mod keeper;
mod plan;
mod state;

use std::sync::Arc;

use base::tasks::Tasks;
use base::{ByteCount, Error, Offset, Result};
use bytes::Bytes;
use kafka_wire::protocol::TopicId;
use ledger::Account;

pub use self::error::ConsumerError;
use self::state::Shared;
use crate::client::{Client, Pool};
use crate::config::ConsumerConfig;
use crate::partition::TopicPartition;

/// Where reading of a partition begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartAt {
    Offset(Offset),
    /// The first record that is still there.
    Earliest,
    /// After the last record there is when the partition is assigned.
    Latest,
    /// The first record at or after so many milliseconds since 1970; the end if there is none.
    Timestamp(i64),
}

/// The next step through a partition.
#[derive(Clone, Debug)]
pub struct Fetched {
    pub partition: TopicPartition,
    /// The first record of the batch that is new: records before it were read earlier and must be passed over.
    pub from: Offset,
    /// Where the partition stands after this step.
    pub next_offset: Offset,
    /// One whole batch of format v2, its checksum verified; empty when only the position moved (markers, aborted
    /// transactions, what compaction left empty). A slice of its response, which stays charged until the last slice drops.
    pub bytes: Bytes,
    /// The end of the partition that readers may see, when the response was made.
    pub high_watermark: Offset,
    /// The first offset of an open transaction; the high watermark if there is none.
    pub last_stable_offset: Offset,
}

/// Reads assigned partitions. Dropping it ends its tasks and connections.
#[derive(Debug)]
pub struct Consumer {
    shared: Arc<Shared>,
    tasks: Tasks,
}

impl Consumer {
    /// The least that the account must be able to hold, so that a batch of at most `batch_max` bytes is read while
    /// another is worked on.
    pub fn floor(batch_max: ByteCount) -> ByteCount {
        plan::floor(batch_max)
    }

    /// A consumer of no partition yet, on the current tokio runtime. Fetched bytes are charged to `account`; what is
    /// asked about the cluster, to the client's.
    pub fn new(client: Client, config: ConsumerConfig, account: Account) -> Self {
        let pool = Pool::new(config.client.clone(), account.clone());
        let shared = Arc::new(Shared::new(client, config, account, pool));
        let mut tasks = Tasks::new();
        tasks.spawn("kafka consumer keeper", keeper::run(shared.clone()));
        Self { shared, tasks }
    }

    /// Reads `partition` from now on; one that is assigned already starts anew. Where the partition is of another topic
    /// than `topic_id` (recreated under its name), [`Self::next`] fails; [`TopicId::NONE`] takes the topic that is there.
    pub fn assign(&mut self, partition: TopicPartition, topic_id: TopicId, at: StartAt) {
        self.shared.assign(partition, topic_id, at);
    }

    /// Reads `partition` no more; what was fetched of it is dropped.
    pub fn unassign(&mut self, partition: &TopicPartition) {
        self.shared.unassign(partition);
    }

    /// Stops fetching and handing out `partition`; what was fetched of it and not handed out is dropped, so that a paused
    /// partition holds nothing.
    pub fn pause(&mut self, partition: &TopicPartition) {
        self.shared.pause(partition);
    }

    /// Goes on where [`Self::pause`] stopped.
    pub fn resume(&mut self, partition: &TopicPartition) {
        self.shared.resume(partition);
    }

    /// The offset after what was handed out last; `None` while it is not known (to be looked up by time, say).
    pub fn position(&self, partition: &TopicPartition) -> Option<Offset> {
        self.shared.position(partition)
    }

    /// The cluster of this consumer: topics, offsets, group offsets.
    pub fn client(&self) -> &Client {
        &self.shared.client
    }

    /// The next batch or step of any partition that is assigned and not paused; waits while there is none. Partitions are
    /// served in turn.
    ///
    /// # Errors
    /// What concerns one partition is reported each time it is its turn, until it is assigned anew or unassigned. That no
    /// broker can be reached is reported once, if none was reached within `default.api.timeout.ms` of the start; later
    /// outages are logged and waited out.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> Result<Fetched, ConsumerError> {
        loop {
            let ready = self.shared.ready.notified();
            tokio::pin!(ready);
            ready.as_mut().enable();
            if let Some(taken) = self.shared.take() {
                return taken;
            }
            tokio::select! {
                () = ready => {}
                ended = self.tasks.next_ended() => return Err(ConsumerError::Other(match ended {
                    Some((_, Err(error))) => error,
                    _ => Error::internal("the consumer's keeper has ended"),
                })),
            }
        }
    }
}
