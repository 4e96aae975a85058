//! OffsetCommit, key 8, versions 2-9, from consumers that assign partitions to themselves. Acknowledged when synced.

use std::sync::Arc;

use kafka_wire::protocol::ErrorCode;
use kafka_wire::protocol::messages::offset_commit::{
    OffsetCommitPartition, OffsetCommitPartitionResponse, OffsetCommitRequest, OffsetCommitResponse,
    OffsetCommitTopicResponse,
};

use crate::core::Core;
use crate::groups::Committed;
use crate::log::Refused;
use crate::topics::{Topic, unknown_topic};

pub(super) async fn answer(core: Arc<Core>, request: OffsetCommitRequest, _version: i16) -> OffsetCommitResponse {
    // Members are not known here, so nobody is one.
    let member = request.generation_id_or_member_epoch >= 0 || !request.member_id.is_empty();
    let mut last = None;
    let mut topics = Vec::with_capacity(request.topics.len());
    for topic in request.topics {
        let known = core.topics.by_name(&topic.name).ok_or_else(|| unknown_topic(&topic.name));
        let commit = |asked: OffsetCommitPartition| {
            let partition_index = asked.partition_index;
            let committed = match &known {
                _ if member => Err(Refused::new(ErrorCode::UNKNOWN_MEMBER_ID, "groups have no members here")),
                Ok(topic) => commit(&core, &request.group_id, topic, asked),
                Err(refused) => Err(refused.clone()),
            };
            let error_code = match committed {
                Ok(commits) => {
                    last = last.max(Some(commits));
                    ErrorCode::NONE
                }
                Err(refused) => refused.code,
            };
            OffsetCommitPartitionResponse { partition_index, error_code }
        };
        let partitions = topic.partitions.into_iter().map(commit).collect();
        topics.push(OffsetCommitTopicResponse { name: topic.name, partitions });
    }
    if let Some(commits) = last {
        core.syncer.request(core.groups.clone());
        if let Err(refused) = core.groups.durable(commits).await {
            fail_all(&mut topics, refused.code);
        }
    }
    OffsetCommitResponse { topics, throttle_time_ms: 0 }
}

fn commit(core: &Core, group: &str, topic: &Topic, asked: OffsetCommitPartition) -> Result<u64, Refused> {
    if topic.partition(asked.partition_index).is_none() {
        return Err(unknown_topic(&topic.name));
    }
    if asked.committed_offset < -1 {
        return Err(Refused::new(ErrorCode::INVALID_REQUEST, "a committed offset cannot be negative"));
    }
    let committed = Committed {
        topic_id: topic.id,
        offset: asked.committed_offset,
        leader_epoch: asked.committed_leader_epoch,
        metadata: asked.committed_metadata.unwrap_or_default(),
        time_ms: core.clock.unix_millis(),
    };
    core.groups.commit(group, &topic.name, asked.partition_index, committed)
}

fn fail_all(topics: &mut [OffsetCommitTopicResponse], error_code: ErrorCode) {
    for partition in topics.iter_mut().flat_map(|topic| &mut topic.partitions) {
        if partition.error_code.is_ok() {
            partition.error_code = error_code;
        }
    }
}
