//! Produce, key 0, versions 3-12. Flexible from 9.
//!
//! Versions 0-2 carry old record formats: Kafka 4 refuses them but advertises 0 as its lowest, to get round a bug in
//! librdkafka (KAFKA-18659). 5: log start offset. 7: zstd allowed (KIP-110). 8: errors per record (KIP-467). 10: current
//! leader (KIP-951, tagged). 11, 12: the same bytes; 12 implies adding partitions to a transaction (KIP-890). From 13 on
//! topics are named by id.

use std::ops::RangeInclusive;

use bytes::Bytes;

use super::NodeEndpoint;
use crate::protocol::{ApiKey, Decode, Encode, ErrorCode, Reader, Request, TaggedField, WireError, Writer};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProduceRequest {
    pub transactional_id: Option<String>,
    /// 0 none (no response at all), 1 leader, -1 all in-sync replicas.
    pub acks: i16,
    pub timeout_ms: i32,
    pub topics: Vec<ProduceTopic>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProduceTopic {
    pub name: String,
    pub partitions: Vec<ProducePartition>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProducePartition {
    pub index: i32,
    /// One record batch of format 2; a slice of the frame when decoded.
    pub records: Option<Bytes>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProduceResponse {
    pub topics: Vec<ProduceTopicResponse>,
    pub throttle_time_ms: i32,
    /// 10+, tag 0.
    pub node_endpoints: Vec<NodeEndpoint>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProduceTopicResponse {
    pub name: String,
    pub partitions: Vec<ProducePartitionResponse>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProducePartitionResponse {
    pub index: i32,
    pub error_code: ErrorCode,
    /// The offset of the first record; -1 after an error.
    pub base_offset: i64,
    /// -1 unless the topic stamps records when they arrive.
    pub log_append_time_ms: i64,
    /// 5+; -1 is unknown.
    pub log_start_offset: i64,
    /// 8+.
    pub record_errors: Vec<RecordError>,
    /// 8+.
    pub error_message: Option<String>,
    /// 10+, tag 0.
    pub current_leader: CurrentLeader,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordError {
    /// The index of the record in its batch.
    pub batch_index: i32,
    pub message: Option<String>,
}

/// Who leads, if the broker that answered does not; -1 and -1 say nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurrentLeader {
    pub leader_id: i32,
    pub leader_epoch: i32,
}

impl Default for CurrentLeader {
    fn default() -> Self {
        Self { leader_id: -1, leader_epoch: -1 }
    }
}

impl Default for ProducePartitionResponse {
    fn default() -> Self {
        Self {
            index: 0,
            error_code: ErrorCode::NONE,
            base_offset: -1,
            log_append_time_ms: -1,
            log_start_offset: -1,
            record_errors: Vec::new(),
            error_message: None,
            current_leader: CurrentLeader::default(),
        }
    }
}

impl Request for ProduceRequest {
    const KEY: ApiKey = ApiKey::Produce;
    const VERSIONS: RangeInclusive<i16> = 3..=12;
    type Response = ProduceResponse;
}

impl Encode for ProduceRequest {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.nullable_string(self.transactional_id.as_deref());
        to.i16(self.acks);
        to.i32(self.timeout_ms);
        to.array(&self.topics, version);
        to.end_struct();
    }
}

impl Decode for ProduceRequest {
    const MIN_SIZE: usize = 9;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let request = Self {
            transactional_id: from.nullable_string()?,
            acks: from.i16()?,
            timeout_ms: from.i32()?,
            topics: from.array(version)?,
        };
        from.end_struct()?;
        Ok(request)
    }
}

impl Encode for ProduceTopic {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.string(&self.name);
        to.array(&self.partitions, version);
        to.end_struct();
    }
}

impl Decode for ProduceTopic {
    const MIN_SIZE: usize = 3;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let topic = Self { name: from.string()?, partitions: from.array(version)? };
        from.end_struct()?;
        Ok(topic)
    }
}

impl Encode for ProducePartition {
    fn encode(&self, to: &mut Writer, _version: i16) {
        to.i32(self.index);
        to.nullable_bytes(self.records.as_ref());
        to.end_struct();
    }
}

impl Decode for ProducePartition {
    const MIN_SIZE: usize = 6;

    fn decode(from: &mut Reader, _version: i16) -> Result<Self, WireError> {
        let partition = Self { index: from.i32()?, records: from.nullable_bytes()? };
        from.end_struct()?;
        Ok(partition)
    }
}

impl Encode for ProduceResponse {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.array(&self.topics, version);
        to.i32(self.throttle_time_ms);
        let mut tagged = Vec::new();
        if version >= 10 && !self.node_endpoints.is_empty() {
            tagged.push(TaggedField::new(0, |to| to.array(&self.node_endpoints, version)));
        }
        to.tagged_fields(tagged);
    }
}

