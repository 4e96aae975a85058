//! CreateTopics, key 19, versions 2-7. Flexible from 5.
//!
//! 4: partitions and replication factor may be -1, the broker's defaults (KIP-464). 5: the created topic's settings
//! (KIP-525). 6: throttling errors (KIP-599). 7: topic ids (KIP-516).

use std::ops::RangeInclusive;

use crate::protocol::{ApiKey, Decode, Encode, ErrorCode, Reader, Request, TaggedField, TopicId, WireError, Writer};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateTopicsRequest {
    pub topics: Vec<NewTopic>,
    pub timeout_ms: i32,
    pub validate_only: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTopic {
    pub name: String,
    /// -1 is the broker's default (4+), or as many as there are assignments.
    pub num_partitions: i32,
    /// -1 is the broker's default (4+).
    pub replication_factor: i16,
    pub assignments: Vec<ReplicaAssignment>,
    pub configs: Vec<TopicConfig>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplicaAssignment {
    pub partition_index: i32,
    pub broker_ids: Vec<i32>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopicConfig {
    pub name: String,
    pub value: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CreateTopicsResponse {
    pub throttle_time_ms: i32,
    pub topics: Vec<CreatedTopic>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatedTopic {
    pub name: String,
    /// 7+.
    pub topic_id: TopicId,
    pub error_code: ErrorCode,
    pub error_message: Option<String>,
    /// 5+, tag 0: why the settings are not shown.
    pub topic_config_error_code: ErrorCode,
    /// 5+.
    pub num_partitions: i32,
    /// 5+.
    pub replication_factor: i16,
    /// 5+.
    pub configs: Option<Vec<CreatedTopicConfig>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatedTopicConfig {
    pub name: String,
    pub value: Option<String>,
    pub read_only: bool,
    /// As in DescribeConfigs.
    pub config_source: i8,
    pub is_sensitive: bool,
}

impl Default for CreateTopicsRequest {
    fn default() -> Self {
        Self { topics: Vec::new(), timeout_ms: 60_000, validate_only: false }
    }
}

impl Default for NewTopic {
    fn default() -> Self {
        Self {
            name: String::new(),
            num_partitions: -1,
            replication_factor: -1,
            assignments: Vec::new(),
            configs: Vec::new(),
        }
    }
}

impl Default for CreatedTopic {
    fn default() -> Self {
        Self {
            name: String::new(),
            topic_id: TopicId::NONE,
            error_code: ErrorCode::NONE,
            error_message: None,
            topic_config_error_code: ErrorCode::NONE,
            num_partitions: -1,
            replication_factor: -1,
            configs: Some(Vec::new()),
        }
    }
}

impl Default for CreatedTopicConfig {
    fn default() -> Self {
        Self { name: String::new(), value: None, read_only: false, config_source: -1, is_sensitive: false }
    }
}

impl Request for CreateTopicsRequest {
    const KEY: ApiKey = ApiKey::CreateTopics;
    const VERSIONS: RangeInclusive<i16> = 2..=7;
    type Response = CreateTopicsResponse;
}

impl Encode for CreateTopicsRequest {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.array(&self.topics, version);
        to.i32(self.timeout_ms);
        to.bool(self.validate_only);
        to.end_struct();
    }
}

impl Decode for CreateTopicsRequest {
    const MIN_SIZE: usize = 6;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let request = Self { topics: from.array(version)?, timeout_ms: from.i32()?, validate_only: from.bool()? };
        from.end_struct()?;
        Ok(request)
    }
}

impl Encode for NewTopic {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.string(&self.name);
        to.i32(self.num_partitions);
        to.i16(self.replication_factor);
        to.array(&self.assignments, version);
        to.array(&self.configs, version);
        to.end_struct();
    }
}

impl Decode for NewTopic {
    const MIN_SIZE: usize = 10;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let topic = Self {
            name: from.string()?,
            num_partitions: from.i32()?,
            replication_factor: from.i16()?,
            assignments: from.array(version)?,
            configs: from.array(version)?,
        };
        from.end_struct()?;
        Ok(topic)
    }
}

impl Encode for ReplicaAssignment {
    fn encode(&self, to: &mut Writer, _version: i16) {
        to.i32(self.partition_index);
        to.i32_array(&self.broker_ids);
        to.end_struct();
    }
}

impl Decode for ReplicaAssignment {
    const MIN_SIZE: usize = 6;

    fn decode(from: &mut Reader, _version: i16) -> Result<Self, WireError> {
        let assignment = Self { partition_index: from.i32()?, broker_ids: from.i32_array()? };
        from.end_struct()?;
        Ok(assignment)
    }
}

impl Encode for TopicConfig {
    fn encode(&self, to: &mut Writer, _version: i16) {
        to.string(&self.name);
        to.nullable_string(self.value.as_deref());
        to.end_struct();
    }
}

impl Decode for TopicConfig {
    const MIN_SIZE: usize = 3;

    fn decode(from: &mut Reader, _version: i16) -> Result<Self, WireError> {
        let config = Self { name: from.string()?, value: from.nullable_string()? };
        from.end_struct()?;
        Ok(config)
    }
}

impl Encode for CreateTopicsResponse {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.i32(self.throttle_time_ms);
        to.array(&self.topics, version);
        to.end_struct();
    }
}

impl Decode for CreateTopicsResponse {
    const MIN_SIZE: usize = 5;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let response = Self { throttle_time_ms: from.i32()?, topics: from.array(version)? };
        from.end_struct()?;
        Ok(response)
    }
}

