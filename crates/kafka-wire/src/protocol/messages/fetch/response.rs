//! Fetch, key 1, versions 4-17: the response.

use bytes::Bytes;

use super::super::NodeEndpoint;
use super::super::produce::CurrentLeader;
use crate::protocol::{Decode, Encode, ErrorCode, Reader, TaggedField, TopicId, WireError, Writer};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FetchResponse {
    pub throttle_time_ms: i32,
    /// 7+.
    pub error_code: ErrorCode,
    /// 7+; 0 is no session.
    pub session_id: i32,
    pub topics: Vec<FetchTopicResponse>,
    /// 16+, tag 0.
    pub node_endpoints: Vec<NodeEndpoint>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FetchTopicResponse {
    /// 4-12.
    pub name: String,
    /// 13+.
    pub topic_id: TopicId,
    pub partitions: Vec<FetchPartitionResponse>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchPartitionResponse {
    pub partition_index: i32,
    pub error_code: ErrorCode,
    pub high_watermark: i64,
    /// The end of what read_committed may see; -1 is unknown.
    pub last_stable_offset: i64,
    /// 5+; -1 is unknown.
    pub log_start_offset: i64,
    /// 12+, tag 0: where the log diverged from what the client fetched last.
    pub diverging_epoch: Option<EpochEndOffset>,
    /// 12+, tag 1.
    pub current_leader: CurrentLeader,
    /// `None` where nothing had to be said (read_uncommitted).
    pub aborted_transactions: Option<Vec<AbortedTransaction>>,
    /// 11+; -1 is none.
    pub preferred_read_replica: i32,
    /// Whole batches, the last one perhaps cut off; a slice of the frame when decoded.
    pub records: Option<Bytes>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AbortedTransaction {
    pub producer_id: i64,
    pub first_offset: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochEndOffset {
    pub epoch: i32,
    pub end_offset: i64,
}

impl Default for FetchPartitionResponse {
    fn default() -> Self {
        Self {
            partition_index: 0,
            error_code: ErrorCode::NONE,
            high_watermark: 0,
            last_stable_offset: -1,
            log_start_offset: -1,
            diverging_epoch: None,
            current_leader: CurrentLeader::default(),
            aborted_transactions: None,
            preferred_read_replica: -1,
            records: None,
        }
    }
}

impl Encode for FetchResponse {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.i32(self.throttle_time_ms);
        if version >= 7 {
            to.i16(self.error_code.0);
            to.i32(self.session_id);
        }
        to.array(&self.topics, version);
        let mut tagged = Vec::new();
        if version >= 16 && !self.node_endpoints.is_empty() {
            tagged.push(TaggedField::new(0, |to| to.array(&self.node_endpoints, version)));
        }
        to.tagged_fields(tagged);
    }
}

impl Decode for FetchResponse {
    const MIN_SIZE: usize = 8;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let mut response = Self {
            throttle_time_ms: from.i32()?,
            error_code: ErrorCode(if version >= 7 { from.i16()? } else { 0 }),
            session_id: if version >= 7 { from.i32()? } else { 0 },
            topics: from.array(version)?,
            node_endpoints: Vec::new(),
        };
        from.tagged_fields(|tag, field| {
            if tag != 0 || version < 16 {
                return Ok(false);
            }
            response.node_endpoints = field.array(version)?;
            Ok(true)
        })?;
        Ok(response)
    }
}

impl Encode for FetchTopicResponse {
    fn encode(&self, to: &mut Writer, version: i16) {
        if version <= 12 {
            to.string(&self.name);
        } else {
            to.topic_id(self.topic_id);
        }
        to.array(&self.partitions, version);
        to.end_struct();
    }
}

impl Decode for FetchTopicResponse {
    const MIN_SIZE: usize = 3;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let topic = Self {
            name: if version <= 12 { from.string()? } else { String::new() },
            topic_id: if version >= 13 { from.topic_id()? } else { TopicId::NONE },
            partitions: from.array(version)?,
        };
        from.end_struct()?;
        Ok(topic)
    }
}

impl Encode for FetchPartitionResponse {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.i32(self.partition_index);
        to.i16(self.error_code.0);
        to.i64(self.high_watermark);
        to.i64(self.last_stable_offset);
        if version >= 5 {
            to.i64(self.log_start_offset);
        }
        to.nullable_array(self.aborted_transactions.as_deref(), version);
        if version >= 11 {
            to.i32(self.preferred_read_replica);
        }
        to.nullable_bytes(self.records.as_ref());
        let mut tagged = Vec::new();
        if let Some(diverging) = &self.diverging_epoch {
            tagged.push(TaggedField::new(0, |to| diverging.encode(to, version)));
        }
        if self.current_leader != CurrentLeader::default() {
            tagged.push(TaggedField::new(1, |to| self.current_leader.encode(to, version)));
        }
        to.tagged_fields(tagged);
    }
}

impl Decode for FetchPartitionResponse {
    const MIN_SIZE: usize = 28;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let mut partition = Self {
            partition_index: from.i32()?,
            error_code: ErrorCode(from.i16()?),
            high_watermark: from.i64()?,
            last_stable_offset: from.i64()?,
            log_start_offset: if version >= 5 { from.i64()? } else { -1 },
            aborted_transactions: from.nullable_array(version)?,
            preferred_read_replica: if version >= 11 { from.i32()? } else { -1 },
            records: from.nullable_bytes()?,
            ..Self::default()
        };
        from.tagged_fields(|tag, field| {
            match tag {
                0 => partition.diverging_epoch = Some(EpochEndOffset::decode(field, version)?),
                1 => partition.current_leader = CurrentLeader::decode(field, version)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(partition)
    }
}

impl Encode for AbortedTransaction {
    fn encode(&self, to: &mut Writer, _version: i16) {
        to.i64(self.producer_id);
        to.i64(self.first_offset);
        to.end_struct();
    }
}

impl Decode for AbortedTransaction {
    const MIN_SIZE: usize = 16;

    fn decode(from: &mut Reader, _version: i16) -> Result<Self, WireError> {
        let aborted = Self { producer_id: from.i64()?, first_offset: from.i64()? };
        from.end_struct()?;
        Ok(aborted)
    }
}

impl Encode for EpochEndOffset {
    fn encode(&self, to: &mut Writer, _version: i16) {
        to.i32(self.epoch);
        to.i64(self.end_offset);
        to.end_struct();
    }
}

impl Decode for EpochEndOffset {
    const MIN_SIZE: usize = 12;

    fn decode(from: &mut Reader, _version: i16) -> Result<Self, WireError> {
        let end = Self { epoch: from.i32()?, end_offset: from.i64()? };
        from.end_struct()?;
        Ok(end)
    }
}
