//! ApiVersions, Metadata, Produce, Fetch, ListOffsets, InitProducerId, OffsetForLeaderEpoch.

use kafka_protocol::messages as their;
use proptest::prelude::*;

use super::*;
use crate::protocol::messages::{
    NodeEndpoint, api_versions, fetch, init_producer_id, list_offsets, metadata, offset_for_leader_epoch, produce,
};

fn api_versions_request(g: &mut Gen) -> (api_versions::ApiVersionsRequest, their::ApiVersionsRequest) {
    let name = g.from(3, Gen::string, String::new());
    let version = g.from(3, Gen::string, String::new());
    let theirs = their::ApiVersionsRequest::default()
        .with_client_software_name(text(&name))
        .with_client_software_version(text(&version));
    (api_versions::ApiVersionsRequest { client_software_name: name, client_software_version: version }, theirs)
}

fn api_versions_response(g: &mut Gen) -> (api_versions::ApiVersionsResponse, their::ApiVersionsResponse) {
    let (api_keys, their_keys) = g.pairs(|g| {
        let (api_key, min_version, max_version) = (g.i16(), g.i16(), g.i16());
        let theirs = their::api_versions_response::ApiVersion::default()
            .with_api_key(api_key)
            .with_min_version(min_version)
            .with_max_version(max_version);
        (api_versions::ApiVersion { api_key, min_version, max_version }, theirs)
    });
    let features = g.version >= 3;
    let (supported_features, their_supported) = g.when(
        features,
        |g| {
            g.pairs(|g| {
                let (name, min_version, max_version) = (g.string(), g.i16(), g.i16());
                let theirs = their::api_versions_response::SupportedFeatureKey::default()
                    .with_name(text(&name))
                    .with_min_version(min_version)
                    .with_max_version(max_version);
                (api_versions::SupportedFeature { name, min_version, max_version }, theirs)
            })
        },
        Default::default(),
    );
    let (finalized_features, their_finalized) = g.when(
        features,
        |g| {
            g.pairs(|g| {
                let (name, max_version_level, min_version_level) = (g.string(), g.i16(), g.i16());
                let theirs = their::api_versions_response::FinalizedFeatureKey::default()
                    .with_name(text(&name))
                    .with_min_version_level(min_version_level)
                    .with_max_version_level(max_version_level);
                (api_versions::FinalizedFeature { name, max_version_level, min_version_level }, theirs)
            })
        },
        Default::default(),
    );
    let ours = api_versions::ApiVersionsResponse {
        error_code: ErrorCode(g.i16()),
        api_keys,
        throttle_time_ms: g.from(1, Gen::i32, 0),
        supported_features,
        finalized_features_epoch: g.from(3, Gen::i64, -1),
        finalized_features,
    };
    let theirs = their::ApiVersionsResponse::default()
        .with_error_code(ours.error_code.0)
        .with_api_keys(their_keys)
        .with_throttle_time_ms(ours.throttle_time_ms)
        .with_supported_features(their_supported)
        .with_finalized_features_epoch(ours.finalized_features_epoch)
        .with_finalized_features(their_finalized);
    (ours, theirs)
}

fn metadata_request(g: &mut Gen) -> (metadata::MetadataRequest, their::MetadataRequest) {
    let (mut topics, their_topics) = g.pairs(|g| {
        let topic_id = g.from(10, Gen::id, TopicId::NONE);
        let name = if g.version >= 10 { g.some(Gen::string) } else { Some(g.string()) };
        let theirs = their::metadata_request::MetadataRequestTopic::default()
            .with_topic_id(uuid_text(topic_id).parse().unwrap())
            .with_name(some_text(name.as_ref()).map(Into::into));
        (metadata::MetadataRequestTopic { topic_id, name }, theirs)
    });
    let all = g.version >= 1 && g.bool();
    let their_topics = (!all).then_some(their_topics);
    // In version 0 an empty list is how one asks for all.
    let ours_all = all || (g.version == 0 && topics.is_empty());
    let operations = (8..=10).contains(&g.version);
    let ours = metadata::MetadataRequest {
        topics: (!ours_all).then(|| std::mem::take(&mut topics)),
        allow_auto_topic_creation: g.from(4, Gen::bool, true),
        include_cluster_authorized_operations: g.when(operations, Gen::bool, false),
        include_topic_authorized_operations: g.from(8, Gen::bool, false),
    };
    let theirs = their::MetadataRequest::default()
        .with_topics(their_topics)
        .with_allow_auto_topic_creation(ours.allow_auto_topic_creation)
        .with_include_cluster_authorized_operations(ours.include_cluster_authorized_operations)
        .with_include_topic_authorized_operations(ours.include_topic_authorized_operations);
    (ours, theirs)
}

fn brokers(ids: &[i32]) -> Vec<their::BrokerId> {
    ids.iter().map(|id| their::BrokerId(*id)).collect()
}

