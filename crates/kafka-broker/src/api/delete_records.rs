//! DeleteRecords, key 21, versions 0-2. The log's start moves at once; files go when all of their records are gone.

use kafka_wire::protocol::messages::delete_records::{
    DeleteRecordsPartition, DeleteRecordsPartitionResult, DeleteRecordsRequest, DeleteRecordsResponse,
    DeleteRecordsTopic, DeleteRecordsTopicResult,
};

use crate::core::Core;
use crate::log::Refused;
use crate::topics::unknown_topic;

pub(super) fn answer(core: &Core, request: DeleteRecordsRequest, _version: i16) -> DeleteRecordsResponse {
    let of_topic = |topic: DeleteRecordsTopic| {
        let delete = |asked: DeleteRecordsPartition| {
            let partition_index = asked.partition_index;
            match delete(core, &topic.name, asked) {
                Ok(low_watermark) => DeleteRecordsPartitionResult {
                    partition_index,
                    low_watermark,
                    ..DeleteRecordsPartitionResult::default()
                },
                Err(refused) => {
                    DeleteRecordsPartitionResult { partition_index, low_watermark: -1, error_code: refused.code }
                }
            }
        };
        let partitions = topic.partitions.iter().copied().map(delete).collect();
        DeleteRecordsTopicResult { name: topic.name, partitions }
    };
    DeleteRecordsResponse { topics: request.topics.into_iter().map(of_topic).collect(), throttle_time_ms: 0 }
}

fn delete(core: &Core, topic: &str, asked: DeleteRecordsPartition) -> Result<i64, Refused> {
    let known = core.topics.by_name(topic);
    let log = known.as_ref().and_then(|topic| topic.partition(asked.partition_index));
    log.ok_or_else(|| unknown_topic(topic))?.delete_before(asked.offset)
}
