//! CreatePartitions, key 37, versions 0-3. Flexible from 2. 3: throttling errors (KIP-599), the same bytes.

use std::ops::RangeInclusive;

use crate::protocol::{ApiKey, Decode, Encode, ErrorCode, Reader, Request, WireError, Writer};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CreatePartitionsRequest {
    pub topics: Vec<CreatePartitionsTopic>,
    pub timeout_ms: i32,
    pub validate_only: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CreatePartitionsTopic {
    pub name: String,
    /// The number of partitions that the topic shall have, the old ones included.
    pub count: i32,
    /// `None` leaves the placement to the broker.
    pub assignments: Option<Vec<PartitionAssignment>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartitionAssignment {
    pub broker_ids: Vec<i32>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CreatePartitionsResponse {
    pub throttle_time_ms: i32,
    pub results: Vec<CreatePartitionsResult>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CreatePartitionsResult {
    pub name: String,
    pub error_code: ErrorCode,
    pub error_message: Option<String>,
}

impl Request for CreatePartitionsRequest {
    const KEY: ApiKey = ApiKey::CreatePartitions;
    const VERSIONS: RangeInclusive<i16> = 0..=3;
    type Response = CreatePartitionsResponse;
}

impl Encode for CreatePartitionsRequest {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.array(&self.topics, version);
        to.i32(self.timeout_ms);
        to.bool(self.validate_only);
        to.end_struct();
    }
}

impl Decode for CreatePartitionsRequest {
    const MIN_SIZE: usize = 6;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let request = Self { topics: from.array(version)?, timeout_ms: from.i32()?, validate_only: from.bool()? };
        from.end_struct()?;
        Ok(request)
    }
}

impl Encode for CreatePartitionsTopic {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.string(&self.name);
        to.i32(self.count);
        to.nullable_array(self.assignments.as_deref(), version);
        to.end_struct();
    }
}

impl Decode for CreatePartitionsTopic {
    const MIN_SIZE: usize = 7;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let topic = Self { name: from.string()?, count: from.i32()?, assignments: from.nullable_array(version)? };
        from.end_struct()?;
        Ok(topic)
    }
}

impl Encode for PartitionAssignment {
    fn encode(&self, to: &mut Writer, _version: i16) {
        to.i32_array(&self.broker_ids);
        to.end_struct();
    }
}

impl Decode for PartitionAssignment {
    const MIN_SIZE: usize = 2;

    fn decode(from: &mut Reader, _version: i16) -> Result<Self, WireError> {
        let assignment = Self { broker_ids: from.i32_array()? };
        from.end_struct()?;
        Ok(assignment)
    }
}

impl Encode for CreatePartitionsResponse {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.i32(self.throttle_time_ms);
        to.array(&self.results, version);
        to.end_struct();
    }
}

impl Decode for CreatePartitionsResponse {
    const MIN_SIZE: usize = 5;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let response = Self { throttle_time_ms: from.i32()?, results: from.array(version)? };
        from.end_struct()?;
        Ok(response)
    }
}

impl Encode for CreatePartitionsResult {
    fn encode(&self, to: &mut Writer, _version: i16) {
        to.string(&self.name);
        to.i16(self.error_code.0);
        to.nullable_string(self.error_message.as_deref());
        to.end_struct();
    }
}

impl Decode for CreatePartitionsResult {
    const MIN_SIZE: usize = 5;

    fn decode(from: &mut Reader, _version: i16) -> Result<Self, WireError> {
        let result =
            Self { name: from.string()?, error_code: ErrorCode(from.i16()?), error_message: from.nullable_string()? };
        from.end_struct()?;
        Ok(result)
    }
}
