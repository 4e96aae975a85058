//! Fetch, ListOffsets, OffsetForLeaderEpoch.

use kafka_protocol::messages as their;
use proptest::prelude::*;

use super::*;
use crate::protocol::messages::{fetch, list_offsets, offset_for_leader_epoch};

/// A topic by name up to version 12, by id from then on.
fn name_or_id(g: &mut Gen) -> (String, TopicId) {
    if g.version <= 12 { (g.string(), TopicId::NONE) } else { (String::new(), g.id()) }
}

fn fetch_request(g: &mut Gen) -> (fetch::FetchRequest, their::FetchRequest) {
    let (topics, their_topics) = g.pairs(|g| {
        let (partitions, their_partitions) = g.pairs(|g| {
            let ours = fetch::FetchPartition {
                partition: g.i32(),
                current_leader_epoch: g.from(9, Gen::i32, -1),
                fetch_offset: g.i64(),
                last_fetched_epoch: g.from(12, Gen::i32, -1),
                log_start_offset: g.from(5, Gen::i64, -1),
                partition_max_bytes: g.i32(),
            };
            let theirs = their::fetch_request::FetchPartition::default()
                .with_partition(ours.partition)
                .with_current_leader_epoch(ours.current_leader_epoch)
                .with_fetch_offset(ours.fetch_offset)
                .with_last_fetched_epoch(ours.last_fetched_epoch)
                .with_log_start_offset(ours.log_start_offset)
                .with_partition_max_bytes(ours.partition_max_bytes);
            (ours, theirs)
        });
        let (name, topic_id) = name_or_id(g);
        let theirs = their::fetch_request::FetchTopic::default()
            .with_topic(text(&name).into())
            .with_topic_id(uuid_text(topic_id).parse().unwrap())
            .with_partitions(their_partitions);
        (fetch::FetchTopic { name, topic_id, partitions }, theirs)
    });
    let (forgotten_topics, their_forgotten) = g.from(
        7,
        |g| {
            g.pairs(|g| {
                let ((name, topic_id), partitions) = (name_or_id(g), g.ints());
                let theirs = their::fetch_request::ForgottenTopic::default()
                    .with_topic(text(&name).into())
                    .with_topic_id(uuid_text(topic_id).parse().unwrap())
                    .with_partitions(partitions.clone());
                (fetch::ForgottenTopic { name, topic_id, partitions }, theirs)
            })
        },
        Default::default(),
    );
    let ours = fetch::FetchRequest {
        replica_id: if g.version <= 14 { g.i32() } else { -1 },
        max_wait_ms: g.i32(),
        min_bytes: g.i32(),
        max_bytes: g.i32(),
        isolation_level: g.i8(),
        session_id: g.from(7, Gen::i32, 0),
        session_epoch: g.from(7, Gen::i32, -1),
        topics,
        forgotten_topics,
        rack_id: g.from(11, Gen::string, String::new()),
    };
    let theirs = their::FetchRequest::default()
        .with_replica_id(ours.replica_id.into())
        .with_max_wait_ms(ours.max_wait_ms)
        .with_min_bytes(ours.min_bytes)
        .with_max_bytes(ours.max_bytes)
        .with_isolation_level(ours.isolation_level)
        .with_session_id(ours.session_id)
        .with_session_epoch(ours.session_epoch)
        .with_topics(their_topics)
        .with_forgotten_topics_data(their_forgotten)
        .with_rack_id(text(&ours.rack_id));
    (ours, theirs)
}

