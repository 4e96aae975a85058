//! InitProducerId, key 22, versions 0-5. Flexible from 2.
//!
//! 3: the producer's current id and epoch, to bump the epoch (KIP-360). 4: PRODUCER_FENCED instead of
//! INVALID_PRODUCER_EPOCH (KIP-588). 5: transactions v2 (KIP-890), the same bytes.

use std::ops::RangeInclusive;

use crate::protocol::{ApiKey, Decode, Encode, ErrorCode, Reader, Request, WireError, Writer};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InitProducerIdRequest {
    /// `None` for a producer that is only idempotent.
    pub transactional_id: Option<String>,
    pub transaction_timeout_ms: i32,
    /// 3+; -1 is none yet.
    pub producer_id: i64,
    /// 3+; -1 is none yet.
    pub producer_epoch: i16,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InitProducerIdResponse {
    pub throttle_time_ms: i32,
    pub error_code: ErrorCode,
    pub producer_id: i64,
    pub producer_epoch: i16,
}

impl Default for InitProducerIdRequest {
    fn default() -> Self {
        Self { transactional_id: None, transaction_timeout_ms: 0, producer_id: -1, producer_epoch: -1 }
    }
}

impl Default for InitProducerIdResponse {
    fn default() -> Self {
        Self { throttle_time_ms: 0, error_code: ErrorCode::NONE, producer_id: -1, producer_epoch: 0 }
    }
}

impl Request for InitProducerIdRequest {
    const KEY: ApiKey = ApiKey::InitProducerId;
    const VERSIONS: RangeInclusive<i16> = 0..=5;
    type Response = InitProducerIdResponse;
}

impl Encode for InitProducerIdRequest {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.nullable_string(self.transactional_id.as_deref());
        to.i32(self.transaction_timeout_ms);
        if version >= 3 {
            to.i64(self.producer_id);
            to.i16(self.producer_epoch);
        } else if self.producer_id != -1 {
            to.refuse(WireError::NotInVersion { what: "a producer's current id", version });
        }
        to.end_struct();
    }
}

impl Decode for InitProducerIdRequest {
    const MIN_SIZE: usize = 5;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let request = Self {
            transactional_id: from.nullable_string()?,
            transaction_timeout_ms: from.i32()?,
            producer_id: if version >= 3 { from.i64()? } else { -1 },
            producer_epoch: if version >= 3 { from.i16()? } else { -1 },
        };
        from.end_struct()?;
        Ok(request)
    }
}

impl Encode for InitProducerIdResponse {
    fn encode(&self, to: &mut Writer, _version: i16) {
        to.i32(self.throttle_time_ms);
        to.i16(self.error_code.0);
        to.i64(self.producer_id);
        to.i16(self.producer_epoch);
        to.end_struct();
    }
}

impl Decode for InitProducerIdResponse {
    const MIN_SIZE: usize = 16;

    fn decode(from: &mut Reader, _version: i16) -> Result<Self, WireError> {
        let response = Self {
            throttle_time_ms: from.i32()?,
            error_code: ErrorCode(from.i16()?),
            producer_id: from.i64()?,
            producer_epoch: from.i16()?,
        };
        from.end_struct()?;
        Ok(response)
    }
}
