//! ApiVersions, Metadata.

use kafka_protocol::messages as their;
use proptest::prelude::*;

use super::*;
use crate::protocol::messages::{api_versions, metadata};

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
}