fn fetch_partition_response(g: &mut Gen) -> (fetch::FetchPartitionResponse, their::fetch_response::PartitionData) {
    let (aborted, their_aborted) = g.pairs(|g| {
        let ours = fetch::AbortedTransaction { producer_id: g.i64(), first_offset: g.i64() };
        let theirs = their::fetch_response::AbortedTransaction::default()
            .with_producer_id(ours.producer_id.into())
            .with_first_offset(ours.first_offset);
        (ours, theirs)
    });
    let any_aborted = g.bool();
    // -1 and -1 is their way to say that there is none.
    let diverging = |g: &mut Gen| g.some(|g| fetch::EpochEndOffset { epoch: g.i32(), end_offset: g.i64() | 1 << 40 });
    let ours = fetch::FetchPartitionResponse {
        partition_index: g.i32(),
        error_code: ErrorCode(g.i16()),
        high_watermark: g.i64(),
        last_stable_offset: g.i64(),
        log_start_offset: g.from(5, Gen::i64, -1),
        diverging_epoch: g.from(12, diverging, None).filter(|end| end.end_offset != -1),
        current_leader: g.leader(12),
        aborted_transactions: any_aborted.then_some(aborted),
        preferred_read_replica: g.from(11, Gen::i32, -1),
        records: g.some(Gen::bytes),
    };
    let their_diverging = ours.diverging_epoch.map(|end| {
        their::fetch_response::EpochEndOffset::default().with_epoch(end.epoch).with_end_offset(end.end_offset)
    });
    let their_leader = their::fetch_response::LeaderIdAndEpoch::default()
        .with_leader_id(ours.current_leader.leader_id.into())
        .with_leader_epoch(ours.current_leader.leader_epoch);
    let theirs = their::fetch_response::PartitionData::default()
        .with_partition_index(ours.partition_index)
        .with_error_code(ours.error_code.0)
        .with_high_watermark(ours.high_watermark)
        .with_last_stable_offset(ours.last_stable_offset)
        .with_log_start_offset(ours.log_start_offset)
        .with_diverging_epoch(their_diverging.unwrap_or_default())
        .with_current_leader(their_leader)
        .with_aborted_transactions(any_aborted.then_some(their_aborted))
        .with_preferred_read_replica(ours.preferred_read_replica.into())
        .with_records(ours.records.clone());
    (ours, theirs)
}

fn fetch_response(g: &mut Gen) -> (fetch::FetchResponse, their::FetchResponse) {
    let (topics, their_topics) = g.pairs(|g| {
        let (partitions, their_partitions) = g.pairs(fetch_partition_response);
        let (name, topic_id) = name_or_id(g);
        let theirs = their::fetch_response::FetchableTopicResponse::default()
            .with_topic(text(&name).into())
            .with_topic_id(uuid_text(topic_id).parse().unwrap())
            .with_partitions(their_partitions);
        (fetch::FetchTopicResponse { name, topic_id, partitions }, theirs)
    });
    let (node_endpoints, their_endpoints) = g.from(
        16,
        |g| {
            g.pairs(|g| {
                let ours = g.endpoint();
                let theirs = their::fetch_response::NodeEndpoint::default()
                    .with_node_id(ours.node_id.into())
                    .with_host(text(&ours.host))
                    .with_port(ours.port)
                    .with_rack(some_text(ours.rack.as_ref()));
                (ours, theirs)
            })
        },
        Default::default(),
    );
    let ours = fetch::FetchResponse {
        throttle_time_ms: g.i32(),
        error_code: ErrorCode(g.from(7, Gen::i16, 0)),
        session_id: g.from(7, Gen::i32, 0),
        topics,
        node_endpoints,
    };
    let theirs = their::FetchResponse::default()
        .with_throttle_time_ms(ours.throttle_time_ms)
        .with_error_code(ours.error_code.0)
        .with_session_id(ours.session_id)
        .with_responses(their_topics)
        .with_node_endpoints(their_endpoints);
    (ours, theirs)
}

fn list_offsets_request(g: &mut Gen) -> (list_offsets::ListOffsetsRequest, their::ListOffsetsRequest) {
    let (topics, their_topics) = g.pairs(|g| {
        let (partitions, their_partitions) = g.pairs(|g| {
            let ours = list_offsets::ListOffsetsPartition {
                partition_index: g.i32(),
                current_leader_epoch: g.from(4, Gen::i32, -1),
                timestamp: g.i64(),
            };
            let theirs = their::list_offsets_request::ListOffsetsPartition::default()
                .with_partition_index(ours.partition_index)
                .with_current_leader_epoch(ours.current_leader_epoch)
                .with_timestamp(ours.timestamp);
            (ours, theirs)
        });
        let name = g.string();
        let theirs = their::list_offsets_request::ListOffsetsTopic::default()
            .with_name(text(&name).into())
            .with_partitions(their_partitions);
        (list_offsets::ListOffsetsTopic { name, partitions }, theirs)
    });
    let ours = list_offsets::ListOffsetsRequest {
        replica_id: g.i32(),
        isolation_level: g.from(2, Gen::i8, 0),
        topics,
        timeout_ms: g.from(10, Gen::i32, 0),
    };
    let theirs = their::ListOffsetsRequest::default()
        .with_replica_id(ours.replica_id.into())
        .with_isolation_level(ours.isolation_level)
        .with_topics(their_topics)
        .with_timeout_ms(ours.timeout_ms);
    (ours, theirs)
}

