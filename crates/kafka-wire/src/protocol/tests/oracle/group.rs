//! FindCoordinator, OffsetCommit, OffsetFetch.

use kafka_protocol::messages as their;
use proptest::prelude::*;

use super::*;
use crate::protocol::messages::{find_coordinator, offset_commit, offset_fetch};

fn find_coordinator_request(g: &mut Gen) -> (find_coordinator::FindCoordinatorRequest, their::FindCoordinatorRequest) {
    let key_type = g.from(1, Gen::i8, 0);
    let theirs = their::FindCoordinatorRequest::default().with_key_type(key_type);
    if g.version < 4 {
        let key = g.string();
        let theirs = theirs.with_key(text(&key));
        return (find_coordinator::FindCoordinatorRequest { key_type, keys: vec![key] }, theirs);
    }
    let (keys, their_keys) = g.pairs(|g| {
        let key = g.string();
        let theirs = text(&key);
        (key, theirs)
    });
    (find_coordinator::FindCoordinatorRequest { key_type, keys }, theirs.with_coordinator_keys(their_keys))
}

fn coordinator(g: &mut Gen) -> find_coordinator::Coordinator {
    find_coordinator::Coordinator {
        key: g.from(4, Gen::string, String::new()),
        node_id: g.i32(),
        host: g.string(),
        port: g.i32(),
        error_code: ErrorCode(g.i16()),
        error_message: g.from(1, |g| g.some(Gen::string), None),
    }
}

fn find_coordinator_response(
    g: &mut Gen,
) -> (find_coordinator::FindCoordinatorResponse, their::FindCoordinatorResponse) {
    let throttle_time_ms = g.from(1, Gen::i32, 0);
    let theirs = their::FindCoordinatorResponse::default().with_throttle_time_ms(throttle_time_ms);
    if g.version < 4 {
        let only = coordinator(g);
        // Where the version has no message, theirs is an empty one.
        let message = if g.version == 0 { Some(text("")) } else { some_text(only.error_message.as_ref()) };
        let theirs = theirs
            .with_error_code(only.error_code.0)
            .with_error_message(message)
            .with_node_id(only.node_id.into())
            .with_host(text(&only.host))
            .with_port(only.port);
        return (find_coordinator::FindCoordinatorResponse { throttle_time_ms, coordinators: vec![only] }, theirs);
    }
    let (coordinators, their_coordinators) = g.pairs(|g| {
        let ours = coordinator(g);
        let theirs = their::find_coordinator_response::Coordinator::default()
            .with_key(text(&ours.key))
            .with_node_id(ours.node_id.into())
            .with_host(text(&ours.host))
            .with_port(ours.port)
            .with_error_code(ours.error_code.0)
            .with_error_message(some_text(ours.error_message.as_ref()));
        (ours, theirs)
    });
    let ours = find_coordinator::FindCoordinatorResponse { throttle_time_ms, coordinators };
    (ours, theirs.with_coordinators(their_coordinators))
}

fn offset_commit_request(g: &mut Gen) -> (offset_commit::OffsetCommitRequest, their::OffsetCommitRequest) {
    let (topics, their_topics) = g.pairs(|g| {
        let (partitions, their_partitions) = g.pairs(|g| {
            let ours = offset_commit::OffsetCommitPartition {
                partition_index: g.i32(),
                committed_offset: g.i64(),
                committed_leader_epoch: g.from(6, Gen::i32, -1),
                committed_metadata: g.some(Gen::string),
            };
            let theirs = their::offset_commit_request::OffsetCommitRequestPartition::default()
                .with_partition_index(ours.partition_index)
                .with_committed_offset(ours.committed_offset)
                .with_committed_leader_epoch(ours.committed_leader_epoch)
                .with_committed_metadata(some_text(ours.committed_metadata.as_ref()));
            (ours, theirs)
        });
        let name = g.string();
        let theirs = their::offset_commit_request::OffsetCommitRequestTopic::default()
            .with_name(text(&name).into())
            .with_partitions(their_partitions);
        (offset_commit::OffsetCommitTopic { name, partitions }, theirs)
    });
    let retention = g.version <= 4;
    let ours = offset_commit::OffsetCommitRequest {
        group_id: g.string(),
        generation_id_or_member_epoch: g.i32(),
        member_id: g.string(),
        group_instance_id: g.from(7, |g| g.some(Gen::string), None),
        retention_time_ms: g.when(retention, Gen::i64, -1),
        topics,
    };
    let theirs = their::OffsetCommitRequest::default()
        .with_group_id(text(&ours.group_id).into())
        .with_generation_id_or_member_epoch(ours.generation_id_or_member_epoch)
        .with_member_id(text(&ours.member_id))
        .with_group_instance_id(some_text(ours.group_instance_id.as_ref()))
        .with_retention_time_ms(ours.retention_time_ms)
        .with_topics(their_topics);
    (ours, theirs)
}

