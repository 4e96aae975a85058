//! DeleteRecords, key 21, versions 0-2. Flexible from 2.

use std::ops::RangeInclusive;

use crate::protocol::{ApiKey, Decode, Encode, ErrorCode, Reader, Request, WireError, Writer};

/// Delete everything that is there.
pub const TO_HIGH_WATERMARK: i64 = -1;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteRecordsRequest {
    pub topics: Vec<DeleteRecordsTopic>,
    pub timeout_ms: i32,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteRecordsTopic {
    pub name: String,
    pub partitions: Vec<DeleteRecordsPartition>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeleteRecordsPartition {
    pub partition_index: i32,
    /// The first offset to keep, or [`TO_HIGH_WATERMARK`].
    pub offset: i64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteRecordsResponse {
    pub throttle_time_ms: i32,
    pub topics: Vec<DeleteRecordsTopicResult>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteRecordsTopicResult {
    pub name: String,
    pub partitions: Vec<DeleteRecordsPartitionResult>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeleteRecordsPartitionResult {
    pub partition_index: i32,
    /// The log's start afterwards.
    pub low_watermark: i64,
    pub error_code: ErrorCode,
}

impl Request for DeleteRecordsRequest {
    const KEY: ApiKey = ApiKey::DeleteRecords;
    const VERSIONS: RangeInclusive<i16> = 0..=2;
    type Response = DeleteRecordsResponse;
}

impl Encode for DeleteRecordsRequest {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.array(&self.topics, version);
        to.i32(self.timeout_ms);
        to.end_struct();
    }
}

impl Decode for DeleteRecordsRequest {
    const MIN_SIZE: usize = 5;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let request = Self { topics: from.array(version)?, timeout_ms: from.i32()? };
        from.end_struct()?;
        Ok(request)
    }
}

impl Encode for DeleteRecordsTopic {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.string(&self.name);
        to.array(&self.partitions, version);
        to.end_struct();
    }
}

impl Decode for DeleteRecordsTopic {
    const MIN_SIZE: usize = 3;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let topic = Self { name: from.string()?, partitions: from.array(version)? };
        from.end_struct()?;
        Ok(topic)
    }
}

impl Encode for DeleteRecordsPartition {
    fn encode(&self, to: &mut Writer, _version: i16) {
        to.i32(self.partition_index);
        to.i64(self.offset);
        to.end_struct();
    }
}

impl Decode for DeleteRecordsPartition {
    const MIN_SIZE: usize = 12;

    fn decode(from: &mut Reader, _version: i16) -> Result<Self, WireError> {
        let partition = Self { partition_index: from.i32()?, offset: from.i64()? };
        from.end_struct()?;
        Ok(partition)
    }
}

impl Encode for DeleteRecordsResponse {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.i32(self.throttle_time_ms);
        to.array(&self.topics, version);
        to.end_struct();
    }
}

impl Decode for DeleteRecordsResponse {
    const MIN_SIZE: usize = 5;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let response = Self { throttle_time_ms: from.i32()?, topics: from.array(version)? };
        from.end_struct()?;
        Ok(response)
    }
}

impl Encode for DeleteRecordsTopicResult {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.string(&self.name);
        to.array(&self.partitions, version);
        to.end_struct();
    }
}

impl Decode for DeleteRecordsTopicResult {
    const MIN_SIZE: usize = 3;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let topic = Self { name: from.string()?, partitions: from.array(version)? };
        from.end_struct()?;
        Ok(topic)
    }
}

impl Encode for DeleteRecordsPartitionResult {
    fn encode(&self, to: &mut Writer, _version: i16) {
        to.i32(self.partition_index);
        to.i64(self.low_watermark);
        to.i16(self.error_code.0);
        to.end_struct();
    }
}

impl Decode for DeleteRecordsPartitionResult {
    const MIN_SIZE: usize = 14;

    fn decode(from: &mut Reader, _version: i16) -> Result<Self, WireError> {
        let partition =
            Self { partition_index: from.i32()?, low_watermark: from.i64()?, error_code: ErrorCode(from.i16()?) };
        from.end_struct()?;
        Ok(partition)
    }
}
