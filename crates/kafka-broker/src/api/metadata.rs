//! Metadata, key 3, versions 0-13. This broker leads every partition.

use std::sync::Arc;

use kafka_wire::protocol::ErrorCode;
use kafka_wire::protocol::messages::metadata::{
    MetadataBroker, MetadataPartition, MetadataRequest, MetadataRequestTopic, MetadataResponse, MetadataTopic,
};

use crate::core::Core;
use crate::log::Refused;
use crate::topics::{Topic, unknown_topic};

/// What a topic takes in a response, decoded and encoded, beside its name's three copies and its partitions.
const TOPIC_BYTES: usize = 256;
const PARTITION_BYTES: usize = 192;

/// Whether the request names topics that are to be made for it.
pub(super) fn makes_topics(core: &Core, request: &MetadataRequest) -> bool {
    let names = || request.topics.iter().flatten().filter_map(|topic| topic.name.as_deref());
    may_create(core, request) && names().any(|name| core.topics.by_name(name).is_none())
}

pub(super) fn weigh(core: &Core, request: &mut MetadataRequest) -> usize {
    let weight = |name: &str, partitions: usize| TOPIC_BYTES + 3 * name.len() + PARTITION_BYTES * partitions;
    let of_topic = |topic: &Topic| weight(&topic.name, topic.partitions.len());
    let may_create = may_create(core, request);
    let Some(wanted) = &mut request.topics else {
        return core.topics.all().iter().map(|topic| of_topic(topic)).sum();
    };
    wanted.sort_unstable_by(|a, b| (&a.name, a.topic_id).cmp(&(&b.name, b.topic_id)));
    wanted.dedup_by(|a, b| (&a.name, a.topic_id) == (&b.name, b.topic_id));
    let missing = if may_create { usize::try_from(core.config.default_partitions).unwrap_or(0) } else { 0 };
    let of_wanted = |wanted: &MetadataRequestTopic| match &wanted.name {
        Some(name) if wanted.topic_id.is_none() => {
            core.topics.by_name(name).map_or_else(|| weight(name, missing), |topic| of_topic(&topic))
        }
        _ => core.topics.by_id(wanted.topic_id).map_or(0, |topic| of_topic(&topic)),
    };
    wanted.iter().map(of_wanted).sum()
}

fn may_create(core: &Core, request: &MetadataRequest) -> bool {
    core.config.auto_create_topics && request.allow_auto_topic_creation
}

pub(super) fn answer(core: &Core, request: MetadataRequest, _version: i16) -> MetadataResponse {
    let may_create = may_create(core, &request);
    let topics = match request.topics {
        None => core.topics.all().iter().map(|topic| describe(core, topic)).collect(),
        Some(wanted) => wanted.into_iter().map(|topic| look_up(core, topic, may_create)).collect(),
    };
    let (host, port) = core.advertised.clone();
    MetadataResponse {
        brokers: vec![MetadataBroker { node_id: core.config.node_id, host, port: i32::from(port), rack: None }],
        cluster_id: Some(core.cluster_id.clone()),
        controller_id: core.config.node_id,
        topics,
        ..MetadataResponse::default()
    }
}

fn look_up(core: &Core, wanted: MetadataRequestTopic, may_create: bool) -> MetadataTopic {
    let MetadataRequestTopic { topic_id, name } = wanted;
    let found = match &name {
        Some(name) if topic_id.is_none() => find_or_create(core, name, may_create),
        _ => core.topics.by_id(topic_id).ok_or_else(|| Refused::new(ErrorCode::UNKNOWN_TOPIC_ID, "")),
    };
    match found {
        Ok(topic) => describe(core, &topic),
        Err(refused) => MetadataTopic { error_code: refused.code, name, topic_id, ..MetadataTopic::default() },
    }
}

fn find_or_create(core: &Core, name: &str, may_create: bool) -> Result<Arc<Topic>, Refused> {
    match core.topics.by_name(name) {
        Some(topic) => Ok(topic),
        None if may_create => core.auto_create(name),
        None => Err(unknown_topic(name)),
    }
}

fn describe(core: &Core, topic: &Topic) -> MetadataTopic {
    let node_id = core.config.node_id;
    let partition = |partition_index: i32| MetadataPartition {
        partition_index,
        leader_id: node_id,
        leader_epoch: 0,
        replica_nodes: vec![node_id],
        isr_nodes: vec![node_id],
        ..MetadataPartition::default()
    };
    MetadataTopic {
        name: Some(topic.name.clone()),
        topic_id: topic.id,
        partitions: (0..topic.partitions.len() as i32).map(partition).collect(),
        ..MetadataTopic::default()
    }
}
