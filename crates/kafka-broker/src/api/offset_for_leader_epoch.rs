//! OffsetForLeaderEpoch, key 23, versions 2-4. There is one epoch, 0, and it ends where the log ends.

use kafka_wire::protocol::messages::offset_for_leader_epoch::{
    LeaderEpochEnd, LeaderEpochPartition, LeaderEpochTopic, LeaderEpochTopicResult, OffsetForLeaderEpochRequest,
    OffsetForLeaderEpochResponse,
};

use crate::core::Core;
use crate::log::Refused;
use crate::topics::unknown_topic;

pub(super) fn answer(core: &Core, request: OffsetForLeaderEpochRequest, _version: i16) -> OffsetForLeaderEpochResponse {
    let of_topic = |topic: LeaderEpochTopic| {
        let end = |asked: LeaderEpochPartition| {
            let partition = asked.partition;
            match end(core, &topic.name, asked) {
                Ok(Some(end_offset)) => {
                    LeaderEpochEnd { partition, leader_epoch: 0, end_offset, ..LeaderEpochEnd::default() }
                }
                Ok(None) => LeaderEpochEnd { partition, ..LeaderEpochEnd::default() },
                Err(refused) => LeaderEpochEnd { partition, error_code: refused.code, ..LeaderEpochEnd::default() },
            }
        };
        let partitions = topic.partitions.iter().copied().map(end).collect();
        LeaderEpochTopicResult { name: topic.name, partitions }
    };
    OffsetForLeaderEpochResponse { topics: request.topics.into_iter().map(of_topic).collect(), throttle_time_ms: 0 }
}

fn end(core: &Core, topic: &str, asked: LeaderEpochPartition) -> Result<Option<i64>, Refused> {
    let known = core.topics.by_name(topic);
    let log = known.as_ref().and_then(|topic| topic.partition(asked.partition));
    let log = log.ok_or_else(|| unknown_topic(topic))?;
    super::check_leader_epoch(asked.current_leader_epoch)?;
    Ok((asked.leader_epoch == 0).then(|| log.high_watermark()))
}
