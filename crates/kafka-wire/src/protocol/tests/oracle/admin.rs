//! CreateTopics, DeleteTopics, DescribeConfigs, CreatePartitions, DeleteRecords, DescribeCluster.

use kafka_protocol::messages as their;
use proptest::prelude::*;

use super::*;
use crate::protocol::messages::{
    create_partitions, create_topics, delete_records, delete_topics, describe_cluster, describe_configs,
};

fn brokers(ids: &[i32]) -> Vec<their::BrokerId> {
    ids.iter().map(|id| their::BrokerId(*id)).collect()
}

fn create_topics_request(g: &mut Gen) -> (create_topics::CreateTopicsRequest, their::CreateTopicsRequest) {
    let (topics, their_topics) = g.pairs(|g| {
        let (assignments, their_assignments) = g.pairs(|g| {
            let (partition_index, broker_ids) = (g.i32(), g.ints());
            let theirs = their::create_topics_request::CreatableReplicaAssignment::default()
                .with_partition_index(partition_index)
                .with_broker_ids(brokers(&broker_ids));
            (create_topics::ReplicaAssignment { partition_index, broker_ids }, theirs)
        });
        let (configs, their_configs) = g.pairs(|g| {
            let (name, value) = (g.string(), g.some(Gen::string));
            let theirs = their::create_topics_request::CreatableTopicConfig::default()
                .with_name(text(&name))
                .with_value(some_text(value.as_ref()));
            (create_topics::TopicConfig { name, value }, theirs)
        });
        let ours = create_topics::NewTopic {
            name: g.string(),
            num_partitions: g.i32(),
            replication_factor: g.i16(),
            assignments,
            configs,
        };
        let theirs = their::create_topics_request::CreatableTopic::default()
            .with_name(text(&ours.name).into())
            .with_num_partitions(ours.num_partitions)
            .with_replication_factor(ours.replication_factor)
            .with_assignments(their_assignments)
            .with_configs(their_configs);
        (ours, theirs)
    });
    let (timeout_ms, validate_only) = (g.i32(), g.bool());
    let theirs = their::CreateTopicsRequest::default()
        .with_topics(their_topics)
        .with_timeout_ms(timeout_ms)
        .with_validate_only(validate_only);
    (create_topics::CreateTopicsRequest { topics, timeout_ms, validate_only }, theirs)
}

fn created_topic(g: &mut Gen) -> (create_topics::CreatedTopic, their::create_topics_response::CreatableTopicResult) {
    let (configs, their_configs) = g.from(
        5,
        |g| {
            g.pairs(|g| {
                let ours = create_topics::CreatedTopicConfig {
                    name: g.string(),
                    value: g.some(Gen::string),
                    read_only: g.bool(),
                    config_source: g.i8(),
                    is_sensitive: g.bool(),
                };
                let theirs = their::create_topics_response::CreatableTopicConfigs::default()
                    .with_name(text(&ours.name))
                    .with_value(some_text(ours.value.as_ref()))
                    .with_read_only(ours.read_only)
                    .with_config_source(ours.config_source)
                    .with_is_sensitive(ours.is_sensitive);
                (ours, theirs)
            })
        },
        Default::default(),
    );
    let shown = g.version < 5 || g.bool();
    let ours = create_topics::CreatedTopic {
        name: g.string(),
        topic_id: g.from(7, Gen::id, TopicId::NONE),
        error_code: ErrorCode(g.i16()),
        error_message: g.some(Gen::string),
        topic_config_error_code: ErrorCode(g.from(5, Gen::i16, 0)),
        num_partitions: g.from(5, Gen::i32, -1),
        replication_factor: g.from(5, Gen::i16, -1),
        configs: shown.then_some(configs),
    };
    let theirs = their::create_topics_response::CreatableTopicResult::default()
        .with_name(text(&ours.name).into())
        .with_topic_id(uuid_text(ours.topic_id).parse().unwrap())
        .with_error_code(ours.error_code.0)
        .with_error_message(some_text(ours.error_message.as_ref()))
        .with_topic_config_error_code(ours.topic_config_error_code.0)
        .with_num_partitions(ours.num_partitions)
        .with_replication_factor(ours.replication_factor)
        .with_configs(shown.then_some(their_configs));
    (ours, theirs)
}

fn create_topics_response(g: &mut Gen) -> (create_topics::CreateTopicsResponse, their::CreateTopicsResponse) {
    let (topics, their_topics) = g.pairs(created_topic);
    let throttle_time_ms = g.i32();
    let theirs =
        their::CreateTopicsResponse::default().with_throttle_time_ms(throttle_time_ms).with_topics(their_topics);
    (create_topics::CreateTopicsResponse { throttle_time_ms, topics }, theirs)
}

