//! OffsetFetch, key 9, versions 1-9. Flexible from 6.
//!
//! 2: a null list of topics asks for all, and a top-level error. 3: throttle time. 5: leader epochs (KIP-320). 7: require
//! stable offsets (KIP-447). 8: several groups at once (KIP-709). 9: member ids and epochs (KIP-848). Here a request and a
//! response always have a list of groups; before 8 exactly one is on the wire, and the response does not name it.

use std::ops::RangeInclusive;

use crate::protocol::{ApiKey, Decode, Encode, ErrorCode, Reader, Request, WireError, Writer};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OffsetFetchRequest {
    /// Exactly one before 8.
    pub groups: Vec<OffsetFetchGroup>,
    /// 7+.
    pub require_stable: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OffsetFetchGroup {
    pub group_id: String,
    /// 9+.
    pub member_id: Option<String>,
    /// 9+; -1 is none.
    pub member_epoch: i32,
    /// `None` for all (2+).
    pub topics: Option<Vec<OffsetFetchTopic>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OffsetFetchTopic {
    pub name: String,
    pub partition_indexes: Vec<i32>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OffsetFetchResponse {
    /// 3+.
    pub throttle_time_ms: i32,
    /// Exactly one before 8.
    pub groups: Vec<OffsetFetchGroupResponse>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OffsetFetchGroupResponse {
    /// 8+.
    pub group_id: String,
    pub topics: Vec<OffsetFetchTopicResponse>,
    /// 2+.
    pub error_code: ErrorCode,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OffsetFetchTopicResponse {
    pub name: String,
    pub partitions: Vec<OffsetFetchPartitionResponse>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OffsetFetchPartitionResponse {
    pub partition_index: i32,
    /// -1 if none was committed.
    pub committed_offset: i64,
    /// 5+; -1 is unknown.
    pub committed_leader_epoch: i32,
    pub metadata: Option<String>,
    pub error_code: ErrorCode,
}

impl Default for OffsetFetchGroup {
    fn default() -> Self {
        Self { group_id: String::new(), member_id: None, member_epoch: -1, topics: Some(Vec::new()) }
    }
}

impl Default for OffsetFetchPartitionResponse {
    fn default() -> Self {
        Self {
            partition_index: 0,
            committed_offset: -1,
            committed_leader_epoch: -1,
            metadata: Some(String::new()),
            error_code: ErrorCode::NONE,
        }
    }
}

impl Request for OffsetFetchRequest {
    const KEY: ApiKey = ApiKey::OffsetFetch;
    const VERSIONS: RangeInclusive<i16> = 1..=9;
    type Response = OffsetFetchResponse;
}

impl Encode for OffsetFetchRequest {
    fn encode(&self, to: &mut Writer, version: i16) {
        match self.groups.as_slice() {
            groups if version >= 8 => to.array(groups, version),
            [only] if version == 1 && only.topics.is_none() => {
                to.refuse(WireError::NotInVersion { what: "a request for all topics", version });
            }
            [only] => {
                to.string(&only.group_id);
                to.nullable_array(only.topics.as_deref(), version);
            }
            _ => to.refuse(WireError::NotInVersion { what: "several groups or none", version }),
        }
        if version >= 7 {
            to.bool(self.require_stable);
        }
        to.end_struct();
    }
}

impl Decode for OffsetFetchRequest {
    const MIN_SIZE: usize = 3;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let groups = if version >= 8 {
            from.array(version)?
        } else {
            let group_id = from.string()?;
            let topics = if version >= 2 { from.nullable_array(version)? } else { Some(from.array(version)?) };
            vec![OffsetFetchGroup { group_id, topics, ..OffsetFetchGroup::default() }]
        };
        let require_stable = version >= 7 && from.bool()?;
        from.end_struct()?;
        Ok(Self { groups, require_stable })
    }
}

/// 8+; before, its fields stand in the request itself.
impl Encode for OffsetFetchGroup {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.string(&self.group_id);
        if version >= 9 {
            to.nullable_string(self.member_id.as_deref());
            to.i32(self.member_epoch);
        }
        to.nullable_array(self.topics.as_deref(), version);
        to.end_struct();
    }
}

impl Decode for OffsetFetchGroup {
    const MIN_SIZE: usize = 3;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let group = Self {
            group_id: from.string()?,
            member_id: if version >= 9 { from.nullable_string()? } else { None },
            member_epoch: if version >= 9 { from.i32()? } else { -1 },
            topics: from.nullable_array(version)?,
        };
        from.end_struct()?;
        Ok(group)
    }
}

impl Encode for OffsetFetchTopic {
    fn encode(&self, to: &mut Writer, _version: i16) {
        to.string(&self.name);
        to.i32_array(&self.partition_indexes);
        to.end_struct();
    }
}

impl Decode for OffsetFetchTopic {
    const MIN_SIZE: usize = 3;

    fn decode(from: &mut Reader, _version: i16) -> Result<Self, WireError> {
        let topic = Self { name: from.string()?, partition_indexes: from.i32_array()? };
        from.end_struct()?;
        Ok(topic)
    }
}

impl Encode for OffsetFetchResponse {
    fn encode(&self, to: &mut Writer, version: i16) {
        if version >= 3 {
            to.i32(self.throttle_time_ms);
        }
        match self.groups.as_slice() {
            groups if version >= 8 => to.array(groups, version),
            [only] => {
                to.array(&only.topics, version);
                if version >= 2 {
                    to.i16(only.error_code.0);
                }
            }
            _ => to.refuse(WireError::NotInVersion { what: "several groups or none", version }),
        }
        to.end_struct();
    }
}

impl Decode for OffsetFetchResponse {
    const MIN_SIZE: usize = 4;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let throttle_time_ms = if version >= 3 { from.i32()? } else { 0 };
        let groups = if version >= 8 {
            from.array(version)?
        } else {
            let topics = from.array(version)?;
            let error_code = ErrorCode(if version >= 2 { from.i16()? } else { 0 });
            vec![OffsetFetchGroupResponse { group_id: String::new(), topics, error_code }]
        };
        from.end_struct()?;
        Ok(Self { throttle_time_ms, groups })
    }
}

/// 8+; before, its fields stand in the response itself.
impl Encode for OffsetFetchGroupResponse {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.string(&self.group_id);
        to.array(&self.topics, version);
        to.i16(self.error_code.0);
        to.end_struct();
    }
}

impl Decode for OffsetFetchGroupResponse {
    const MIN_SIZE: usize = 5;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let group = Self { group_id: from.string()?, topics: from.array(version)?, error_code: ErrorCode(from.i16()?) };
        from.end_struct()?;
        Ok(group)
    }
}

impl Encode for OffsetFetchTopicResponse {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.string(&self.name);
        to.array(&self.partitions, version);
        to.end_struct();
    }
}

impl Decode for OffsetFetchTopicResponse {
    const MIN_SIZE: usize = 3;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let topic = Self { name: from.string()?, partitions: from.array(version)? };
        from.end_struct()?;
        Ok(topic)
    }
}

impl Encode for OffsetFetchPartitionResponse {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.i32(self.partition_index);
        to.i64(self.committed_offset);
        if version >= 5 {
            to.i32(self.committed_leader_epoch);
        }
        to.nullable_string(self.metadata.as_deref());
        to.i16(self.error_code.0);
        to.end_struct();
    }
}

impl Decode for OffsetFetchPartitionResponse {
    const MIN_SIZE: usize = 15;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let partition = Self {
            partition_index: from.i32()?,
            committed_offset: from.i64()?,
            committed_leader_epoch: if version >= 5 { from.i32()? } else { -1 },
            metadata: from.nullable_string()?,
            error_code: ErrorCode(from.i16()?),
        };
        from.end_struct()?;
        Ok(partition)
    }
}
