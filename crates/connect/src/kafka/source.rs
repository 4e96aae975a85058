//! A Kafka table as a flow source: finds out where to begin and end, then hands on what the client's consumer fetches.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base::{BoxFuture, ByteCount, Error, Offset, Result};
use flow::{Opened, RawBatch, Source, SourceContext, SourceEvent};
use kafka_client::{
    Client, Consumer, ConsumerConfig, OffsetReset, OffsetSpec, StartAt, TopicId, TopicInfo, TopicPartition,
};
use ledger::Account;
use rows::position::{find, of_its_name};
use rows::{PartitionId, Positions};

use super::options::{Bounded, KafkaOptions, Startup};

/// The property by which a user says what counts where an offset is missing; without it a missing offset stops the job,
/// since going on elsewhere would lose records silently.
const RESET: &str = "auto.offset.reset";

/// What one poll asks for, unless `properties.fetch.max.bytes` says otherwise. Kafka's own default of 50 MiB serves slow
/// networks by reading far ahead; read-ahead is memory that sorting could use, and half a MiB hides its round trip.
const FETCH_BYTES: ByteCount = ByteCount::kib(512);

pub(super) struct KafkaSource {
    topics: Vec<String>,
    startup: Startup,
    bounded: Bounded,
    config: ConsumerConfig,
    fetch: Account,
    cluster: Account,
    /// Once open.
    open: Option<Reading>,
}

struct Reading {
    consumer: Consumer,
    ids: BTreeMap<TopicPartition, PartitionId>,
    /// Where a bounded source ends, for the partitions that are not there yet.
    ends: Option<BTreeMap<TopicPartition, Offset>>,
}

/// A partition with all that is known before it is read.
struct Found {
    partition: TopicPartition,
    id: PartitionId,
    topic_id: TopicId,
}

impl KafkaSource {
    pub(super) fn new(options: &KafkaOptions, context: &SourceContext, record_bytes_max: ByteCount) -> Result<Self> {
        let pairs = options.properties.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let mut config = ConsumerConfig::from_properties(pairs).map_err(|error| error.at(&context.name))?;
        if !options.properties.contains_key("fetch.max.bytes") {
            config.fetch_max_bytes = FETCH_BYTES;
        }
        if !options.properties.contains_key(RESET) {
            config.offset_reset = OffsetReset::None;
        }
        let bounded = match (&options.bounded, context.bounded) {
            (Bounded::No, true) => Bounded::Latest,
            (bounded, _) => bounded.clone(),
        };
        let account = |part: &str, floor| context.budget.account(format!("source/{}/{part}", context.name), floor);
        Ok(Self {
            topics: options.topics.clone(),
            startup: options.startup.clone(),
            bounded,
            config,
            fetch: account("fetch", Consumer::floor(record_bytes_max)),
            cluster: account("cluster", Client::FLOOR),
            open: None,
        })
    }

    async fn start(&mut self, at: &Positions) -> Result<Opened> {
        let client = Client::new(self.config.client.clone(), self.cluster.clone());
        let mut found = self.find(&client).await?;
        for found in &mut found {
            found.id = identified(&found.id, at)?;
        }
        let starts = self.starts(&client, &found, at).await?;
        let ends = self.ends(&client, &found).await?;
        let mut consumer = Consumer::new(client, self.config.clone(), self.fetch.clone());
        let mut left = ends.clone();
        for Found { partition, topic_id, .. } in &found {
            let start = starts[partition];
            match &mut left {
                Some(left) if left.get(partition).is_none_or(|end| start >= *end) => drop(left.remove(partition)),
                _ => consumer.assign(partition.clone(), *topic_id, StartAt::Offset(start)),
            }
        }
        let ids: BTreeMap<_, _> = found.into_iter().map(|found| (found.partition, found.id)).collect();
        let by_id = |offsets: &BTreeMap<TopicPartition, Offset>| -> Positions {
            offsets.iter().filter_map(|(partition, offset)| Some((ids.get(partition)?.clone(), *offset))).collect()
        };
        let start_moves = matches!(self.startup, Startup::Latest | Startup::GroupOffsets);
        let opened = Opened { start: by_id(&starts), end: ends.as_ref().map(by_id), start_moves };
        self.open = Some(Reading { consumer, ids, ends: left });
        Ok(opened)
    }