fn delete_topics_request(g: &mut Gen) -> (delete_topics::DeleteTopicsRequest, their::DeleteTopicsRequest) {
    let timeout_ms = g.i32();
    let theirs = their::DeleteTopicsRequest::default().with_timeout_ms(timeout_ms);
    let (topics, their_states) = g.pairs(|g| {
        let name = if g.version >= 6 { g.some(Gen::string) } else { Some(g.string()) };
        let topic_id = g.from(6, Gen::id, TopicId::NONE);
        let theirs = their::delete_topics_request::DeleteTopicState::default()
            .with_name(some_text(name.as_ref()).map(Into::into))
            .with_topic_id(uuid_text(topic_id).parse().unwrap());
        (delete_topics::DeleteTopic { name, topic_id }, theirs)
    });
    let theirs = if g.version >= 6 {
        theirs.with_topics(their_states)
    } else {
        theirs.with_topic_names(their_states.into_iter().filter_map(|state| state.name).collect())
    };
    (delete_topics::DeleteTopicsRequest { topics, timeout_ms }, theirs)
}

fn delete_topics_response(g: &mut Gen) -> (delete_topics::DeleteTopicsResponse, their::DeleteTopicsResponse) {
    let (topics, their_topics) = g.pairs(|g| {
        let ours = delete_topics::DeletedTopic {
            name: if g.version >= 6 { g.some(Gen::string) } else { Some(g.string()) },
            topic_id: g.from(6, Gen::id, TopicId::NONE),
            error_code: ErrorCode(g.i16()),
            error_message: g.from(5, |g| g.some(Gen::string), None),
        };
        let theirs = their::delete_topics_response::DeletableTopicResult::default()
            .with_name(some_text(ours.name.as_ref()).map(Into::into))
            .with_topic_id(uuid_text(ours.topic_id).parse().unwrap())
            .with_error_code(ours.error_code.0)
            .with_error_message(some_text(ours.error_message.as_ref()));
        (ours, theirs)
    });
    let throttle_time_ms = g.i32();
    let theirs =
        their::DeleteTopicsResponse::default().with_throttle_time_ms(throttle_time_ms).with_responses(their_topics);
    (delete_topics::DeleteTopicsResponse { throttle_time_ms, topics }, theirs)
}

fn describe_configs_request(g: &mut Gen) -> (describe_configs::DescribeConfigsRequest, their::DescribeConfigsRequest) {
    let (resources, their_resources) = g.pairs(|g| {
        let (keys, their_keys) = g.pairs(|g| {
            let key = g.string();
            let theirs = text(&key);
            (key, theirs)
        });
        let named = g.bool();
        let ours = describe_configs::ConfigResource {
            resource_type: g.i8(),
            resource_name: g.string(),
            configuration_keys: named.then_some(keys),
        };
        let theirs = their::describe_configs_request::DescribeConfigsResource::default()
            .with_resource_type(ours.resource_type)
            .with_resource_name(text(&ours.resource_name))
            .with_configuration_keys(named.then_some(their_keys));
        (ours, theirs)
    });
    let ours = describe_configs::DescribeConfigsRequest {
        resources,
        include_synonyms: g.bool(),
        include_documentation: g.from(3, Gen::bool, false),
    };
    let theirs = their::DescribeConfigsRequest::default()
        .with_resources(their_resources)
        .with_include_synonyms(ours.include_synonyms)
        .with_include_documentation(ours.include_documentation);
    (ours, theirs)
}

fn config_entry(
    g: &mut Gen,
) -> (describe_configs::ConfigEntry, their::describe_configs_response::DescribeConfigsResourceResult) {
    let (synonyms, their_synonyms) = g.pairs(|g| {
        let ours = describe_configs::ConfigSynonym { name: g.string(), value: g.some(Gen::string), source: g.i8() };
        let theirs = their::describe_configs_response::DescribeConfigsSynonym::default()
            .with_name(text(&ours.name))
            .with_value(some_text(ours.value.as_ref()))
            .with_source(ours.source);
        (ours, theirs)
    });
    let there = g.version >= 3;
    let ours = describe_configs::ConfigEntry {
        name: g.string(),
        value: g.some(Gen::string),
        read_only: g.bool(),
        config_source: g.i8(),
        is_sensitive: g.bool(),
        synonyms,
        config_type: g.when(there, Gen::i8, 0),
        documentation: g.when(there, |g| g.some(Gen::string), None),
    };
    // Where the version has no documentation, theirs is an empty one.
    let documentation = if there { some_text(ours.documentation.as_ref()) } else { Some(text("")) };
    let theirs = their::describe_configs_response::DescribeConfigsResourceResult::default()
        .with_name(text(&ours.name))
        .with_value(some_text(ours.value.as_ref()))
        .with_read_only(ours.read_only)
        .with_config_source(ours.config_source)
        .with_is_sensitive(ours.is_sensitive)
        .with_synonyms(their_synonyms)
        .with_config_type(ours.config_type)
        .with_documentation(documentation);
    (ours, theirs)
}