impl Encode for CreatedTopic {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.string(&self.name);
        if version >= 7 {
            to.topic_id(self.topic_id);
        }
        to.i16(self.error_code.0);
        to.nullable_string(self.error_message.as_deref());
        if version >= 5 {
            to.i32(self.num_partitions);
            to.i16(self.replication_factor);
            to.nullable_array(self.configs.as_deref(), version);
        }
        let mut tagged = Vec::new();
        if !self.topic_config_error_code.is_ok() {
            tagged.push(TaggedField::new(0, |to| to.i16(self.topic_config_error_code.0)));
        }
        to.tagged_fields(tagged);
    }
}

impl Decode for CreatedTopic {
    const MIN_SIZE: usize = 6;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let mut topic = Self {
            name: from.string()?,
            topic_id: if version >= 7 { from.topic_id()? } else { TopicId::NONE },
            error_code: ErrorCode(from.i16()?),
            error_message: from.nullable_string()?,
            topic_config_error_code: ErrorCode::NONE,
            num_partitions: if version >= 5 { from.i32()? } else { -1 },
            replication_factor: if version >= 5 { from.i16()? } else { -1 },
            configs: if version >= 5 { from.nullable_array(version)? } else { Some(Vec::new()) },
        };
        from.tagged_fields(|tag, field| {
            if tag != 0 {
                return Ok(false);
            }
            topic.topic_config_error_code = ErrorCode(field.i16()?);
            Ok(true)
        })?;
        Ok(topic)
    }
}

impl Encode for CreatedTopicConfig {
    fn encode(&self, to: &mut Writer, _version: i16) {
        to.string(&self.name);
        to.nullable_string(self.value.as_deref());
        to.bool(self.read_only);
        to.i8(self.config_source);
        to.bool(self.is_sensitive);
        to.end_struct();
    }
}

impl Decode for CreatedTopicConfig {
    const MIN_SIZE: usize = 6;

    fn decode(from: &mut Reader, _version: i16) -> Result<Self, WireError> {
        let config = Self {
            name: from.string()?,
            value: from.nullable_string()?,
            read_only: from.bool()?,
            config_source: from.i8()?,
            is_sensitive: from.bool()?,
        };
        from.end_struct()?;
        Ok(config)
    }
}
