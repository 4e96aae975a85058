//! DescribeConfigs, key 32, versions 1-4, of topics and of this broker.

use kafka_wire::protocol::ErrorCode;
use kafka_wire::protocol::messages::describe_configs::{
    ConfigEntry, ConfigResource, ConfigResourceResult, DescribeConfigsRequest, DescribeConfigsResponse,
    RESOURCE_BROKER, RESOURCE_TOPIC, SOURCE_DEFAULT, SOURCE_STATIC_BROKER, SOURCE_TOPIC,
};

use crate::core::Core;
use crate::log::Refused;
use crate::topics::{ConfigValue, unknown_topic};

/// What all settings of a resource take in a response, decoded and encoded, beside the values that were set.
const RESOURCE_BYTES: usize = 8 << 10;

pub(super) fn weigh(core: &Core, request: &mut DescribeConfigsRequest) -> usize {
    fn key(resource: &ConfigResource) -> (i8, &str) {
        (resource.resource_type, &resource.resource_name)
    }
    request.resources.sort_unstable_by(|a, b| key(a).cmp(&key(b)));
    request.resources.dedup_by(|a, b| key(a) == key(b));
    let weigh = |resource: &ConfigResource| match resource.resource_type {
        RESOURCE_TOPIC => core.topics.by_name(&resource.resource_name).map_or(0, |topic| {
            RESOURCE_BYTES + topic.config.overrides().map(|(_, value)| 3 * value.len()).sum::<usize>()
        }),
        RESOURCE_BROKER => RESOURCE_BYTES,
        _ => 0,
    };
    request.resources.iter().map(weigh).sum()
}

pub(super) fn answer(core: &Core, request: DescribeConfigsRequest, _version: i16) -> DescribeConfigsResponse {
    let describe = |resource: ConfigResource| {
        let (error_code, error_message, configs) = match describe(core, &resource) {
            Ok(configs) => (ErrorCode::NONE, None, configs),
            Err(refused) => (refused.code, Some(refused.why), Vec::new()),
        };
        let ConfigResource { resource_type, resource_name, .. } = resource;
        ConfigResourceResult { error_code, error_message, resource_type, resource_name, configs }
    };
    DescribeConfigsResponse { results: request.resources.into_iter().map(describe).collect(), throttle_time_ms: 0 }
}

fn describe(core: &Core, resource: &ConfigResource) -> Result<Vec<ConfigEntry>, Refused> {
    let name = &resource.resource_name;
    let all: Vec<ConfigEntry> = match resource.resource_type {
        RESOURCE_TOPIC => {
            let topic = core.topics.by_name(name).ok_or_else(|| unknown_topic(name))?;
            topic.config.all().map(of_topic).collect()
        }
        RESOURCE_BROKER if name.is_empty() || *name == core.config.node_id.to_string() => of_broker(core),
        RESOURCE_BROKER => {
            let why = format!("this is broker {}, not '{}'", core.config.node_id, name.escape_debug());
            return Err(Refused::new(ErrorCode::INVALID_REQUEST, why));
        }
        other => {
            return Err(Refused::new(
                ErrorCode::INVALID_REQUEST,
                format!("resources of type {other} have no settings"),
            ));
        }
    };
    let wanted =
        |entry: &ConfigEntry| resource.configuration_keys.as_ref().is_none_or(|keys| keys.contains(&entry.name));
    Ok(all.into_iter().filter(wanted).collect())
}

fn of_topic(setting: ConfigValue<'_>) -> ConfigEntry {
    ConfigEntry {
        name: setting.key.name.to_owned(),
        value: Some(setting.value.to_owned()),
        config_source: if setting.is_default { SOURCE_DEFAULT } else { SOURCE_TOPIC },
        config_type: setting.key.type_code(),
        ..ConfigEntry::default()
    }
}

fn of_broker(core: &Core) -> Vec<ConfigEntry> {
    let config = &core.config;
    let settings = [
        ("auto.create.topics.enable", config.auto_create_topics.to_string(), 1),
        ("log.dirs", config.data.display().to_string(), 7),
        ("message.max.bytes", config.message_max.get().to_string(), 3),
        ("node.id", config.node_id.to_string(), 3),
        ("num.partitions", config.default_partitions.to_string(), 3),
        ("socket.request.max.bytes", config.request_max.get().to_string(), 3),
    ];
    let entry = |(name, value, config_type): (&str, String, i8)| ConfigEntry {
        name: name.to_owned(),
        value: Some(value),
        read_only: true,
        config_source: SOURCE_STATIC_BROKER,
        config_type,
        ..ConfigEntry::default()
    };
    settings.map(entry).to_vec()
}