fn describe_configs_response(
    g: &mut Gen,
) -> (describe_configs::DescribeConfigsResponse, their::DescribeConfigsResponse) {
    let (results, their_results) = g.pairs(|g| {
        let (configs, their_configs) = g.pairs(config_entry);
        let ours = describe_configs::ConfigResourceResult {
            error_code: ErrorCode(g.i16()),
            error_message: g.some(Gen::string),
            resource_type: g.i8(),
            resource_name: g.string(),
            configs,
        };
        let theirs = their::describe_configs_response::DescribeConfigsResult::default()
            .with_error_code(ours.error_code.0)
            .with_error_message(some_text(ours.error_message.as_ref()))
            .with_resource_type(ours.resource_type)
            .with_resource_name(text(&ours.resource_name))
            .with_configs(their_configs);
        (ours, theirs)
    });
    let throttle_time_ms = g.i32();
    let theirs =
        their::DescribeConfigsResponse::default().with_throttle_time_ms(throttle_time_ms).with_results(their_results);
    (describe_configs::DescribeConfigsResponse { throttle_time_ms, results }, theirs)
}

fn create_partitions_request(
    g: &mut Gen,
) -> (create_partitions::CreatePartitionsRequest, their::CreatePartitionsRequest) {
    let (topics, their_topics) = g.pairs(|g| {
        let (assignments, their_assignments) = g.pairs(|g| {
            let broker_ids = g.ints();
            let theirs = their::create_partitions_request::CreatePartitionsAssignment::default()
                .with_broker_ids(brokers(&broker_ids));
            (create_partitions::PartitionAssignment { broker_ids }, theirs)
        });
        let (name, count, assigned) = (g.string(), g.i32(), g.bool());
        let theirs = their::create_partitions_request::CreatePartitionsTopic::default()
            .with_name(text(&name).into())
            .with_count(count)
            .with_assignments(assigned.then_some(their_assignments));
        let assignments = assigned.then_some(assignments);
        (create_partitions::CreatePartitionsTopic { name, count, assignments }, theirs)
    });
    let (timeout_ms, validate_only) = (g.i32(), g.bool());
    let theirs = their::CreatePartitionsRequest::default()
        .with_topics(their_topics)
        .with_timeout_ms(timeout_ms)
        .with_validate_only(validate_only);
    (create_partitions::CreatePartitionsRequest { topics, timeout_ms, validate_only }, theirs)
}

fn create_partitions_response(
    g: &mut Gen,
) -> (create_partitions::CreatePartitionsResponse, their::CreatePartitionsResponse) {
    let (results, their_results) = g.pairs(|g| {
        let (name, error_code, error_message) = (g.string(), ErrorCode(g.i16()), g.some(Gen::string));
        let theirs = their::create_partitions_response::CreatePartitionsTopicResult::default()
            .with_name(text(&name).into())
            .with_error_code(error_code.0)
            .with_error_message(some_text(error_message.as_ref()));
        (create_partitions::CreatePartitionsResult { name, error_code, error_message }, theirs)
    });
    let throttle_time_ms = g.i32();
    let theirs =
        their::CreatePartitionsResponse::default().with_throttle_time_ms(throttle_time_ms).with_results(their_results);
    (create_partitions::CreatePartitionsResponse { throttle_time_ms, results }, theirs)
}

fn delete_records_request(g: &mut Gen) -> (delete_records::DeleteRecordsRequest, their::DeleteRecordsRequest) {
    let (topics, their_topics) = g.pairs(|g| {
        let (partitions, their_partitions) = g.pairs(|g| {
            let (partition_index, offset) = (g.i32(), g.i64());
            let theirs = their::delete_records_request::DeleteRecordsPartition::default()
                .with_partition_index(partition_index)
                .with_offset(offset);
            (delete_records::DeleteRecordsPartition { partition_index, offset }, theirs)
        });
        let name = g.string();
        let theirs = their::delete_records_request::DeleteRecordsTopic::default()
            .with_name(text(&name).into())
            .with_partitions(their_partitions);
        (delete_records::DeleteRecordsTopic { name, partitions }, theirs)
    });
    let timeout_ms = g.i32();
    let theirs = their::DeleteRecordsRequest::default().with_topics(their_topics).with_timeout_ms(timeout_ms);
    (delete_records::DeleteRecordsRequest { topics, timeout_ms }, theirs)
}

