//! Offsets by time: where logs begin and end, and where a moment is (ListOffsets).

use std::collections::BTreeMap;

use base::{Error, Offset, Result};
use kafka_wire::protocol::ErrorCode;
use kafka_wire::protocol::messages::list_offsets::{
    EARLIEST, LATEST, ListOffsetsPartition, ListOffsetsPartitionResponse, ListOffsetsRequest, ListOffsetsTopic,
};

use super::Client;
use crate::config::{Address, Isolation};
use crate::connection::RequestError;
use crate::partition::TopicPartition;
use crate::retry::Patience;

/// Which offset of a partition is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffsetSpec {
    /// The first that is still there.
    Earliest,
    /// The one after the last record; after the last that no open transaction hides, when read committed.
    Latest,
    /// The first at or after so many milliseconds since 1970.
    Timestamp(i64),
}

impl OffsetSpec {
    fn on_the_wire(self) -> i64 {
        match self {
            Self::Earliest => EARLIEST,
            Self::Latest => LATEST,
            Self::Timestamp(millis) => millis.max(0),
        }
    }
}

type Wanted<'a> = BTreeMap<&'a TopicPartition, OffsetSpec>;

impl Client {
    /// Looks up an offset of each partition; `None` where no record is as late as the time asked for.
    ///
    /// # Errors
    /// A user's error if a topic or partition does not exist; transient if leaders do not answer within
    /// `default.api.timeout.ms`.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub async fn offsets(
        &self,
        wanted: &BTreeMap<TopicPartition, OffsetSpec>,
        isolation: Isolation,
    ) -> Result<BTreeMap<TopicPartition, Option<Offset>>> {
        let mut wanted: Wanted<'_> = wanted.iter().map(|(partition, spec)| (partition, *spec)).collect();
        let mut found = BTreeMap::new();
        let mut patience = Patience::new(self.config());
        while !wanted.is_empty() {
            if let Err(error) = self.list_offsets_once(&mut wanted, isolation, &mut found).await {
                patience.wait(error).await?;
                self.refresh_topics_of(wanted.keys().copied()).await;
            }
        }
        Ok(found)
    }

    /// Asks each leader once; what was answered moves from `wanted` to `found`. The last error, if any is left.
    async fn list_offsets_once(
        &self,
        wanted: &mut Wanted<'_>,
        isolation: Isolation,
        found: &mut BTreeMap<TopicPartition, Option<Offset>>,
    ) -> Result<()> {
        let mut failed = Ok(());
        for (address, partitions) in self.by_leader(wanted).await? {
            let request = self.list_offsets_request(&partitions, isolation);
            let response = match self.ask_at(&address, &request).await {
                Ok(response) => response,
                Err(error) => {
                    failed = Err(error.into());
                    continue;
                }
            };
            for topic in response.body.topics {
                for answer in topic.partitions {
                    let partition = TopicPartition::new(topic.name.as_str(), answer.partition_index);
                    match self.offset_of(&partition, &answer) {
                        Ok(offset) => {
                            wanted.remove(&partition);
                            found.insert(partition, offset);
                        }
                        Err(error) => failed = Err(error),
                    }
                }
            }
        }
        if failed.is_ok() && !wanted.is_empty() {
            return Err(Error::transient("a broker left out partitions that it was asked for"));
        }
        failed
    }

    fn offset_of(&self, partition: &TopicPartition, answer: &ListOffsetsPartitionResponse) -> Result<Option<Offset>> {
        match answer.error_code {
            ErrorCode::NONE => Ok((answer.offset >= 0).then_some(Offset(answer.offset))),
            code => Err(self.topic_error(&partition.to_string(), code)),
        }
    }

    fn list_offsets_request(&self, partitions: &Wanted<'_>, isolation: Isolation) -> ListOffsetsRequest {
        let metadata = self.metadata();
        let mut topics: BTreeMap<&str, Vec<ListOffsetsPartition>> = BTreeMap::new();
        for (partition, spec) in partitions {
            let leader = metadata.leader(&partition.topic, partition.index.0);
            topics.entry(&partition.topic).or_default().push(ListOffsetsPartition {
                partition_index: partition.index.0,
                current_leader_epoch: leader.map_or(-1, |(leader, _)| leader.epoch),
                timestamp: spec.on_the_wire(),
            });
        }
        ListOffsetsRequest {
            replica_id: -1,
            isolation_level: isolation.on_the_wire(),
            topics: (topics.into_iter())
                .map(|(name, partitions)| ListOffsetsTopic { name: name.to_owned(), partitions })
                .collect(),
            timeout_ms: self.config().request_timeout_ms.min(i32::MAX as u64) as i32,
        }
    }

    /// The partitions by their leaders' addresses; topics that are not known yet are asked for.
    async fn by_leader<'a>(&self, wanted: &Wanted<'a>) -> Result<BTreeMap<Address, Wanted<'a>>> {
        let mut by_leader: BTreeMap<Address, Wanted<'a>> = BTreeMap::new();
        for (partition, spec) in wanted {
            let known = self.metadata().topics.get(&partition.topic).is_some_and(|topic| topic.error.is_ok());
            if !known {
                self.topic_metadata(&partition.topic).await?;
            }
            let metadata = self.metadata();
            if let Some((_, address)) = metadata.leader(&partition.topic, partition.index.0) {
                by_leader.entry(address.clone()).or_default().insert(partition, *spec);
                continue;
            }
            let topic = metadata.topics.get(&partition.topic);
            if topic.is_some_and(|topic| !topic.partitions.contains_key(&partition.index.0)) {
                let count = topic.map_or(0, |topic| topic.partitions.len());
                return Err(Error::user(format!("the partition {partition} does not exist"))
                    .detail(format!("the topic has {count} partitions")));
            }
            return Err(Error::transient(format!("the partition {partition} has no leader now"))
                .hint("wait until a replica of it is up again"));
        }
        Ok(by_leader)
    }

    /// Asks for the leaders of these partitions again; a failure shows in the next request.
    async fn refresh_topics_of(&self, partitions: impl Iterator<Item = &TopicPartition>) {
        let mut topics: Vec<_> = partitions.map(|partition| partition.topic.clone()).collect();
        topics.dedup();
        if let Err(error) = self.refresh(&topics).await {
            log_retry(&error);
        }
    }
}

fn log_retry(error: &RequestError) {
    tracing::debug!(%error, "metadata could not be refreshed");
}

impl Isolation {
    pub(crate) fn on_the_wire(self) -> i8 {
        match self {
            Self::ReadUncommitted => 0,
            Self::ReadCommitted => 1,
        }
    }
}
