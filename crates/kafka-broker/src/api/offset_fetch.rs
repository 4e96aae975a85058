//! OffsetFetch, key 9, versions 1-9.

use std::collections::BTreeMap;

use kafka_wire::protocol::messages::offset_fetch::{
    OffsetFetchGroup, OffsetFetchGroupResponse, OffsetFetchPartitionResponse, OffsetFetchRequest, OffsetFetchResponse,
    OffsetFetchTopicResponse,
};

use crate::core::Core;
use crate::groups::Committed;

pub(super) fn answer(core: &Core, request: OffsetFetchRequest, _version: i16) -> OffsetFetchResponse {
    let groups = request.groups.into_iter().map(|group| fetch_group(core, group)).collect();
    OffsetFetchResponse { groups, throttle_time_ms: 0 }
}

fn fetch_group(core: &Core, group: OffsetFetchGroup) -> OffsetFetchGroupResponse {
    let topics = match group.topics {
        None => all_topics(core, &group.group_id),
        Some(wanted) => {
            let fetch_topic = |topic: kafka_wire::protocol::messages::offset_fetch::OffsetFetchTopic| {
                let fetch = |index: i32| respond(index, core.groups.get(&group.group_id, &topic.name, index));
                let partitions = topic.partition_indexes.iter().copied().map(fetch).collect();
                OffsetFetchTopicResponse { name: topic.name, partitions }
            };
            wanted.into_iter().map(fetch_topic).collect()
        }
    };
    OffsetFetchGroupResponse { group_id: group.group_id, topics, ..OffsetFetchGroupResponse::default() }
}

fn all_topics(core: &Core, group: &str) -> Vec<OffsetFetchTopicResponse> {
    let mut topics: BTreeMap<String, Vec<OffsetFetchPartitionResponse>> = BTreeMap::new();
    for (topic, partition, committed) in core.groups.of_group(group) {
        topics.entry(topic).or_default().push(respond(partition, Some(committed)));
    }
    topics.into_iter().map(|(name, partitions)| OffsetFetchTopicResponse { name, partitions }).collect()
}

fn respond(partition_index: i32, committed: Option<Committed>) -> OffsetFetchPartitionResponse {
    match committed {
        None => OffsetFetchPartitionResponse { partition_index, ..OffsetFetchPartitionResponse::default() },
        Some(committed) => OffsetFetchPartitionResponse {
            partition_index,
            committed_offset: committed.offset,
            committed_leader_epoch: committed.leader_epoch,
            metadata: Some(committed.metadata),
            ..OffsetFetchPartitionResponse::default()
        },
    }
}