fn delete_records_response(g: &mut Gen) -> (delete_records::DeleteRecordsResponse, their::DeleteRecordsResponse) {
    let (topics, their_topics) = g.pairs(|g| {
        let (partitions, their_partitions) = g.pairs(|g| {
            let (partition_index, low_watermark, error_code) = (g.i32(), g.i64(), ErrorCode(g.i16()));
            let theirs = their::delete_records_response::DeleteRecordsPartitionResult::default()
                .with_partition_index(partition_index)
                .with_low_watermark(low_watermark)
                .with_error_code(error_code.0);
            (delete_records::DeleteRecordsPartitionResult { partition_index, low_watermark, error_code }, theirs)
        });
        let name = g.string();
        let theirs = their::delete_records_response::DeleteRecordsTopicResult::default()
            .with_name(text(&name).into())
            .with_partitions(their_partitions);
        (delete_records::DeleteRecordsTopicResult { name, partitions }, theirs)
    });
    let throttle_time_ms = g.i32();
    let theirs =
        their::DeleteRecordsResponse::default().with_throttle_time_ms(throttle_time_ms).with_topics(their_topics);
    (delete_records::DeleteRecordsResponse { throttle_time_ms, topics }, theirs)
}

fn describe_cluster_request(g: &mut Gen) -> (describe_cluster::DescribeClusterRequest, their::DescribeClusterRequest) {
    let ours = describe_cluster::DescribeClusterRequest {
        include_cluster_authorized_operations: g.bool(),
        endpoint_type: g.from(1, Gen::i8, 1),
        include_fenced_brokers: g.from(2, Gen::bool, false),
    };
    let theirs = their::DescribeClusterRequest::default()
        .with_include_cluster_authorized_operations(ours.include_cluster_authorized_operations)
        .with_endpoint_type(ours.endpoint_type)
        .with_include_fenced_brokers(ours.include_fenced_brokers);
    (ours, theirs)
}

fn describe_cluster_response(
    g: &mut Gen,
) -> (describe_cluster::DescribeClusterResponse, their::DescribeClusterResponse) {
    let (nodes, their_nodes) = g.pairs(|g| {
        let ours = describe_cluster::ClusterBroker {
            broker_id: g.i32(),
            host: g.string(),
            port: g.i32(),
            rack: g.some(Gen::string),
            is_fenced: g.from(2, Gen::bool, false),
        };
        let theirs = their::describe_cluster_response::DescribeClusterBroker::default()
            .with_broker_id(ours.broker_id.into())
            .with_host(text(&ours.host))
            .with_port(ours.port)
            .with_rack(some_text(ours.rack.as_ref()))
            .with_is_fenced(ours.is_fenced);
        (ours, theirs)
    });
    let ours = describe_cluster::DescribeClusterResponse {
        throttle_time_ms: g.i32(),
        error_code: ErrorCode(g.i16()),
        error_message: g.some(Gen::string),
        endpoint_type: g.from(1, Gen::i8, 1),
        cluster_id: g.string(),
        controller_id: g.i32(),
        brokers: nodes,
        cluster_authorized_operations: g.i32(),
    };
    let theirs = their::DescribeClusterResponse::default()
        .with_throttle_time_ms(ours.throttle_time_ms)
        .with_error_code(ours.error_code.0)
        .with_error_message(some_text(ours.error_message.as_ref()))
        .with_endpoint_type(ours.endpoint_type)
        .with_cluster_id(text(&ours.cluster_id))
        .with_controller_id(ours.controller_id.into())
        .with_brokers(their_nodes)
        .with_cluster_authorized_operations(ours.cluster_authorized_operations);
    (ours, theirs)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn create_topics(seed: u64) {
        check(seed, create_topics_request, create_topics_response);
    }

    #[test]
    fn delete_topics(seed: u64) {
        check(seed, delete_topics_request, delete_topics_response);
    }

    #[test]
    fn describe_configs(seed: u64) {
        check(seed, describe_configs_request, describe_configs_response);
    }

    #[test]
    fn create_partitions(seed: u64) {
        check(seed, create_partitions_request, create_partitions_response);
    }

    #[test]
    fn delete_records(seed: u64) {
        check(seed, delete_records_request, delete_records_response);
    }

    #[test]
    fn describe_cluster(seed: u64) {
        check(seed, describe_cluster_request, describe_cluster_response);
    }
}
