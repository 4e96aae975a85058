//! OffsetCommit, key 8, versions 2-9. Flexible from 8.
//!
//! 3: throttle time. 5: the retention time went away (KIP-211). 6: leader epochs (KIP-320). 7: static members (KIP-345).
//! 9: member epochs of the new group protocol (KIP-848), the same bytes.

use std::ops::RangeInclusive;

use crate::protocol::{ApiKey, Decode, Encode, ErrorCode, Reader, Request, WireError, Writer};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OffsetCommitRequest {
    pub group_id: String,
    /// -1 commits without being a member.
    pub generation_id_or_member_epoch: i32,
    pub member_id: String,
    /// 7+.
    pub group_instance_id: Option<String>,
    /// 2-4; -1 is the broker's own.
    pub retention_time_ms: i64,
    pub topics: Vec<OffsetCommitTopic>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OffsetCommitTopic {
    pub name: String,
    pub partitions: Vec<OffsetCommitPartition>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OffsetCommitPartition {
    pub partition_index: i32,
    /// The offset of the next record to read.
    pub committed_offset: i64,
    /// 6+; -1 is unknown.
    pub committed_leader_epoch: i32,
    pub committed_metadata: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OffsetCommitResponse {
    /// 3+.
    pub throttle_time_ms: i32,
    pub topics: Vec<OffsetCommitTopicResponse>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OffsetCommitTopicResponse {
    pub name: String,
    pub partitions: Vec<OffsetCommitPartitionResponse>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OffsetCommitPartitionResponse {
    pub partition_index: i32,
    pub error_code: ErrorCode,
}

impl Default for OffsetCommitRequest {
    fn default() -> Self {
        Self {
            group_id: String::new(),
            generation_id_or_member_epoch: -1,
            member_id: String::new(),
            group_instance_id: None,
            retention_time_ms: -1,
            topics: Vec::new(),
        }
    }
}

impl Default for OffsetCommitPartition {
    fn default() -> Self {
        Self {
            partition_index: 0,
            committed_offset: 0,
            committed_leader_epoch: -1,
            committed_metadata: Some(String::new()),
        }
    }
}

impl Request for OffsetCommitRequest {
    const KEY: ApiKey = ApiKey::OffsetCommit;
    const VERSIONS: RangeInclusive<i16> = 2..=9;
    type Response = OffsetCommitResponse;
}

impl Encode for OffsetCommitRequest {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.string(&self.group_id);
        to.i32(self.generation_id_or_member_epoch);
        to.string(&self.member_id);
        if version >= 7 {
            to.nullable_string(self.group_instance_id.as_deref());
        } else if self.group_instance_id.is_some() {
            to.refuse(WireError::NotInVersion { what: "a static member", version });
        }
        if version <= 4 {
            to.i64(self.retention_time_ms);
        }
        to.array(&self.topics, version);
        to.end_struct();
    }
}

impl Decode for OffsetCommitRequest {
    const MIN_SIZE: usize = 8;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let request = Self {
            group_id: from.string()?,
            generation_id_or_member_epoch: from.i32()?,
            member_id: from.string()?,
            group_instance_id: if version >= 7 { from.nullable_string()? } else { None },
            retention_time_ms: if version <= 4 { from.i64()? } else { -1 },
            topics: from.array(version)?,
        };
        from.end_struct()?;
        Ok(request)
    }
}

impl Encode for OffsetCommitTopic {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.string(&self.name);
        to.array(&self.partitions, version);
        to.end_struct();
    }
}

impl Decode for OffsetCommitTopic {
    const MIN_SIZE: usize = 3;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let topic = Self { name: from.string()?, partitions: from.array(version)? };
        from.end_struct()?;
        Ok(topic)
    }
}

impl Encode for OffsetCommitPartition {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.i32(self.partition_index);
        to.i64(self.committed_offset);
        if version >= 6 {
            to.i32(self.committed_leader_epoch);
        }
        to.nullable_string(self.committed_metadata.as_deref());
        to.end_struct();
    }
}

impl Decode for OffsetCommitPartition {
    const MIN_SIZE: usize = 14;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let partition = Self {
            partition_index: from.i32()?,
            committed_offset: from.i64()?,
            committed_leader_epoch: if version >= 6 { from.i32()? } else { -1 },
            committed_metadata: from.nullable_string()?,
        };
        from.end_struct()?;
        Ok(partition)
    }
}

impl Encode for OffsetCommitResponse {
    fn encode(&self, to: &mut Writer, version: i16) {
        if version >= 3 {
            to.i32(self.throttle_time_ms);
        }
        to.array(&self.topics, version);
        to.end_struct();
    }
}

impl Decode for OffsetCommitResponse {
    const MIN_SIZE: usize = 4;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let response =
            Self { throttle_time_ms: if version >= 3 { from.i32()? } else { 0 }, topics: from.array(version)? };
        from.end_struct()?;
        Ok(response)
    }
}

impl Encode for OffsetCommitTopicResponse {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.string(&self.name);
        to.array(&self.partitions, version);
        to.end_struct();
    }
}

impl Decode for OffsetCommitTopicResponse {
    const MIN_SIZE: usize = 3;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let topic = Self { name: from.string()?, partitions: from.array(version)? };
        from.end_struct()?;
        Ok(topic)
    }
}

impl Encode for OffsetCommitPartitionResponse {
    fn encode(&self, to: &mut Writer, _version: i16) {
        to.i32(self.partition_index);
        to.i16(self.error_code.0);
        to.end_struct();
    }
}

impl Decode for OffsetCommitPartitionResponse {
    const MIN_SIZE: usize = 6;

    fn decode(from: &mut Reader, _version: i16) -> Result<Self, WireError> {
        let partition = Self { partition_index: from.i32()?, error_code: ErrorCode(from.i16()?) };
        from.end_struct()?;
        Ok(partition)
    }
}
