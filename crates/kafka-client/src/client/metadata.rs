//! What is known of the cluster: brokers, topics, who leads which partition.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::ByteCount;
use kafka_wire::protocol::messages::metadata::{MetadataResponse, MetadataTopic};
use kafka_wire::protocol::{ErrorCode, TopicId};

use crate::config::Address;

/// One answer of the cluster, with the topics that were asked for before.
#[derive(Clone, Debug, Default)]
pub(crate) struct Metadata {
    pub(crate) cluster_id: Arc<str>,
    /// The broker that changes topics; any other passes such requests on (KRaft) or refuses them.
    pub(crate) controller: i32,
    pub(crate) brokers: BTreeMap<i32, Address>,
    pub(crate) topics: BTreeMap<Arc<str>, TopicMetadata>,
}

/// A topic, or why it cannot be used.
#[derive(Clone, Debug)]
pub(crate) struct TopicMetadata {
    pub(crate) id: TopicId,
    pub(crate) error: ErrorCode,
    pub(crate) partitions: BTreeMap<i32, Leader>,
}

/// Who leads a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Leader {
    /// -1 if nobody does now.
    pub(crate) node: i32,
    /// -1 if unknown.
    pub(crate) epoch: i32,
}

impl Metadata {
    /// With what a response says: all its brokers, and its topics over those known before.
    pub(super) fn updated(&self, response: MetadataResponse) -> Self {
        let mut topics = self.topics.clone();
        for topic in response.topics {
            if let Some(name) = &topic.name {
                let name: Arc<str> = name.as_str().into();
                topics.insert(name, TopicMetadata::of(&topic));
            }
        }
        let brokers = (response.brokers.into_iter())
            .filter_map(|broker| {
                let port = u16::try_from(broker.port).ok()?;
                Some((broker.node_id, Address { host: broker.host, port }))
            })
            .collect();
        let cluster_id = response.cluster_id.unwrap_or_default().into();
        Self { cluster_id, controller: response.controller_id, brokers, topics }
    }

    /// What it holds in memory, roughly: nodes of maps and names.
    pub(super) fn size(&self) -> ByteCount {
        const NODE: usize = 64;
        let brokers: usize = self.brokers.values().map(|address| NODE + address.host.len()).sum();
        let topics = self.topics.iter().map(|(name, topic)| 2 * NODE + name.len() + topic.partitions.len() * NODE / 2);
        ByteCount::from(brokers + topics.sum::<usize>())
    }

    /// Where the leader of a partition listens, if there is one.
    pub(crate) fn leader(&self, topic: &str, partition: i32) -> Option<(Leader, &Address)> {
        let leader = *self.topics.get(topic)?.partitions.get(&partition)?;
        Some((leader, self.brokers.get(&leader.node)?))
    }
}

impl TopicMetadata {
    fn of(topic: &MetadataTopic) -> Self {
        let partitions = (topic.partitions.iter())
            .map(|partition| {
                let leader = Leader { node: partition.leader_id, epoch: partition.leader_epoch };
                (partition.partition_index, leader)
            })
            .collect();
        Self { id: topic.topic_id, error: topic.error_code, partitions }
    }
}
