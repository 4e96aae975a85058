//! Metadata, key 3, versions 0-13. Flexible from 9.
//!
//! 1: a null list means all topics (in 0 an empty one did), controller, rack, internal topics. 2: cluster id. 3: throttle
//! time. 4: whether to create missing topics. 5: offline replicas. 7: leader epochs (KIP-320). 8: authorized operations
//! (KIP-430; the cluster's moved to DescribeCluster in 11). 10: topic ids (KIP-516); 12: asking by them, without a name.
//! 13: a top-level error (KIP-1102).

use std::ops::RangeInclusive;

use super::OPERATIONS_NOT_ASKED_FOR;
use crate::protocol::{ApiKey, Decode, Encode, ErrorCode, Reader, Request, TopicId, WireError, Writer};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataRequest {
    /// `None` for all topics.
    pub topics: Option<Vec<MetadataRequestTopic>>,
    /// 4+; older versions always allow it.
    pub allow_auto_topic_creation: bool,
    /// 8-10.
    pub include_cluster_authorized_operations: bool,
    /// 8+.
    pub include_topic_authorized_operations: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetadataRequestTopic {
    /// 10+.
    pub topic_id: TopicId,
    /// Must be there before 12.
    pub name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataResponse {
    /// 3+.
    pub throttle_time_ms: i32,
    pub brokers: Vec<MetadataBroker>,
    /// 2+.
    pub cluster_id: Option<String>,
    /// 1+; -1 is unknown.
    pub controller_id: i32,
    pub topics: Vec<MetadataTopic>,
    /// 8-10.
    pub cluster_authorized_operations: i32,
    /// 13+.
    pub error_code: ErrorCode,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetadataBroker {
    pub node_id: i32,
    pub host: String,
    pub port: i32,
    /// 1+.
    pub rack: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataTopic {
    pub error_code: ErrorCode,
    /// `None` only in 12+, for a topic that was asked for by an unknown id.
    pub name: Option<String>,
    /// 10+.
    pub topic_id: TopicId,
    /// 1+.
    pub is_internal: bool,
    pub partitions: Vec<MetadataPartition>,
    /// 8+.
    pub topic_authorized_operations: i32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataPartition {
    pub error_code: ErrorCode,
    pub partition_index: i32,
    /// -1 if there is none.
    pub leader_id: i32,
    /// 7+; -1 is unknown.
    pub leader_epoch: i32,
    pub replica_nodes: Vec<i32>,
    pub isr_nodes: Vec<i32>,
    /// 5+.
    pub offline_replicas: Vec<i32>,
}

impl Default for MetadataRequest {
    fn default() -> Self {
        Self {
            topics: Some(Vec::new()),
            allow_auto_topic_creation: true,
            include_cluster_authorized_operations: false,
            include_topic_authorized_operations: false,
        }
    }
}

impl Default for MetadataResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            brokers: Vec::new(),
            cluster_id: None,
            controller_id: -1,
            topics: Vec::new(),
            cluster_authorized_operations: OPERATIONS_NOT_ASKED_FOR,
            error_code: ErrorCode::NONE,
        }
    }
}

impl Default for MetadataTopic {
    fn default() -> Self {
        Self {
            error_code: ErrorCode::NONE,
            name: Some(String::new()),
            topic_id: TopicId::NONE,
            is_internal: false,
            partitions: Vec::new(),
            topic_authorized_operations: OPERATIONS_NOT_ASKED_FOR,
        }
    }
}

impl Default for MetadataPartition {
    fn default() -> Self {
        Self {
            error_code: ErrorCode::NONE,
            partition_index: 0,
            leader_id: -1,
            leader_epoch: -1,
            replica_nodes: Vec::new(),
            isr_nodes: Vec::new(),
            offline_replicas: Vec::new(),
        }
    }
}

impl Request for MetadataRequest {
    const KEY: ApiKey = ApiKey::Metadata;
    const VERSIONS: RangeInclusive<i16> = 0..=13;
    type Response = MetadataResponse;
}

impl Encode for MetadataRequest {
    fn encode(&self, to: &mut Writer, version: i16) {
        match &self.topics {
            None if version == 0 => to.array::<MetadataRequestTopic>(&[], version),
            Some(topics) if version == 0 && topics.is_empty() => {
                to.refuse(WireError::NotInVersion { what: "an empty list of topics", version });
            }
            topics => to.nullable_array(topics.as_deref(), version),
        }
        if version >= 4 {
            to.bool(self.allow_auto_topic_creation);
        } else if !self.allow_auto_topic_creation {
            to.refuse(WireError::NotInVersion { what: "a ban on creating topics", version });
        }
        if (8..=10).contains(&version) {
            to.bool(self.include_cluster_authorized_operations);
        }
        if version >= 8 {
            to.bool(self.include_topic_authorized_operations);
        }
        to.end_struct();
    }
}

impl Decode for MetadataRequest {
    const MIN_SIZE: usize = 2;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let topics = from.nullable_array(version)?;
        let topics = match topics {
            None if version == 0 => return Err(WireError::UnexpectedNull),
            Some(topics) if version == 0 && topics.is_empty() => None,
            topics => topics,
        };
        let request = Self {
            topics,
            allow_auto_topic_creation: if version >= 4 { from.bool()? } else { true },
            include_cluster_authorized_operations: (8..=10).contains(&version) && from.bool()?,
            include_topic_authorized_operations: version >= 8 && from.bool()?,
        };
        from.end_struct()?;
        Ok(request)
    }
}

impl Encode for MetadataRequestTopic {
    fn encode(&self, to: &mut Writer, version: i16) {
        if version >= 10 {
            to.topic_id(self.topic_id);
        }
        match &self.name {
            None if version < 10 => to.refuse(WireError::NotInVersion { what: "a topic without a name", version }),
            name => to.nullable_string(name.as_deref()),
        }
        to.end_struct();
    }
}

impl Decode for MetadataRequestTopic {
    const MIN_SIZE: usize = 2;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let topic = Self {
            topic_id: if version >= 10 { from.topic_id()? } else { TopicId::NONE },
            name: if version >= 10 { from.nullable_string()? } else { Some(from.string()?) },
        };
        from.end_struct()?;
        Ok(topic)
    }
}

