//! Produce, key 0, versions 3-11. Every acknowledgement means that the records are synced, also with `acks=1`.

use std::sync::Arc;

use kafka_wire::protocol::ErrorCode;
use kafka_wire::protocol::messages::produce::{
    ProducePartition, ProducePartitionResponse, ProduceRequest, ProduceResponse, ProduceTopicResponse,
};

use crate::core::Core;
use crate::log::{Appended, PartitionLog, Refused, check_batch};
use crate::topics::{Topic, unknown_topic};

/// A request whose batches are in their logs, not yet synced.
pub(super) struct Begun {
    topics: Vec<BegunTopic>,
    wants_answer: bool,
}

/// Where a batch is, and in which log.
type InLog = Result<(Arc<PartitionLog>, Appended), Refused>;

struct BegunTopic {
    name: String,
    partitions: Vec<(i32, InLog)>,
}

/// Appends the batches. The request's frame is free when this returns.
pub(super) fn begin(core: &Core, request: ProduceRequest, version: i16) -> Begun {
    let refusal = refuse_request(&request);
    let mut topics = Vec::with_capacity(request.topics.len());
    for topic in request.topics {
        let found = core.topics.by_name(&topic.name);
        let append = |partition: ProducePartition| {
            let appended = match (&refusal, &found) {
                (Some(refused), _) => Err(refused.clone()),
                (None, None) => Err(unknown_topic(&topic.name)),
                (None, Some(found)) => append(core, found, &partition, version),
            };
            (partition.index, appended)
        };
        topics.push(BegunTopic { partitions: topic.partitions.into_iter().map(append).collect(), name: topic.name });
    }
    Begun { topics, wants_answer: request.acks != 0 }
}

fn refuse_request(request: &ProduceRequest) -> Option<Refused> {
    if !(-1..=1).contains(&request.acks) {
        let why = format!("acks can be 0, 1 or all, not {}", request.acks);
        return Some(Refused::new(ErrorCode::INVALID_REQUIRED_ACKS, why));
    }
    if request.transactional_id.is_some() {
        return Some(Refused::new(ErrorCode::UNSUPPORTED_VERSION, "this broker has no transactions yet"));
    }
    None
}

fn append(core: &Core, topic: &Topic, partition: &ProducePartition, version: i16) -> InLog {
    let log = topic.partition(partition.index).ok_or_else(|| {
        let why = format!("the topic '{}' has no partition {}", topic.name, partition.index);
        Refused::new(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, why)
    })?;
    let records = partition.records.as_deref().unwrap_or_default();
    let header = check_batch(records, core.message_max(topic), version)?;
    let appended = log.append(&header, records)?;
    core.syncer.request(log.clone());
    Ok((log.clone(), appended))
}

/// Waits until the batches are durable; `None` if the client wants no answer.
pub(super) async fn finish(begun: Begun) -> Option<ProduceResponse> {
    if !begun.wants_answer {
        return None;
    }
    let mut topics = Vec::with_capacity(begun.topics.len());
    for topic in begun.topics {
        let mut partitions = Vec::with_capacity(topic.partitions.len());
        for (index, appended) in topic.partitions {
            partitions.push(acknowledge(index, appended).await);
        }
        topics.push(ProduceTopicResponse { name: topic.name, partitions });
    }
    Some(ProduceResponse { topics, ..ProduceResponse::default() })
}

async fn acknowledge(index: i32, appended: InLog) -> ProducePartitionResponse {
    let durable = match appended {
        Ok((log, appended)) => log.durable(appended.end).await.map(|()| appended),
        Err(refused) => Err(refused),
    };
    match durable {
        Ok(appended) => ProducePartitionResponse {
            index,
            base_offset: appended.base_offset,
            log_start_offset: appended.log_start,
            ..ProducePartitionResponse::default()
        },
        Err(refused) => ProducePartitionResponse {
            index,
            error_code: refused.code,
            error_message: Some(refused.why),
            ..ProducePartitionResponse::default()
        },
    }
}