    /// Every partition of every topic, with the identities that tell it from another of the same name.
    async fn find(&self, client: &Client) -> Result<Vec<Found>> {
        let cluster = client.cluster_id().await?;
        let mut found = Vec::new();
        for name in &self.topics {
            let TopicInfo { name, id, partitions } = client.topic(name).await?;
            let topic_id: Arc<str> = if id.is_none() { "".into() } else { id.to_string().into() };
            found.extend((0..partitions).map(|index| {
                let partition = TopicPartition::new(name.clone(), index);
                let identity = PartitionId {
                    topic: name.clone(),
                    index: partition.index,
                    cluster: cluster.clone(),
                    topic_id: topic_id.clone(),
                };
                Found { partition, id: identity, topic_id: id }
            }));
        }
        Ok(found)
    }

    /// Where each partition begins: where the sink stands, else by the startup mode, as a number in every case.
    async fn starts(
        &self,
        client: &Client,
        found: &[Found],
        at: &Positions,
    ) -> Result<BTreeMap<TopicPartition, Offset>> {
        let mut starts = BTreeMap::new();
        let mut fresh = Vec::new();
        for Found { partition, id, .. } in found {
            match find(at, id) {
                Some((_, offset)) => drop(starts.insert(partition.clone(), offset)),
                None => fresh.push(partition.clone()),
            }
        }
        match &self.startup {
            Startup::Earliest => starts.extend(self.offsets(client, fresh, OffsetSpec::Earliest).await?),
            Startup::Latest => starts.extend(self.offsets(client, fresh, OffsetSpec::Latest).await?),
            Startup::Timestamp(millis) => {
                starts.extend(self.offsets(client, fresh, OffsetSpec::Timestamp(*millis)).await?);
            }
            Startup::Specific(offsets) => {
                let (named, others): (Vec<_>, Vec<_>) =
                    fresh.into_iter().partition(|partition| offsets.contains_key(&partition.index));
                starts.extend(named.into_iter().map(|partition| {
                    let offset = offsets[&partition.index];
                    (partition, offset)
                }));
                starts.extend(self.group_starts(client, others).await?);
            }
            Startup::GroupOffsets => starts.extend(self.group_starts(client, fresh).await?),
        }
        Ok(starts)
    }

    /// The group's offsets, and where it has none the reset policy that the user chose.
    async fn group_starts(
        &self,
        client: &Client,
        partitions: Vec<TopicPartition>,
    ) -> Result<BTreeMap<TopicPartition, Offset>> {
        if partitions.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut starts = match &self.config.group_id {
            Some(group) => client.committed_offsets(group, &partitions).await?,
            None => BTreeMap::new(),
        };
        let missing: Vec<_> = partitions.into_iter().filter(|partition| !starts.contains_key(partition)).collect();
        let Some(first) = missing.first() else { return Ok(starts) };
        let spec = match self.config.offset_reset {
            OffsetReset::Earliest => OffsetSpec::Earliest,
            OffsetReset::Latest => OffsetSpec::Latest,
            OffsetReset::Timestamp(millis) => OffsetSpec::Timestamp(millis),
            OffsetReset::None => {
                let group = self.config.group_id.as_deref().unwrap_or_default();
                return Err(Error::user(format!("{first}: the group '{group}' has no committed offset to begin at"))
                    .hint("choose 'scan.startup.mode' = 'earliest-offset', or set 'properties.auto.offset.reset'"));
            }
        };
        starts.extend(self.offsets(client, missing, spec).await?);
        Ok(starts)
    }

    async fn ends(&self, client: &Client, found: &[Found]) -> Result<Option<BTreeMap<TopicPartition, Offset>>> {
        let all: Vec<_> = found.iter().map(|found| found.partition.clone()).collect();
        Ok(match &self.bounded {
            Bounded::No => None,
            Bounded::Latest => Some(self.offsets(client, all, OffsetSpec::Latest).await?),
            Bounded::Timestamp(millis) => Some(self.offsets(client, all, OffsetSpec::Timestamp(*millis)).await?),
            Bounded::Specific(offsets) => Some(
                all.into_iter()
                    .filter_map(|partition| {
                        let end = *offsets.get(&partition.index)?;
                        Some((partition, end))
                    })
                    .collect(),
            ),
            Bounded::GroupOffsets => match &self.config.group_id {
                Some(group) => Some(client.committed_offsets(group, &all).await?),
                None => None,
            },
        })
    }