impl Encode for MetadataResponse {
    fn encode(&self, to: &mut Writer, version: i16) {
        if version >= 3 {
            to.i32(self.throttle_time_ms);
        }
        to.array(&self.brokers, version);
        if version >= 2 {
            to.nullable_string(self.cluster_id.as_deref());
        }
        if version >= 1 {
            to.i32(self.controller_id);
        }
        to.array(&self.topics, version);
        if (8..=10).contains(&version) {
            to.i32(self.cluster_authorized_operations);
        }
        if version >= 13 {
            to.i16(self.error_code.0);
        }
        to.end_struct();
    }
}

impl Decode for MetadataResponse {
    const MIN_SIZE: usize = 8;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let response = Self {
            throttle_time_ms: if version >= 3 { from.i32()? } else { 0 },
            brokers: from.array(version)?,
            cluster_id: if version >= 2 { from.nullable_string()? } else { None },
            controller_id: if version >= 1 { from.i32()? } else { -1 },
            topics: from.array(version)?,
            cluster_authorized_operations: match version {
                8..=10 => from.i32()?,
                _ => OPERATIONS_NOT_ASKED_FOR,
            },
            error_code: ErrorCode(if version >= 13 { from.i16()? } else { 0 }),
        };
        from.end_struct()?;
        Ok(response)
    }
}

impl Encode for MetadataBroker {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.i32(self.node_id);
        to.string(&self.host);
        to.i32(self.port);
        if version >= 1 {
            to.nullable_string(self.rack.as_deref());
        }
        to.end_struct();
    }
}

impl Decode for MetadataBroker {
    const MIN_SIZE: usize = 10;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let broker = Self {
            node_id: from.i32()?,
            host: from.string()?,
            port: from.i32()?,
            rack: if version >= 1 { from.nullable_string()? } else { None },
        };
        from.end_struct()?;
        Ok(broker)
    }
}

impl Encode for MetadataTopic {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.i16(self.error_code.0);
        match &self.name {
            None if version < 12 => to.refuse(WireError::NotInVersion { what: "a topic without a name", version }),
            name => to.nullable_string(name.as_deref()),
        }
        if version >= 10 {
            to.topic_id(self.topic_id);
        }
        if version >= 1 {
            to.bool(self.is_internal);
        }
        to.array(&self.partitions, version);
        if version >= 8 {
            to.i32(self.topic_authorized_operations);
        }
        to.end_struct();
    }
}

impl Decode for MetadataTopic {
    const MIN_SIZE: usize = 8;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let topic = Self {
            error_code: ErrorCode(from.i16()?),
            name: if version >= 12 { from.nullable_string()? } else { Some(from.string()?) },
            topic_id: if version >= 10 { from.topic_id()? } else { TopicId::NONE },
            is_internal: version >= 1 && from.bool()?,
            partitions: from.array(version)?,
            topic_authorized_operations: if version >= 8 { from.i32()? } else { OPERATIONS_NOT_ASKED_FOR },
        };
        from.end_struct()?;
        Ok(topic)
    }
}

impl Encode for MetadataPartition {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.i16(self.error_code.0);
        to.i32(self.partition_index);
        to.i32(self.leader_id);
        if version >= 7 {
            to.i32(self.leader_epoch);
        }
        to.i32_array(&self.replica_nodes);
        to.i32_array(&self.isr_nodes);
        if version >= 5 {
            to.i32_array(&self.offline_replicas);
        }
        to.end_struct();
    }
}

impl Decode for MetadataPartition {
    const MIN_SIZE: usize = 17;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let partition = Self {
            error_code: ErrorCode(from.i16()?),
            partition_index: from.i32()?,
            leader_id: from.i32()?,
            leader_epoch: if version >= 7 { from.i32()? } else { -1 },
            replica_nodes: from.i32_array()?,
            isr_nodes: from.i32_array()?,
            offline_replicas: if version >= 5 { from.i32_array()? } else { Vec::new() },
        };
        from.end_struct()?;
        Ok(partition)
    }
}