fn offset_commit_response(g: &mut Gen) -> (offset_commit::OffsetCommitResponse, their::OffsetCommitResponse) {
    let (topics, their_topics) = g.pairs(|g| {
        let (partitions, their_partitions) = g.pairs(|g| {
            let (partition_index, error_code) = (g.i32(), ErrorCode(g.i16()));
            let theirs = their::offset_commit_response::OffsetCommitResponsePartition::default()
                .with_partition_index(partition_index)
                .with_error_code(error_code.0);
            (offset_commit::OffsetCommitPartitionResponse { partition_index, error_code }, theirs)
        });
        let name = g.string();
        let theirs = their::offset_commit_response::OffsetCommitResponseTopic::default()
            .with_name(text(&name).into())
            .with_partitions(their_partitions);
        (offset_commit::OffsetCommitTopicResponse { name, partitions }, theirs)
    });
    let throttle_time_ms = g.from(3, Gen::i32, 0);
    let theirs =
        their::OffsetCommitResponse::default().with_throttle_time_ms(throttle_time_ms).with_topics(their_topics);
    (offset_commit::OffsetCommitResponse { throttle_time_ms, topics }, theirs)
}

fn offset_fetch_request(g: &mut Gen) -> (offset_fetch::OffsetFetchRequest, their::OffsetFetchRequest) {
    let require_stable = g.from(7, Gen::bool, false);
    let theirs = their::OffsetFetchRequest::default().with_require_stable(require_stable);
    if g.version < 8 {
        let (topics, their_topics) = g.pairs(|g| {
            let (name, partition_indexes) = (g.string(), g.ints());
            let theirs = their::offset_fetch_request::OffsetFetchRequestTopic::default()
                .with_name(text(&name).into())
                .with_partition_indexes(partition_indexes.clone());
            (offset_fetch::OffsetFetchTopic { name, partition_indexes }, theirs)
        });
        let (group_id, named) = (g.string(), g.version < 2 || g.bool());
        let theirs = theirs.with_group_id(text(&group_id).into()).with_topics(named.then_some(their_topics));
        let topics = named.then_some(topics);
        let group = offset_fetch::OffsetFetchGroup { group_id, topics, ..Default::default() };
        return (offset_fetch::OffsetFetchRequest { groups: vec![group], require_stable }, theirs);
    }
    let (groups, their_groups) = g.pairs(|g| {
        let (topics, their_topics) = g.pairs(|g| {
            let (name, partition_indexes) = (g.string(), g.ints());
            let theirs = their::offset_fetch_request::OffsetFetchRequestTopics::default()
                .with_name(text(&name).into())
                .with_partition_indexes(partition_indexes.clone());
            (offset_fetch::OffsetFetchTopic { name, partition_indexes }, theirs)
        });
        let named = g.bool();
        let ours = offset_fetch::OffsetFetchGroup {
            group_id: g.string(),
            member_id: g.from(9, |g| g.some(Gen::string), None),
            member_epoch: g.from(9, Gen::i32, -1),
            topics: named.then_some(topics),
        };
        let theirs = their::offset_fetch_request::OffsetFetchRequestGroup::default()
            .with_group_id(text(&ours.group_id).into())
            .with_member_id(some_text(ours.member_id.as_ref()))
            .with_member_epoch(ours.member_epoch)
            .with_topics(named.then_some(their_topics));
        (ours, theirs)
    });
    (offset_fetch::OffsetFetchRequest { groups, require_stable }, theirs.with_groups(their_groups))
}

