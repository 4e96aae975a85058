//! CreateTopics, key 19, versions 2-7. There is one replica of everything: this broker's.

use std::collections::BTreeSet;

use kafka_wire::protocol::ErrorCode;
use kafka_wire::protocol::messages::create_topics::{
    CreateTopicsRequest, CreateTopicsResponse, CreatedTopic, CreatedTopicConfig, NewTopic,
};
use kafka_wire::protocol::messages::describe_configs::{SOURCE_DEFAULT, SOURCE_TOPIC};

use crate::core::Core;
use crate::log::Refused;
use crate::topics::TopicConfig;

/// What a topic with all its settings takes in a response, decoded and encoded, beside what was set.
const TOPIC_BYTES: usize = 5 << 10;

pub(super) fn weigh(_core: &Core, request: &mut CreateTopicsRequest) -> usize {
    request.topics.len() * TOPIC_BYTES
}

pub(super) fn answer(core: &Core, request: CreateTopicsRequest, _version: i16) -> CreateTopicsResponse {
    let mut names: Vec<&str> = request.topics.iter().map(|topic| topic.name.as_str()).collect();
    names.sort_unstable();
    let named_twice: BTreeSet<&str> = names.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    let create = |topic: &NewTopic| {
        let created = if named_twice.contains(topic.name.as_str()) {
            Err(Refused::new(ErrorCode::INVALID_REQUEST, "the request names this topic twice"))
        } else {
            create(core, topic, request.validate_only)
        };
        created.unwrap_or_else(|refused| CreatedTopic {
            name: topic.name.clone(),
            error_code: refused.code,
            error_message: Some(refused.why),
            ..CreatedTopic::default()
        })
    };
    CreateTopicsResponse { topics: request.topics.iter().map(create).collect(), throttle_time_ms: 0 }
}

fn create(core: &Core, topic: &NewTopic, validate_only: bool) -> Result<CreatedTopic, Refused> {
    let partitions = partitions(core, topic)?;
    if !matches!(topic.replication_factor, -1 | 1) {
        let why = format!("a single broker can keep 1 replica, not {}", topic.replication_factor);
        return Err(Refused::new(ErrorCode::INVALID_REPLICATION_FACTOR, why));
    }
    let config = TopicConfig::from_request(&topic.configs, core.config.message_max.get())?;
    core.topics.check_new(&topic.name, partitions)?;
    let mut created = CreatedTopic {
        name: topic.name.clone(),
        num_partitions: partitions,
        replication_factor: 1,
        configs: Some(describe(&config)),
        ..CreatedTopic::default()
    };
    if !validate_only {
        created.topic_id = core.topics.create(&topic.name, partitions, config)?.id;
    }
    Ok(created)
}

fn partitions(core: &Core, topic: &NewTopic) -> Result<i32, Refused> {
    if topic.assignments.is_empty() {
        return Ok(if topic.num_partitions == -1 { core.config.default_partitions } else { topic.num_partitions });
    }
    let mut indexes: Vec<i32> = topic.assignments.iter().map(|assignment| assignment.partition_index).collect();
    indexes.sort_unstable();
    let here = topic.assignments.iter().all(|assignment| assignment.broker_ids == [core.config.node_id]);
    if !here || !indexes.iter().copied().eq(0..indexes.len() as i32) || topic.num_partitions != -1 {
        let why = format!("partitions must be numbered from 0 and assigned to broker {} alone", core.config.node_id);
        return Err(Refused::new(ErrorCode::INVALID_REPLICA_ASSIGNMENT, why));
    }
    Ok(indexes.len() as i32)
}

fn describe(config: &TopicConfig) -> Vec<CreatedTopicConfig> {
    let describe = |setting: crate::topics::ConfigValue<'_>| CreatedTopicConfig {
        name: setting.key.name.to_owned(),
        value: Some(setting.value.to_owned()),
        read_only: false,
        config_source: if setting.is_default { SOURCE_DEFAULT } else { SOURCE_TOPIC },
        is_sensitive: false,
    };
    config.all().map(describe).collect()
}