    /// Looks offsets up; a time after the last record means the end.
    async fn offsets(
        &self,
        client: &Client,
        partitions: Vec<TopicPartition>,
        spec: OffsetSpec,
    ) -> Result<BTreeMap<TopicPartition, Offset>> {
        let isolation = self.config.isolation;
        let wanted = partitions.iter().map(|partition| (partition.clone(), spec)).collect();
        let found = client.offsets(&wanted, isolation).await?;
        let beyond: BTreeMap<_, _> = (partitions.into_iter())
            .filter(|partition| found.get(partition).copied().flatten().is_none())
            .map(|partition| (partition, OffsetSpec::Latest))
            .collect();
        let ends = if beyond.is_empty() { BTreeMap::new() } else { client.offsets(&beyond, isolation).await? };
        Ok(found.into_iter().chain(ends).filter_map(|(partition, offset)| Some((partition, offset?))).collect())
    }
}

/// The partition with all that broker and table know of it.
///
/// # Errors
/// The table's positions are of another topic or cluster of the same name: they mean nothing here.
fn identified(id: &PartitionId, at: &Positions) -> Result<PartitionId> {
    if let Some((other, _)) = of_its_name(at, id).find(|(other, _)| !other.may_be(id)) {
        let is_other_cluster = PartitionId { cluster: id.cluster.clone(), ..other.clone() }.may_be(id);
        let (what, ours, theirs) = if is_other_cluster {
            ("the topic is on another cluster", &other.cluster, &id.cluster)
        } else {
            ("the topic was recreated", &other.topic_id, &id.topic_id)
        };
        return Err(Error::user(format!("{id}: {what} since the last commit"))
            .detail(format!("the table was written from {ours}; the broker now answers with {theirs}"))
            .hint("its offsets start anew, so the job cannot go on where it stood: give the job another 'pipeline.name' (and an empty table, or one whose rows may be written again)"));
    }
    Ok(find(at, id).map_or_else(|| id.clone(), |(known, _)| id.completed_by(known)))
}

impl Source for KafkaSource {
    fn open<'a>(&'a mut self, at: &'a Positions) -> BoxFuture<'a, Result<Opened>> {
        Box::pin(self.start(at))
    }

    fn next(&mut self) -> BoxFuture<'_, Result<SourceEvent>> {
        Box::pin(async move {
            let reading =
                self.open.as_mut().ok_or_else(|| Error::internal("a source was read before it was opened"))?;
            reading.next().await
        })
    }

    fn published<'a>(&'a mut self, upto: &'a Positions) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let (Some(group), Some(reading)) = (&self.config.group_id, &self.open) else { return Ok(()) };
            let ours: BTreeSet<_> = reading.ids.keys().collect();
            let offsets = upto
                .iter()
                .map(|(id, offset)| (TopicPartition { topic: id.topic.clone(), index: id.index }, *offset))
                .filter(|(partition, _)| ours.contains(partition))
                .collect();
            reading.consumer.client().commit_offsets(group, &offsets).await
        })
    }
}

impl Reading {
    async fn next(&mut self) -> Result<SourceEvent> {
        if self.ends.as_ref().is_some_and(BTreeMap::is_empty) {
            return Ok(SourceEvent::End);
        }
        let fetched = self.consumer.next().await?;
        let id = self.ids.get(&fetched.partition).cloned();
        let partition = id.ok_or_else(|| Error::internal(format!("{} was never assigned", fetched.partition)))?;
        let mut to = fetched.next_offset;
        if let Some(ends) = &mut self.ends
            && let Some(end) = ends.get(&fetched.partition).copied()
            && fetched.next_offset >= end
        {
            // A batch comes whole, also where the end lies in its middle.
            to = end;
            ends.remove(&fetched.partition);
            self.consumer.unassign(&fetched.partition);
        }
        Ok(SourceEvent::Batch(RawBatch {
            partition,
            from: fetched.from,
            to,
            end: fetched.high_watermark,
            bytes: fetched.bytes,
        }))
    }
}

#[cfg(test)]
mod tests;
