//! OffsetForLeaderEpoch, key 23, versions 2-4. Flexible from 4. 3: the replica id (KIP-392).

use std::ops::RangeInclusive;

use crate::protocol::{ApiKey, Decode, Encode, ErrorCode, Reader, Request, WireError, Writer};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OffsetForLeaderEpochRequest {
    /// 3+; -1 is a consumer, -2 a debugging one.
    pub replica_id: i32,
    pub topics: Vec<LeaderEpochTopic>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeaderEpochTopic {
    pub name: String,
    pub partitions: Vec<LeaderEpochPartition>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaderEpochPartition {
    pub partition: i32,
    /// The epoch that the client believes current; -1 is unknown.
    pub current_leader_epoch: i32,
    /// The epoch whose end is asked for.
    pub leader_epoch: i32,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OffsetForLeaderEpochResponse {
    pub throttle_time_ms: i32,
    pub topics: Vec<LeaderEpochTopicResult>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeaderEpochTopicResult {
    pub name: String,
    pub partitions: Vec<LeaderEpochEnd>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaderEpochEnd {
    pub error_code: ErrorCode,
    pub partition: i32,
    /// The largest epoch not above the one asked for; -1 is none.
    pub leader_epoch: i32,
    /// The offset after its last record; -1 is none.
    pub end_offset: i64,
}

impl Default for OffsetForLeaderEpochRequest {
    fn default() -> Self {
        Self { replica_id: -1, topics: Vec::new() }
    }
}

impl Default for LeaderEpochEnd {
    fn default() -> Self {
        Self { error_code: ErrorCode::NONE, partition: 0, leader_epoch: -1, end_offset: -1 }
    }
}

impl Request for OffsetForLeaderEpochRequest {
    const KEY: ApiKey = ApiKey::OffsetForLeaderEpoch;
    const VERSIONS: RangeInclusive<i16> = 2..=4;
    type Response = OffsetForLeaderEpochResponse;
}

impl Encode for OffsetForLeaderEpochRequest {
    fn encode(&self, to: &mut Writer, version: i16) {
        if version >= 3 {
            to.i32(self.replica_id);
        }
        to.array(&self.topics, version);
        to.end_struct();
    }
}

impl Decode for OffsetForLeaderEpochRequest {
    const MIN_SIZE: usize = 4;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let request = Self { replica_id: if version >= 3 { from.i32()? } else { -1 }, topics: from.array(version)? };
        from.end_struct()?;
        Ok(request)
    }
}

impl Encode for LeaderEpochTopic {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.string(&self.name);
        to.array(&self.partitions, version);
        to.end_struct();
    }
}

impl Decode for LeaderEpochTopic {
    const MIN_SIZE: usize = 3;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let topic = Self { name: from.string()?, partitions: from.array(version)? };
        from.end_struct()?;
        Ok(topic)
    }
}

impl Encode for LeaderEpochPartition {
    fn encode(&self, to: &mut Writer, _version: i16) {
        to.i32(self.partition);
        to.i32(self.current_leader_epoch);
        to.i32(self.leader_epoch);
        to.end_struct();
    }
}

impl Decode for LeaderEpochPartition {
    const MIN_SIZE: usize = 12;

    fn decode(from: &mut Reader, _version: i16) -> Result<Self, WireError> {
        let partition = Self { partition: from.i32()?, current_leader_epoch: from.i32()?, leader_epoch: from.i32()? };
        from.end_struct()?;
        Ok(partition)
    }
}

impl Encode for OffsetForLeaderEpochResponse {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.i32(self.throttle_time_ms);
        to.array(&self.topics, version);
        to.end_struct();
    }
}

impl Decode for OffsetForLeaderEpochResponse {
    const MIN_SIZE: usize = 5;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let response = Self { throttle_time_ms: from.i32()?, topics: from.array(version)? };
        from.end_struct()?;
        Ok(response)
    }
}

impl Encode for LeaderEpochTopicResult {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.string(&self.name);
        to.array(&self.partitions, version);
        to.end_struct();
    }
}

impl Decode for LeaderEpochTopicResult {
    const MIN_SIZE: usize = 3;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let topic = Self { name: from.string()?, partitions: from.array(version)? };
        from.end_struct()?;
        Ok(topic)
    }
}

impl Encode for LeaderEpochEnd {
    fn encode(&self, to: &mut Writer, _version: i16) {
        to.i16(self.error_code.0);
        to.i32(self.partition);
        to.i32(self.leader_epoch);
        to.i64(self.end_offset);
        to.end_struct();
    }
}

impl Decode for LeaderEpochEnd {
    const MIN_SIZE: usize = 18;

    fn decode(from: &mut Reader, _version: i16) -> Result<Self, WireError> {
        let end = Self {
            error_code: ErrorCode(from.i16()?),
            partition: from.i32()?,
            leader_epoch: from.i32()?,
            end_offset: from.i64()?,
        };
        from.end_struct()?;
        Ok(end)
    }
}