fn metadata_partition(
    g: &mut Gen,
) -> (metadata::MetadataPartition, their::metadata_response::MetadataResponsePartition) {
    let ours = metadata::MetadataPartition {
        error_code: ErrorCode(g.i16()),
        partition_index: g.i32(),
        leader_id: g.i32(),
        leader_epoch: g.from(7, Gen::i32, -1),
        replica_nodes: g.ints(),
        isr_nodes: g.ints(),
        offline_replicas: g.from(5, Gen::ints, Vec::new()),
    };
    let theirs = their::metadata_response::MetadataResponsePartition::default()
        .with_error_code(ours.error_code.0)
        .with_partition_index(ours.partition_index)
        .with_leader_id(ours.leader_id.into())
        .with_leader_epoch(ours.leader_epoch)
        .with_replica_nodes(brokers(&ours.replica_nodes))
        .with_isr_nodes(brokers(&ours.isr_nodes))
        .with_offline_replicas(brokers(&ours.offline_replicas));
    (ours, theirs)
}

fn metadata_response(g: &mut Gen) -> (metadata::MetadataResponse, their::MetadataResponse) {
    let (nodes, their_nodes) = g.pairs(|g| {
        let ours = metadata::MetadataBroker {
            node_id: g.i32(),
            host: g.string(),
            port: g.i32(),
            rack: g.from(1, |g| g.some(Gen::string), None),
        };
        let theirs = their::metadata_response::MetadataResponseBroker::default()
            .with_node_id(ours.node_id.into())
            .with_host(text(&ours.host))
            .with_port(ours.port)
            .with_rack(some_text(ours.rack.as_ref()));
        (ours, theirs)
    });
    let (topics, their_topics) = g.pairs(|g| {
        let (partitions, their_partitions) = g.pairs(metadata_partition);
        let ours = metadata::MetadataTopic {
            error_code: ErrorCode(g.i16()),
            name: if g.version >= 12 { g.some(Gen::string) } else { Some(g.string()) },
            topic_id: g.from(10, Gen::id, TopicId::NONE),
            is_internal: g.from(1, Gen::bool, false),
            partitions,
            topic_authorized_operations: g.from(8, Gen::i32, i32::MIN),
        };
        let theirs = their::metadata_response::MetadataResponseTopic::default()
            .with_error_code(ours.error_code.0)
            .with_name(some_text(ours.name.as_ref()).map(Into::into))
            .with_topic_id(uuid_text(ours.topic_id).parse().unwrap())
            .with_is_internal(ours.is_internal)
            .with_partitions(their_partitions)
            .with_topic_authorized_operations(ours.topic_authorized_operations);
        (ours, theirs)
    });
    let operations = (8..=10).contains(&g.version);
    let ours = metadata::MetadataResponse {
        throttle_time_ms: g.from(3, Gen::i32, 0),
        brokers: nodes,
        cluster_id: g.from(2, |g| g.some(Gen::string), None),
        controller_id: g.from(1, Gen::i32, -1),
        topics,
        cluster_authorized_operations: g.when(operations, Gen::i32, i32::MIN),
        error_code: ErrorCode(g.from(13, Gen::i16, 0)),
    };
    let theirs = their::MetadataResponse::default()
        .with_throttle_time_ms(ours.throttle_time_ms)
        .with_brokers(their_nodes)
        .with_cluster_id(some_text(ours.cluster_id.as_ref()))
        .with_controller_id(ours.controller_id.into())
        .with_topics(their_topics)
        .with_cluster_authorized_operations(ours.cluster_authorized_operations)
        .with_error_code(ours.error_code.0);
    (ours, theirs)
}

fn produce_request(g: &mut Gen) -> (produce::ProduceRequest, their::ProduceRequest) {
    let (topics, their_topics) = g.pairs(|g| {
        let (partitions, their_partitions) = g.pairs(|g| {
            let (index, records) = (g.i32(), g.some(Gen::bytes));
            let theirs =
                their::produce_request::PartitionProduceData::default().with_index(index).with_records(records.clone());
            (produce::ProducePartition { index, records }, theirs)
        });
        let name = g.string();
        let theirs = their::produce_request::TopicProduceData::default()
            .with_name(text(&name).into())
            .with_partition_data(their_partitions);
        (produce::ProduceTopic { name, partitions }, theirs)
    });
    let ours =
        produce::ProduceRequest { transactional_id: g.some(Gen::string), acks: g.i16(), timeout_ms: g.i32(), topics };
    let theirs = their::ProduceRequest::default()
        .with_transactional_id(some_text(ours.transactional_id.as_ref()).map(Into::into))
        .with_acks(ours.acks)
        .with_timeout_ms(ours.timeout_ms)
        .with_topic_data(their_topics);
    (ours, theirs)
}

fn leader(g: &mut Gen, since: i16) -> produce::CurrentLeader {
    produce::CurrentLeader { leader_id: g.from(since, Gen::i32, -1), leader_epoch: g.from(since, Gen::i32, -1) }
}