impl Decode for ProduceResponse {
    const MIN_SIZE: usize = 5;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let (topics, throttle_time_ms) = (from.array(version)?, from.i32()?);
        let mut node_endpoints = Vec::new();
        from.tagged_fields(|tag, field| {
            if tag != 0 || version < 10 {
                return Ok(false);
            }
            node_endpoints = field.array(version)?;
            Ok(true)
        })?;
        Ok(Self { topics, throttle_time_ms, node_endpoints })
    }
}

impl Encode for ProduceTopicResponse {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.string(&self.name);
        to.array(&self.partitions, version);
        to.end_struct();
    }
}

impl Decode for ProduceTopicResponse {
    const MIN_SIZE: usize = 3;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let topic = Self { name: from.string()?, partitions: from.array(version)? };
        from.end_struct()?;
        Ok(topic)
    }
}

impl Encode for ProducePartitionResponse {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.i32(self.index);
        to.i16(self.error_code.0);
        to.i64(self.base_offset);
        to.i64(self.log_append_time_ms);
        if version >= 5 {
            to.i64(self.log_start_offset);
        }
        if version >= 8 {
            to.array(&self.record_errors, version);
            to.nullable_string(self.error_message.as_deref());
        }
        let mut tagged = Vec::new();
        if version >= 10 && self.current_leader != CurrentLeader::default() {
            tagged.push(TaggedField::new(0, |to| self.current_leader.encode(to, version)));
        }
        to.tagged_fields(tagged);
    }
}

impl Decode for ProducePartitionResponse {
    const MIN_SIZE: usize = 22;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let mut partition = Self {
            index: from.i32()?,
            error_code: ErrorCode(from.i16()?),
            base_offset: from.i64()?,
            log_append_time_ms: from.i64()?,
            log_start_offset: if version >= 5 { from.i64()? } else { -1 },
            record_errors: if version >= 8 { from.array(version)? } else { Vec::new() },
            error_message: if version >= 8 { from.nullable_string()? } else { None },
            current_leader: CurrentLeader::default(),
        };
        from.tagged_fields(|tag, field| {
            if tag != 0 || version < 10 {
                return Ok(false);
            }
            partition.current_leader = CurrentLeader::decode(field, version)?;
            Ok(true)
        })?;
        Ok(partition)
    }
}

impl Encode for RecordError {
    fn encode(&self, to: &mut Writer, _version: i16) {
        to.i32(self.batch_index);
        to.nullable_string(self.message.as_deref());
        to.end_struct();
    }
}

impl Decode for RecordError {
    const MIN_SIZE: usize = 6;

    fn decode(from: &mut Reader, _version: i16) -> Result<Self, WireError> {
        let error = Self { batch_index: from.i32()?, message: from.nullable_string()? };
        from.end_struct()?;
        Ok(error)
    }
}

impl Encode for CurrentLeader {
    fn encode(&self, to: &mut Writer, _version: i16) {
        to.i32(self.leader_id);
        to.i32(self.leader_epoch);
        to.end_struct();
    }
}

impl Decode for CurrentLeader {
    const MIN_SIZE: usize = 8;

    fn decode(from: &mut Reader, _version: i16) -> Result<Self, WireError> {
        let leader = Self { leader_id: from.i32()?, leader_epoch: from.i32()? };
        from.end_struct()?;
        Ok(leader)
    }
}
