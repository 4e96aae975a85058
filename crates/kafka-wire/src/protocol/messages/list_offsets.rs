//! ListOffsets, key 2, versions 1-10. Flexible from 6.
//!
//! 2: isolation level and throttle time. 4: leader epochs (KIP-320). 7: the largest timestamp (-3, KIP-734). 8: the
//! earliest offset on local disk (-4, KIP-405). 9: the latest in tiered storage (-5, KIP-1005). 10: a timeout (KIP-1075).

use std::ops::RangeInclusive;

use crate::protocol::{ApiKey, Decode, Encode, ErrorCode, Reader, Request, WireError, Writer};

/// The end of the log (or of what read_committed may see).
pub const LATEST: i64 = -1;
/// The start of the log.
pub const EARLIEST: i64 = -2;
/// The record with the largest timestamp; 7+.
pub const MAX_TIMESTAMP: i64 = -3;
/// The earliest offset on local disk; 8+.
pub const EARLIEST_LOCAL: i64 = -4;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListOffsetsRequest {
    /// -1 is a consumer.
    pub replica_id: i32,
    /// 2+.
    pub isolation_level: i8,
    pub topics: Vec<ListOffsetsTopic>,
    /// 10+.
    pub timeout_ms: i32,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListOffsetsTopic {
    pub name: String,
    pub partitions: Vec<ListOffsetsPartition>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListOffsetsPartition {
    pub partition_index: i32,
    /// 4+; -1 is unknown.
    pub current_leader_epoch: i32,
    /// Milliseconds since 1970, or one of the constants above: the first record at or after it is looked for.
    pub timestamp: i64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListOffsetsResponse {
    /// 2+.
    pub throttle_time_ms: i32,
    pub topics: Vec<ListOffsetsTopicResponse>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListOffsetsTopicResponse {
    pub name: String,
    pub partitions: Vec<ListOffsetsPartitionResponse>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListOffsetsPartitionResponse {
    pub partition_index: i32,
    pub error_code: ErrorCode,
    /// -1 if nothing was found or no time was asked for.
    pub timestamp: i64,
    /// -1 if nothing was found.
    pub offset: i64,
    /// 4+; -1 is unknown.
    pub leader_epoch: i32,
}

impl Default for ListOffsetsRequest {
    fn default() -> Self {
        Self { replica_id: -1, isolation_level: 0, topics: Vec::new(), timeout_ms: 0 }
    }
}

impl Default for ListOffsetsPartition {
    fn default() -> Self {
        Self { partition_index: 0, current_leader_epoch: -1, timestamp: LATEST }
    }
}

impl Default for ListOffsetsPartitionResponse {
    fn default() -> Self {
        Self { partition_index: 0, error_code: ErrorCode::NONE, timestamp: -1, offset: -1, leader_epoch: -1 }
    }
}

impl Request for ListOffsetsRequest {
    const KEY: ApiKey = ApiKey::ListOffsets;
    const VERSIONS: RangeInclusive<i16> = 1..=10;
    type Response = ListOffsetsResponse;
}

impl Encode for ListOffsetsRequest {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.i32(self.replica_id);
        if version >= 2 {
            to.i8(self.isolation_level);
        }
        to.array(&self.topics, version);
        if version >= 10 {
            to.i32(self.timeout_ms);
        }
        to.end_struct();
    }
}

impl Decode for ListOffsetsRequest {
    const MIN_SIZE: usize = 5;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let request = Self {
            replica_id: from.i32()?,
            isolation_level: if version >= 2 { from.i8()? } else { 0 },
            topics: from.array(version)?,
            timeout_ms: if version >= 10 { from.i32()? } else { 0 },
        };
        from.end_struct()?;
        Ok(request)
    }
}

impl Encode for ListOffsetsTopic {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.string(&self.name);
        to.array(&self.partitions, version);
        to.end_struct();
    }
}

impl Decode for ListOffsetsTopic {
    const MIN_SIZE: usize = 3;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let topic = Self { name: from.string()?, partitions: from.array(version)? };
        from.end_struct()?;
        Ok(topic)
    }
}

impl Encode for ListOffsetsPartition {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.i32(self.partition_index);
        if version >= 4 {
            to.i32(self.current_leader_epoch);
        }
        to.i64(self.timestamp);
        to.end_struct();
    }
}

impl Decode for ListOffsetsPartition {
    const MIN_SIZE: usize = 12;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let partition = Self {
            partition_index: from.i32()?,
            current_leader_epoch: if version >= 4 { from.i32()? } else { -1 },
            timestamp: from.i64()?,
        };
        from.end_struct()?;
        Ok(partition)
    }
}

impl Encode for ListOffsetsResponse {
    fn encode(&self, to: &mut Writer, version: i16) {
        if version >= 2 {
            to.i32(self.throttle_time_ms);
        }
        to.array(&self.topics, version);
        to.end_struct();
    }
}

impl Decode for ListOffsetsResponse {
    const MIN_SIZE: usize = 4;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let response =
            Self { throttle_time_ms: if version >= 2 { from.i32()? } else { 0 }, topics: from.array(version)? };
        from.end_struct()?;
        Ok(response)
    }
}

impl Encode for ListOffsetsTopicResponse {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.string(&self.name);
        to.array(&self.partitions, version);
        to.end_struct();
    }
}

impl Decode for ListOffsetsTopicResponse {
    const MIN_SIZE: usize = 3;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let topic = Self { name: from.string()?, partitions: from.array(version)? };
        from.end_struct()?;
        Ok(topic)
    }
}

impl Encode for ListOffsetsPartitionResponse {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.i32(self.partition_index);
        to.i16(self.error_code.0);
        to.i64(self.timestamp);
        to.i64(self.offset);
        if version >= 4 {
            to.i32(self.leader_epoch);
        }
        to.end_struct();
    }
}

impl Decode for ListOffsetsPartitionResponse {
    const MIN_SIZE: usize = 22;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let partition = Self {
            partition_index: from.i32()?,
            error_code: ErrorCode(from.i16()?),
            timestamp: from.i64()?,
            offset: from.i64()?,
            leader_epoch: if version >= 4 { from.i32()? } else { -1 },
        };
        from.end_struct()?;
        Ok(partition)
    }
}
