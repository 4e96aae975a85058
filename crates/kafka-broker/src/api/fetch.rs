//! Fetch, key 1, versions 4-16. No sessions: every response has session id 0 and every partition that was asked for, which
//! KIP-227 allows. Waits for `min_bytes` until `max_wait_ms` is over.

use std::sync::Arc;
use std::time::Duration;

use base::ByteCount;
use bytes::Bytes;
use kafka_wire::protocol::ErrorCode;
use kafka_wire::protocol::messages::fetch::{
    FetchPartition, FetchPartitionResponse, FetchRequest, FetchResponse, FetchTopic, FetchTopicResponse,
};
use ledger::{Owned, Reservation};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::core::Core;
use crate::log::{Located, PartitionLog, Refused};
use crate::topics::{Topic, unknown_topic};

/// Nobody waits longer: a client that is gone should not be remembered for ever.
const WAIT_MAX: Duration = Duration::from_mins(5);

/// One partition of the request with what there is for it.
struct Plan {
    asked: FetchPartition,
    log: Result<Arc<PartitionLog>, Refused>,
    located: Result<Option<Located>, Refused>,
}

struct TopicPlan {
    topic: FetchTopic,
    partitions: Vec<Plan>,
}

pub(super) async fn answer(core: Arc<Core>, request: FetchRequest, version: i16) -> FetchResponse {
    if request.session_id != 0 {
        return FetchResponse { error_code: ErrorCode::FETCH_SESSION_ID_NOT_FOUND, ..FetchResponse::default() };
    }
    let wait = Duration::from_millis(u64::try_from(request.max_wait_ms).unwrap_or(0)).min(WAIT_MAX);
    let deadline = Instant::now() + wait;
    let limit = usize::try_from(request.max_bytes).unwrap_or(0).min(core.config.fetch_max.as_usize());
    let enough = usize::try_from(request.min_bytes).unwrap_or(0).min(limit);
    let mut plans = plan(&core, request.topics, version);
    let logs = logs_of(&plans);
    let more = Arc::new(Notify::new());
    loop {
        // First be told of more, then look: nothing is missed in between.
        for log in &logs {
            log.tell(&more);
        }
        locate(&mut plans);
        let (bytes, failed) = found(&plans);
        if bytes >= enough || failed || tokio::time::timeout_at(deadline, more.notified()).await.is_err() {
            break;
        }
    }
    read(&core, plans, limit).await
}

fn plan(core: &Core, topics: Vec<FetchTopic>, version: i16) -> Vec<TopicPlan> {
    let plan_topic = |mut topic: FetchTopic| {
        let known = find_topic(core, &topic, version);
        let asked = std::mem::take(&mut topic.partitions);
        let plan = |asked: FetchPartition| {
            let log = known.as_ref().map_err(Clone::clone).and_then(|topic| find_log(topic, &asked));
            Plan { asked, log, located: Ok(None) }
        };
        TopicPlan { partitions: asked.into_iter().map(plan).collect(), topic }
    };
    topics.into_iter().map(plan_topic).collect()
}

/// Each log once, however often the request names it.
fn logs_of(plans: &[TopicPlan]) -> Vec<Arc<PartitionLog>> {
    let plans = plans.iter().flat_map(|topic| &topic.partitions);
    let mut logs: Vec<_> = plans.filter_map(|plan| plan.log.as_ref().ok().cloned()).collect();
    logs.sort_unstable_by_key(Arc::as_ptr);
    logs.dedup_by(|a, b| Arc::ptr_eq(a, b));
    logs
}

fn find_topic(core: &Core, topic: &FetchTopic, version: i16) -> Result<Arc<Topic>, Refused> {
    if version >= 13 {
        let unknown = || Refused::new(ErrorCode::UNKNOWN_TOPIC_ID, format!("there is no topic {}", topic.topic_id));
        core.topics.by_id(topic.topic_id).ok_or_else(unknown)
    } else {
        core.topics.by_name(&topic.name).ok_or_else(|| unknown_topic(&topic.name))
    }
}

fn find_log(topic: &Topic, asked: &FetchPartition) -> Result<Arc<PartitionLog>, Refused> {
    let log = topic.partition(asked.partition).cloned().ok_or_else(|| unknown_topic(&topic.name))?;
    super::check_leader_epoch(asked.current_leader_epoch)?;
    Ok(log)
}