fn offset_fetch_partition(g: &mut Gen) -> offset_fetch::OffsetFetchPartitionResponse {
    offset_fetch::OffsetFetchPartitionResponse {
        partition_index: g.i32(),
        committed_offset: g.i64(),
        committed_leader_epoch: g.from(5, Gen::i32, -1),
        metadata: g.some(Gen::string),
        error_code: ErrorCode(g.i16()),
    }
}

fn offset_fetch_response(g: &mut Gen) -> (offset_fetch::OffsetFetchResponse, their::OffsetFetchResponse) {
    let throttle_time_ms = g.from(3, Gen::i32, 0);
    let theirs = their::OffsetFetchResponse::default().with_throttle_time_ms(throttle_time_ms);
    if g.version < 8 {
        let (topics, their_topics) = g.pairs(|g| {
            let (partitions, their_partitions) = g.pairs(|g| {
                let ours = offset_fetch_partition(g);
                let theirs = their::offset_fetch_response::OffsetFetchResponsePartition::default()
                    .with_partition_index(ours.partition_index)
                    .with_committed_offset(ours.committed_offset)
                    .with_committed_leader_epoch(ours.committed_leader_epoch)
                    .with_metadata(some_text(ours.metadata.as_ref()))
                    .with_error_code(ours.error_code.0);
                (ours, theirs)
            });
            let name = g.string();
            let theirs = their::offset_fetch_response::OffsetFetchResponseTopic::default()
                .with_name(text(&name).into())
                .with_partitions(their_partitions);
            (offset_fetch::OffsetFetchTopicResponse { name, partitions }, theirs)
        });
        let error_code = ErrorCode(g.from(2, Gen::i16, 0));
        let theirs = theirs.with_topics(their_topics).with_error_code(error_code.0);
        let group = offset_fetch::OffsetFetchGroupResponse { group_id: String::new(), topics, error_code };
        return (offset_fetch::OffsetFetchResponse { throttle_time_ms, groups: vec![group] }, theirs);
    }
    let (groups, their_groups) = g.pairs(|g| {
        let (topics, their_topics) = g.pairs(|g| {
            let (partitions, their_partitions) = g.pairs(|g| {
                let ours = offset_fetch_partition(g);
                let theirs = their::offset_fetch_response::OffsetFetchResponsePartitions::default()
                    .with_partition_index(ours.partition_index)
                    .with_committed_offset(ours.committed_offset)
                    .with_committed_leader_epoch(ours.committed_leader_epoch)
                    .with_metadata(some_text(ours.metadata.as_ref()))
                    .with_error_code(ours.error_code.0);
                (ours, theirs)
            });
            let name = g.string();
            let theirs = their::offset_fetch_response::OffsetFetchResponseTopics::default()
                .with_name(text(&name).into())
                .with_partitions(their_partitions);
            (offset_fetch::OffsetFetchTopicResponse { name, partitions }, theirs)
        });
        let ours =
            offset_fetch::OffsetFetchGroupResponse { group_id: g.string(), topics, error_code: ErrorCode(g.i16()) };
        let theirs = their::offset_fetch_response::OffsetFetchResponseGroup::default()
            .with_group_id(text(&ours.group_id).into())
            .with_topics(their_topics)
            .with_error_code(ours.error_code.0);
        (ours, theirs)
    });
    (offset_fetch::OffsetFetchResponse { throttle_time_ms, groups }, theirs.with_groups(their_groups))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn find_coordinator(seed: u64) {
        check(seed, find_coordinator_request, find_coordinator_response);
    }

    #[test]
    fn offset_commit(seed: u64) {
        check(seed, offset_commit_request, offset_commit_response);
    }

    #[test]
    fn offset_fetch(seed: u64) {
        check(seed, offset_fetch_request, offset_fetch_response);
    }
}