fn list_offsets_response(g: &mut Gen) -> (list_offsets::ListOffsetsResponse, their::ListOffsetsResponse) {
    let (topics, their_topics) = g.pairs(|g| {
        let (partitions, their_partitions) = g.pairs(|g| {
            let ours = list_offsets::ListOffsetsPartitionResponse {
                partition_index: g.i32(),
                error_code: ErrorCode(g.i16()),
                timestamp: g.i64(),
                offset: g.i64(),
                leader_epoch: g.from(4, Gen::i32, -1),
            };
            let theirs = their::list_offsets_response::ListOffsetsPartitionResponse::default()
                .with_partition_index(ours.partition_index)
                .with_error_code(ours.error_code.0)
                .with_timestamp(ours.timestamp)
                .with_offset(ours.offset)
                .with_leader_epoch(ours.leader_epoch);
            (ours, theirs)
        });
        let name = g.string();
        let theirs = their::list_offsets_response::ListOffsetsTopicResponse::default()
            .with_name(text(&name).into())
            .with_partitions(their_partitions);
        (list_offsets::ListOffsetsTopicResponse { name, partitions }, theirs)
    });
    let throttle_time_ms = g.from(2, Gen::i32, 0);
    let theirs =
        their::ListOffsetsResponse::default().with_throttle_time_ms(throttle_time_ms).with_topics(their_topics);
    (list_offsets::ListOffsetsResponse { throttle_time_ms, topics }, theirs)
}

fn leader_epoch_request(
    g: &mut Gen,
) -> (offset_for_leader_epoch::OffsetForLeaderEpochRequest, their::OffsetForLeaderEpochRequest) {
    let (topics, their_topics) = g.pairs(|g| {
        let (partitions, their_partitions) = g.pairs(|g| {
            let (partition, current_leader_epoch, leader_epoch) = (g.i32(), g.i32(), g.i32());
            let theirs = their::offset_for_leader_epoch_request::OffsetForLeaderPartition::default()
                .with_partition(partition)
                .with_current_leader_epoch(current_leader_epoch)
                .with_leader_epoch(leader_epoch);
            let ours = offset_for_leader_epoch::LeaderEpochPartition { partition, current_leader_epoch, leader_epoch };
            (ours, theirs)
        });
        let name = g.string();
        let theirs = their::offset_for_leader_epoch_request::OffsetForLeaderTopic::default()
            .with_topic(text(&name).into())
            .with_partitions(their_partitions);
        (offset_for_leader_epoch::LeaderEpochTopic { name, partitions }, theirs)
    });
    let there = g.version >= 3;
    let replica_id = g.when(there, Gen::i32, -1);
    // Their default, where the version has no such field, is another.
    let theirs = their::OffsetForLeaderEpochRequest::default()
        .with_replica_id(if there { replica_id } else { -2 }.into())
        .with_topics(their_topics);
    (offset_for_leader_epoch::OffsetForLeaderEpochRequest { replica_id, topics }, theirs)
}

fn leader_epoch_response(
    g: &mut Gen,
) -> (offset_for_leader_epoch::OffsetForLeaderEpochResponse, their::OffsetForLeaderEpochResponse) {
    let (topics, their_topics) = g.pairs(|g| {
        let (partitions, their_partitions) = g.pairs(|g| {
            let ours = offset_for_leader_epoch::LeaderEpochEnd {
                error_code: ErrorCode(g.i16()),
                partition: g.i32(),
                leader_epoch: g.i32(),
                end_offset: g.i64(),
            };
            let theirs = their::offset_for_leader_epoch_response::EpochEndOffset::default()
                .with_error_code(ours.error_code.0)
                .with_partition(ours.partition)
                .with_leader_epoch(ours.leader_epoch)
                .with_end_offset(ours.end_offset);
            (ours, theirs)
        });
        let name = g.string();
        let theirs = their::offset_for_leader_epoch_response::OffsetForLeaderTopicResult::default()
            .with_topic(text(&name).into())
            .with_partitions(their_partitions);
        (offset_for_leader_epoch::LeaderEpochTopicResult { name, partitions }, theirs)
    });
    let throttle_time_ms = g.i32();
    let theirs = their::OffsetForLeaderEpochResponse::default()
        .with_throttle_time_ms(throttle_time_ms)
        .with_topics(their_topics);
    (offset_for_leader_epoch::OffsetForLeaderEpochResponse { throttle_time_ms, topics }, theirs)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn fetch(seed: u64) {
        check(seed, fetch_request, fetch_response);
    }

    #[test]
    fn list_offsets(seed: u64) {
        check(seed, list_offsets_request, list_offsets_response);
    }

    #[test]
    fn offset_for_leader_epoch(seed: u64) {
        check(seed, leader_epoch_request, leader_epoch_response);
    }
}