fn produce_partition_response(
    g: &mut Gen,
) -> (produce::ProducePartitionResponse, their::produce_response::PartitionProduceResponse) {
    let (record_errors, their_errors) = g.from(
        8,
        |g| {
            g.pairs(|g| {
                let (batch_index, message) = (g.i32(), g.some(Gen::string));
                let theirs = their::produce_response::BatchIndexAndErrorMessage::default()
                    .with_batch_index(batch_index)
                    .with_batch_index_error_message(some_text(message.as_ref()));
                (produce::RecordError { batch_index, message }, theirs)
            })
        },
        Default::default(),
    );
    let ours = produce::ProducePartitionResponse {
        index: g.i32(),
        error_code: ErrorCode(g.i16()),
        base_offset: g.i64(),
        log_append_time_ms: g.i64(),
        log_start_offset: g.from(5, Gen::i64, -1),
        record_errors,
        error_message: g.from(8, |g| g.some(Gen::string), None),
        current_leader: leader(g, 10),
    };
    let their_leader = their::produce_response::LeaderIdAndEpoch::default()
        .with_leader_id(ours.current_leader.leader_id.into())
        .with_leader_epoch(ours.current_leader.leader_epoch);
    let theirs = their::produce_response::PartitionProduceResponse::default()
        .with_index(ours.index)
        .with_error_code(ours.error_code.0)
        .with_base_offset(ours.base_offset)
        .with_log_append_time_ms(ours.log_append_time_ms)
        .with_log_start_offset(ours.log_start_offset)
        .with_record_errors(their_errors)
        .with_error_message(some_text(ours.error_message.as_ref()))
        .with_current_leader(their_leader);
    (ours, theirs)
}

fn produce_response(g: &mut Gen) -> (produce::ProduceResponse, their::ProduceResponse) {
    let (topics, their_topics) = g.pairs(|g| {
        let (partitions, their_partitions) = g.pairs(produce_partition_response);
        let name = g.string();
        let theirs = their::produce_response::TopicProduceResponse::default()
            .with_name(text(&name).into())
            .with_partition_responses(their_partitions);
        (produce::ProduceTopicResponse { name, partitions }, theirs)
    });
    let (node_endpoints, their_endpoints) = g.from(
        10,
        |g| {
            g.pairs(|g| {
                let ours = endpoint(g);
                let theirs = their::produce_response::NodeEndpoint::default()
                    .with_node_id(ours.node_id.into())
                    .with_host(text(&ours.host))
                    .with_port(ours.port)
                    .with_rack(some_text(ours.rack.as_ref()));
                (ours, theirs)
            })
        },
        Default::default(),
    );
    let ours = produce::ProduceResponse { topics, throttle_time_ms: g.i32(), node_endpoints };
    let theirs = their::ProduceResponse::default()
        .with_responses(their_topics)
        .with_throttle_time_ms(ours.throttle_time_ms)
        .with_node_endpoints(their_endpoints);
    (ours, theirs)
}

fn endpoint(g: &mut Gen) -> NodeEndpoint {
    NodeEndpoint { node_id: g.i32(), host: g.string(), port: g.i32(), rack: g.some(Gen::string) }
}

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
        current_leader: leader(g, 12),
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
                let ours = endpoint(g);
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

fn init_producer_id_request(g: &mut Gen) -> (init_producer_id::InitProducerIdRequest, their::InitProducerIdRequest) {
    let ours = init_producer_id::InitProducerIdRequest {
        transactional_id: g.some(Gen::string),
        transaction_timeout_ms: g.i32(),
        producer_id: g.from(3, Gen::i64, -1),
        producer_epoch: g.from(3, Gen::i16, -1),
    };
    let theirs = their::InitProducerIdRequest::default()
        .with_transactional_id(some_text(ours.transactional_id.as_ref()).map(Into::into))
        .with_transaction_timeout_ms(ours.transaction_timeout_ms)
        .with_producer_id(ours.producer_id.into())
        .with_producer_epoch(ours.producer_epoch);
    (ours, theirs)
}

fn init_producer_id_response(g: &mut Gen) -> (init_producer_id::InitProducerIdResponse, their::InitProducerIdResponse) {
    let ours = init_producer_id::InitProducerIdResponse {
        throttle_time_ms: g.i32(),
        error_code: ErrorCode(g.i16()),
        producer_id: g.i64(),
        producer_epoch: g.i16(),
    };
    let theirs = their::InitProducerIdResponse::default()
        .with_throttle_time_ms(ours.throttle_time_ms)
        .with_error_code(ours.error_code.0)
        .with_producer_id(ours.producer_id.into())
        .with_producer_epoch(ours.producer_epoch);
    (ours, theirs)
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
    fn api_versions(seed: u64) {
        check(seed, api_versions_request, api_versions_response);
    }

    #[test]
    fn metadata(seed: u64) {
        check(seed, metadata_request, metadata_response);
    }

    #[test]
    fn produce(seed: u64) {
        check(seed, produce_request, produce_response);
    }

    #[test]
    fn fetch(seed: u64) {
        check(seed, fetch_request, fetch_response);
    }

    #[test]
    fn list_offsets(seed: u64) {
        check(seed, list_offsets_request, list_offsets_response);
    }

    #[test]
    fn init_producer_id(seed: u64) {
        check(seed, init_producer_id_request, init_producer_id_response);
    }

    #[test]
    fn offset_for_leader_epoch(seed: u64) {
        check(seed, leader_epoch_request, leader_epoch_response);
    }
}
