//! ListOffsets, key 2, versions 1-9.
//!
//! A time is looked up to the record: the batch is found by the index and the headers, then its records are read one by
//! one through a window. If they cannot be read, the answer is the batch's first offset, from which a consumer sees the
//! record it looked for and some before. So it is after [`INFLATED_MAX`] bytes of records: a batch may inflate to a
//! thousand times its size.

use std::sync::Arc;

use base::ByteCount;
use bytes::Bytes;
use kafka_wire::protocol::ErrorCode;
use kafka_wire::protocol::messages::list_offsets::{
    EARLIEST, EARLIEST_LOCAL, LATEST, ListOffsetsPartition, ListOffsetsPartitionResponse, ListOffsetsRequest,
    ListOffsetsResponse, ListOffsetsTopic, ListOffsetsTopicResponse, MAX_TIMESTAMP,
};
use kafka_wire::records::{Read, RecordReader};
use ledger::Owned;

use super::once::topics_once;
use crate::core::Core;
use crate::log::{PartitionLog, Refused, TimedBatch};
use crate::topics::{Topic, unknown_topic};

/// How far a batch is inflated for one look-up: four times what producers put into a batch that compresses well.
const INFLATED_MAX: usize = 16 << 20;
/// Other tasks of the thread run after so many bytes.
const TURN_BYTES: usize = 1 << 20;
/// What a record costs beside its bytes.
const RECORD_BYTES: usize = 64;

/// Where something was found.
#[derive(Clone, Copy, Debug)]
struct Found {
    offset: i64,
    timestamp: i64,
}

const NOTHING: Found = Found { offset: -1, timestamp: -1 };

pub(super) async fn answer(core: Arc<Core>, mut request: ListOffsetsRequest, _version: i16) -> ListOffsetsResponse {
    name_once(&mut request.topics);
    let mut topics = Vec::with_capacity(request.topics.len());
    for topic in request.topics {
        let known = core.topics.by_name(&topic.name).ok_or_else(|| unknown_topic(&topic.name));
        let mut partitions = Vec::with_capacity(topic.partitions.len());
        for asked in topic.partitions {
            let found = match &known {
                Ok(topic) => find(&core, topic, &asked).await,
                Err(refused) => Err(refused.clone()),
            };
            tokio::task::yield_now().await;
            partitions.push(respond(asked.partition_index, found));
        }
        topics.push(ListOffsetsTopicResponse { name: topic.name, partitions });
    }
    ListOffsetsResponse { topics, ..ListOffsetsResponse::default() }
}

/// Each topic and each of its partitions once: every time is work.
fn name_once(topics: &mut Vec<ListOffsetsTopic>) {
    topics_once(topics, |topic| &topic.name, |topic| &mut topic.partitions);
    for topic in topics {
        topic.partitions.sort_unstable_by_key(|asked| (asked.partition_index, asked.timestamp));
        topic.partitions.dedup_by_key(|asked| asked.partition_index);
    }
}

fn respond(partition_index: i32, found: Result<Found, Refused>) -> ListOffsetsPartitionResponse {
    match found {
        Ok(found) => ListOffsetsPartitionResponse {
            partition_index,
            timestamp: found.timestamp,
            offset: found.offset,
            leader_epoch: if found.offset >= 0 { 0 } else { -1 },
            ..ListOffsetsPartitionResponse::default()
        },
        Err(refused) => ListOffsetsPartitionResponse {
            partition_index,
            error_code: refused.code,
            ..ListOffsetsPartitionResponse::default()
        },
    }
}

async fn find(core: &Core, topic: &Topic, asked: &ListOffsetsPartition) -> Result<Found, Refused> {
    let log = topic.partition(asked.partition_index).ok_or_else(|| unknown_topic(&topic.name))?;
    super::check_leader_epoch(asked.current_leader_epoch)?;
    let at = |offset: i64| Ok(Found { offset, timestamp: -1 });
    match asked.timestamp {
        LATEST => at(log.high_watermark()),
        EARLIEST | EARLIEST_LOCAL => at(log.log_start()),
        MAX_TIMESTAMP => match log.max_timestamp() {
            timestamp if timestamp < 0 => Ok(NOTHING),
            timestamp => at_time(core, log, timestamp).await,
        },
        timestamp if timestamp >= 0 => at_time(core, log, timestamp).await,
        // The latest offset in tiered storage, which there is none of, and what may come.
        -5 => Ok(NOTHING),
        other => Err(Refused::new(ErrorCode::UNSUPPORTED_VERSION, format!("{other} is no time"))),
    }
}

async fn at_time(core: &Core, log: &PartitionLog, timestamp: i64) -> Result<Found, Refused> {
    let Some(batch) = log.batch_at_time(timestamp)? else { return Ok(NOTHING) };
    let log_start = log.log_start();
    let whole = Found { offset: batch.base_offset().max(log_start), timestamp: batch.base_timestamp() };
    if batch.base_timestamp() >= timestamp && batch.base_offset() >= log_start {
        return Ok(whole);
    }
    let found = first_record(core, &batch, timestamp, log_start).await.map_err(|error| {
        tracing::error!(%error, "cannot read records");
        Refused::new(ErrorCode::KAFKA_STORAGE_ERROR, format!("cannot read records: {error}"))
    })?;
    Ok(found.unwrap_or(whole))
}

/// The first record of the batch at or after `timestamp`; `None` if its records cannot be read.
async fn first_record(
    core: &Core,
    batch: &TimedBatch,
    timestamp: i64,
    log_start: i64,
) -> std::io::Result<Option<Found>> {
    let Ok(paid) = core.memory.fetch.reserve(ByteCount::from(batch.len())).await else { return Ok(None) };
    let mut buffer = vec![0; batch.len()];
    batch.read(&mut buffer)?;
    let mut reader =
        RecordReader::new(core.memory.requests.clone(), ByteCount::from(core.config.message_max.as_usize()));
    let bytes: Bytes = Owned::new(buffer, paid).into_bytes();
    if reader.open(bytes).is_err() {
        return Ok(None);
    }
    // Memory that is missing now is not waited for: the batch's first offset is a good answer too.
    let (mut inflated, mut turn) = (0, 0);
    while inflated < INFLATED_MAX {
        let Ok(Read::Record(record)) = reader.read() else { break };
        if record.timestamp >= timestamp && record.offset.0 >= log_start {
            return Ok(Some(Found { offset: record.offset.0, timestamp: record.timestamp }));
        }
        inflated += record.bytes() + RECORD_BYTES;
        if inflated - turn >= TURN_BYTES {
            turn = inflated;
            tokio::task::yield_now().await;
        }
    }
    Ok(None)
}
