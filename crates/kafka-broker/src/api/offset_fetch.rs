//! OffsetFetch, key 9, versions 1-9.

use std::sync::Arc;

use kafka_wire::protocol::messages::offset_fetch::{
    OffsetFetchGroup, OffsetFetchGroupResponse, OffsetFetchPartitionResponse, OffsetFetchRequest, OffsetFetchResponse,
    OffsetFetchTopic, OffsetFetchTopicResponse,
};

use super::once::topics_once;
use crate::core::Core;
use crate::groups::Committed;
use crate::topics::Topic;

/// Each group, each topic of a group and each of its partitions is answered once, in order.
pub(super) fn weigh(core: &Core, request: &mut OffsetFetchRequest) -> usize {
    request.groups.sort_unstable_by(|a, b| a.group_id.cmp(&b.group_id));
    request.groups.dedup_by(|a, b| a.group_id == b.group_id);
    request.groups.iter_mut().filter_map(|group| group.topics.as_mut()).for_each(name_once);
    let weigh = |group: &OffsetFetchGroup| match &group.topics {
        None => core.topics.all().iter().map(|topic| core.groups.weigh(&group.group_id, topic.name_and_id())).sum(),
        Some(wanted) => {
            let known = wanted.iter().filter_map(|topic| core.topics.by_name(&topic.name));
            known.map(|topic| core.groups.weigh(&group.group_id, topic.name_and_id())).sum::<usize>()
        }
    };
    request.groups.iter().map(weigh).sum()
}

fn name_once(topics: &mut Vec<OffsetFetchTopic>) {
    topics_once(topics, |topic| &topic.name, |topic| &mut topic.partition_indexes);
    for topic in topics {
        topic.partition_indexes.sort_unstable();
        topic.partition_indexes.dedup();
    }
}

pub(super) fn answer(core: &Core, request: OffsetFetchRequest, _version: i16) -> OffsetFetchResponse {
    let groups = request.groups.into_iter().map(|group| fetch_group(core, group)).collect();
    OffsetFetchResponse { groups, throttle_time_ms: 0 }
}

fn fetch_group(core: &Core, group: OffsetFetchGroup) -> OffsetFetchGroupResponse {
    let topics = match group.topics {
        None => all_topics(core, &group.group_id),
        Some(wanted) => wanted.into_iter().map(|topic| fetch_topic(core, &group.group_id, topic)).collect(),
    };
    OffsetFetchGroupResponse { group_id: group.group_id, topics, ..OffsetFetchGroupResponse::default() }
}

fn fetch_topic(core: &Core, group: &str, wanted: OffsetFetchTopic) -> OffsetFetchTopicResponse {
    let known = core.topics.by_name(&wanted.name);
    let fetch = |index: i32| {
        let topic = known.as_ref().filter(|topic| topic.partition(index).is_some());
        respond(index, topic.and_then(|topic| core.groups.get(group, topic.name_and_id(), index)))
    };
    let partitions = wanted.partition_indexes.into_iter().map(fetch).collect();
    OffsetFetchTopicResponse { name: wanted.name, partitions }
}

fn all_topics(core: &Core, group: &str) -> Vec<OffsetFetchTopicResponse> {
    let fetch = |topic: &Arc<Topic>| {
        let fetch = |index: i32, committed: Committed| respond(index, Some(committed));
        let partitions = core.groups.of_topic(group, topic.name_and_id(), fetch);
        OffsetFetchTopicResponse { name: topic.name.clone(), partitions }
    };
    core.topics.all().iter().map(fetch).filter(|topic| !topic.partitions.is_empty()).collect()
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