fn locate(plans: &mut [TopicPlan]) {
    for plan in plans.iter_mut().flat_map(|topic| &mut topic.partitions) {
        plan.located = match &plan.log {
            Ok(log) => log.locate(plan.asked.fetch_offset),
            Err(refused) => Err(refused.clone()),
        };
    }
}

/// How many bytes there are to send, and whether an error should be told at once.
fn found(plans: &[TopicPlan]) -> (usize, bool) {
    let partitions = || plans.iter().flat_map(|topic| &topic.partitions);
    let bytes = partitions().map(Plan::wanted).fold(0, usize::saturating_add);
    (bytes, partitions().any(|plan| plan.located.is_err()))
}

impl Plan {
    /// What the partition's own limit lets through: at least one batch.
    fn wanted(&self) -> usize {
        match &self.located {
            Ok(Some(located)) => {
                let most = usize::try_from(self.asked.partition_max_bytes).unwrap_or(0);
                (located.available.min(most as u64) as usize).max(located.first_batch)
            }
            _ => 0,
        }
    }

    fn first_batch(&self) -> usize {
        match &self.located {
            Ok(Some(located)) => located.first_batch,
            _ => 0,
        }
    }
}

/// Reads what was found, as far as limits and memory go; of the first partition at least one batch.
async fn read(core: &Core, plans: Vec<TopicPlan>, limit: usize) -> FetchResponse {
    let (wanted, _) = found(&plans);
    let first = plans.iter().flat_map(|topic| &topic.partitions).map(Plan::first_batch).find(|bytes| *bytes > 0);
    let least = first.unwrap_or(0);
    let Some(mut paid) = reserve(core, wanted.min(limit).max(least), least).await else {
        tracing::error!(bytes = least, "a batch is larger than the memory for fetches");
        return FetchResponse { error_code: ErrorCode::KAFKA_STORAGE_ERROR, ..FetchResponse::default() };
    };
    let mut topics = Vec::with_capacity(plans.len());
    for TopicPlan { topic, partitions } in plans {
        let partitions = partitions.into_iter().map(|plan| respond(plan, &mut paid)).collect();
        topics.push(FetchTopicResponse { name: topic.name, topic_id: topic.topic_id, partitions });
    }
    FetchResponse { topics, ..FetchResponse::default() }
}

/// Memory for `wanted` bytes, or less if less is there, but at least `least`, for which it waits.
async fn reserve(core: &Core, wanted: usize, least: usize) -> Option<Reservation> {
    let mut bytes = wanted;
    while bytes > least {
        if let Some(paid) = core.memory.fetch.try_reserve(ByteCount::from(bytes)) {
            return Some(paid);
        }
        bytes = (bytes / 2).max(least);
    }
    core.memory.fetch.reserve(ByteCount::from(least)).await.ok()
}

fn respond(plan: Plan, paid: &mut Reservation) -> FetchPartitionResponse {
    let mut response = FetchPartitionResponse {
        partition_index: plan.asked.partition,
        high_watermark: -1,
        records: Some(Bytes::new()),
        ..FetchPartitionResponse::default()
    };
    let records = plan.located.as_ref().map_err(Clone::clone).and_then(|located| match located {
        Some(located) => read_records(located, plan.wanted(), paid),
        None => Ok(Bytes::new()),
    });
    if let Ok(log) = &plan.log {
        response.high_watermark = log.high_watermark();
        response.last_stable_offset = response.high_watermark;
        response.log_start_offset = log.log_start();
    }
    match records {
        Ok(records) => response.records = Some(records),
        Err(refused) => response.error_code = refused.code,
    }
    response
}

/// Nothing, if a batch no longer fits: the client asks again.
fn read_records(located: &Located, wanted: usize, paid: &mut Reservation) -> Result<Bytes, Refused> {
    let len = wanted.min(paid.bytes().as_usize());
    if len < located.first_batch {
        return Ok(Bytes::new());
    }
    let mut buffer = vec![0; len];
    let whole = located.read(&mut buffer).map_err(|error| {
        tracing::error!(%error, "cannot read records");
        Refused::new(ErrorCode::KAFKA_STORAGE_ERROR, format!("cannot read records: {error}"))
    })?;
    buffer.truncate(whole);
    let own = paid.split(ByteCount::from(len));
    Ok(Owned::new(buffer, own).into_bytes())
}
