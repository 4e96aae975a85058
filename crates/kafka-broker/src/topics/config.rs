//! The settings of a topic: Kafka's names, defaults and rules.
//!
//! All of Kafka's settings are accepted, kept and described, so that tools that set them work. What this broker acts on:
//! `cleanup.policy` (only `delete`; compaction is not done yet), `max.message.bytes`, `retention.bytes`, `retention.ms`,
//! `segment.bytes`. A value that would need something else than what the broker does is refused, not ignored.

use std::collections::BTreeMap;

use kafka_wire::protocol::ErrorCode;
use kafka_wire::protocol::messages::create_topics;

use crate::log::{LogSettings, Refused};

/// A setting that a topic may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConfigKey {
    pub(crate) name: &'static str,
    pub(crate) default: &'static str,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Bool,
    Int {
        min: i64,
    },
    Long {
        min: i64,
    },
    Double,
    /// One of these, or a list of them.
    OneOf(&'static [&'static str]),
    ListOf(&'static [&'static str]),
    Text,
}

const fn key(name: &'static str, default: &'static str, kind: Kind) -> ConfigKey {
    ConfigKey { name, default, kind }
}

const LONG_MAX: &str = "9223372036854775807";

/// By name.
const KEYS: [ConfigKey; 24] = [
    key("cleanup.policy", "delete", Kind::ListOf(&["delete", "compact"])),
    key("compression.type", "producer", Kind::OneOf(&["producer"])),
    key("delete.retention.ms", "86400000", Kind::Long { min: 0 }),
    key("file.delete.delay.ms", "60000", Kind::Long { min: 0 }),
    key("flush.messages", "1", Kind::Long { min: 1 }),
    key("flush.ms", "0", Kind::Long { min: 0 }),
    key("follower.replication.throttled.replicas", "", Kind::Text),
    key("index.interval.bytes", "4096", Kind::Int { min: 0 }),
    key("leader.replication.throttled.replicas", "", Kind::Text),
    key("max.compaction.lag.ms", LONG_MAX, Kind::Long { min: 1 }),
    key("max.message.bytes", "1048588", Kind::Int { min: 0 }),
    key("message.timestamp.after.max.ms", LONG_MAX, Kind::Long { min: 0 }),
    key("message.timestamp.before.max.ms", LONG_MAX, Kind::Long { min: 0 }),
    key("message.timestamp.type", "CreateTime", Kind::OneOf(&["CreateTime"])),
    key("min.cleanable.dirty.ratio", "0.5", Kind::Double),
    key("min.compaction.lag.ms", "0", Kind::Long { min: 0 }),
    key("min.insync.replicas", "1", Kind::OneOf(&["1"])),
    key("preallocate", "false", Kind::Bool),
    key("retention.bytes", "-1", Kind::Long { min: -1 }),
    key("retention.ms", "604800000", Kind::Long { min: -1 }),
    key("segment.bytes", "1073741824", Kind::Int { min: 1 << 20 }),
    key("segment.index.bytes", "10485760", Kind::Int { min: 4 }),
    key("segment.ms", "604800000", Kind::Long { min: 1 }),
    key("unclean.leader.election.enable", "false", Kind::Bool),
];

impl ConfigKey {
    pub(crate) fn find(name: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.name == name)
    }

    /// As DescribeConfigs numbers types.
    pub(crate) fn type_code(&self) -> i8 {
        match self.kind {
            Kind::Bool => 1,
            Kind::OneOf(_) | Kind::Text => 2,
            Kind::Int { .. } => 3,
            Kind::Long { .. } => 5,
            Kind::Double => 6,
            Kind::ListOf(_) => 7,
        }
    }

    fn accepts(&self, value: &str) -> bool {
        match self.kind {
            Kind::Bool => matches!(value, "true" | "false"),
            Kind::Int { min } => value.parse::<i32>().is_ok_and(|number| i64::from(number) >= min),
            Kind::Long { min } => value.parse::<i64>().is_ok_and(|number| number >= min),
            Kind::Double => value.parse::<f64>().is_ok_and(|number| (0.0..=1.0).contains(&number)),
            Kind::OneOf(values) => values.contains(&value),
            Kind::ListOf(values) => value.split(',').all(|part| values.contains(&part.trim())),
            Kind::Text => value.len() <= 1024 && !value.chars().any(char::is_control),
        }
    }
}

/// What was set on a topic; everything else has its default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TopicConfig {
    set: BTreeMap<&'static str, String>,
}

/// A setting with where it comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConfigValue<'a> {
    pub(crate) key: &'static ConfigKey,
    pub(crate) value: &'a str,
    pub(crate) is_default: bool,
}

impl TopicConfig {
    /// Takes the settings of a request, or says what is wrong with them.
    pub(crate) fn from_request(configs: &[create_topics::TopicConfig], message_max: u64) -> Result<Self, Refused> {
        let mut config = Self::default();
        for entry in configs {
            let Some(value) = &entry.value else { continue };
            config.set(&entry.name, value)?;
        }
        let asked = config.number("max.message.bytes");
        // The default is no wish: it gives way to a smaller broker.
        if config.set.contains_key("max.message.bytes") && asked > message_max as i64 {
            let why = format!("max.message.bytes is {asked}, and this broker's message.max.bytes is {message_max}");
            return Err(Refused::new(ErrorCode::INVALID_CONFIG, why));
        }
        Ok(config)
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<(), Refused> {
        let Some(key) = ConfigKey::find(name) else {
            let why = format!("there is no topic setting '{}'", name.escape_debug());
            return Err(Refused::new(ErrorCode::INVALID_CONFIG, why));
        };
        if !key.accepts(value) {
            let why = format!("'{}' cannot be '{}' here", key.name, value.escape_debug());
            return Err(Refused::new(ErrorCode::INVALID_CONFIG, why));
        }
        self.set.insert(key.name, value.to_owned());
        Ok(())
    }

    /// Everything that was set, by name.
    pub(crate) fn overrides(&self) -> impl Iterator<Item = (&str, &str)> {
        self.set.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// All settings, by name.
    pub(crate) fn all(&self) -> impl Iterator<Item = ConfigValue<'_>> {
        KEYS.iter().map(|key| match self.set.get(key.name) {
            Some(value) => ConfigValue { key, value, is_default: false },
            None => ConfigValue { key, value: key.default, is_default: true },
        })
    }

    fn text(&self, name: &str) -> &str {
        let default = || ConfigKey::find(name).map_or("", |key| key.default);
        self.set.get(name).map_or_else(default, String::as_str)
    }

    /// `name` is one of the numbers above, checked when it was set.
    fn number(&self, name: &str) -> i64 {
        self.text(name).parse().unwrap_or(-1)
    }

    /// The largest batch that the topic takes.
    pub(crate) fn message_max(&self) -> usize {
        usize::try_from(self.number("max.message.bytes")).unwrap_or(0)
    }

    pub(crate) fn log_settings(&self) -> LogSettings {
        LogSettings {
            segment_bytes: u64::try_from(self.number("segment.bytes")).unwrap_or(u64::MAX),
            retention_bytes: u64::try_from(self.number("retention.bytes")).ok(),
            retention_ms: Some(self.number("retention.ms")).filter(|keep| *keep >= 0),
            deletes: self.text("cleanup.policy").split(',').any(|policy| policy.trim() == "delete"),
        }
    }
}
