//! FindCoordinator, key 10, versions 0-6. Flexible from 3.
//!
//! 1: key type, error message, throttle time. 4: several keys at once (KIP-699). 5, 6: the same bytes (KIP-890, share
//! groups). Here a request always has a list of keys and a response a list of coordinators; before 4 exactly one of them
//! is on the wire, and the coordinator's `key` is empty.

use std::ops::RangeInclusive;

use crate::protocol::{ApiKey, Decode, Encode, ErrorCode, Reader, Request, WireError, Writer};

/// The key is a consumer group.
pub const GROUP: i8 = 0;
/// The key is a transactional id; 1+.
pub const TRANSACTION: i8 = 1;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FindCoordinatorRequest {
    /// 1+.
    pub key_type: i8,
    /// Exactly one before 4.
    pub keys: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FindCoordinatorResponse {
    /// 1+.
    pub throttle_time_ms: i32,
    /// Exactly one before 4.
    pub coordinators: Vec<Coordinator>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coordinator {
    /// 4+.
    pub key: String,
    pub node_id: i32,
    pub host: String,
    pub port: i32,
    pub error_code: ErrorCode,
    /// 1+.
    pub error_message: Option<String>,
}

impl Default for Coordinator {
    fn default() -> Self {
        Self {
            key: String::new(),
            node_id: -1,
            host: String::new(),
            port: -1,
            error_code: ErrorCode::NONE,
            error_message: None,
        }
    }
}

impl Request for FindCoordinatorRequest {
    const KEY: ApiKey = ApiKey::FindCoordinator;
    const VERSIONS: RangeInclusive<i16> = 0..=6;
    type Response = FindCoordinatorResponse;
}

impl Encode for FindCoordinatorRequest {
    fn encode(&self, to: &mut Writer, version: i16) {
        match self.keys.as_slice() {
            [key] if version < 4 => to.string(key),
            _ if version < 4 => to.refuse(WireError::NotInVersion { what: "several keys or none", version }),
            _ => {}
        }
        if version >= 1 {
            to.i8(self.key_type);
        } else if self.key_type != GROUP {
            to.refuse(WireError::NotInVersion { what: "a key that is no group", version });
        }
        if version >= 4 {
            to.string_array(&self.keys);
        }
        to.end_struct();
    }
}

impl Decode for FindCoordinatorRequest {
    const MIN_SIZE: usize = 2;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let key = if version < 4 { Some(from.string()?) } else { None };
        let key_type = if version >= 1 { from.i8()? } else { GROUP };
        let keys = match key {
            Some(key) => vec![key],
            None => from.string_array()?,
        };
        from.end_struct()?;
        Ok(Self { key_type, keys })
    }
}

impl Encode for FindCoordinatorResponse {
    fn encode(&self, to: &mut Writer, version: i16) {
        if version >= 1 {
            to.i32(self.throttle_time_ms);
        }
        match self.coordinators.as_slice() {
            coordinators if version >= 4 => to.array(coordinators, version),
            [only] => only.encode_alone(to, version),
            _ => to.refuse(WireError::NotInVersion { what: "several coordinators or none", version }),
        }
        to.end_struct();
    }
}

impl Decode for FindCoordinatorResponse {
    const MIN_SIZE: usize = 2;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let throttle_time_ms = if version >= 1 { from.i32()? } else { 0 };
        let coordinators =
            if version >= 4 { from.array(version)? } else { vec![Coordinator::decode_alone(from, version)?] };
        from.end_struct()?;
        Ok(Self { throttle_time_ms, coordinators })
    }
}

impl Coordinator {
    /// Before 4 the fields stand in the response itself, in another order.
    fn encode_alone(&self, to: &mut Writer, version: i16) {
        to.i16(self.error_code.0);
        if version >= 1 {
            to.nullable_string(self.error_message.as_deref());
        }
        to.i32(self.node_id);
        to.string(&self.host);
        to.i32(self.port);
    }

    fn decode_alone(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let error_code = ErrorCode(from.i16()?);
        let error_message = if version >= 1 { from.nullable_string()? } else { None };
        let (node_id, host, port) = (from.i32()?, from.string()?, from.i32()?);
        Ok(Self { key: String::new(), node_id, host, port, error_code, error_message })
    }
}

impl Encode for Coordinator {
    fn encode(&self, to: &mut Writer, _version: i16) {
        to.string(&self.key);
        to.i32(self.node_id);
        to.string(&self.host);
        to.i32(self.port);
        to.i16(self.error_code.0);
        to.nullable_string(self.error_message.as_deref());
        to.end_struct();
    }
}

impl Decode for Coordinator {
    const MIN_SIZE: usize = 14;

    fn decode(from: &mut Reader, _version: i16) -> Result<Self, WireError> {
        let coordinator = Self {
            key: from.string()?,
            node_id: from.i32()?,
            host: from.string()?,
            port: from.i32()?,
            error_code: ErrorCode(from.i16()?),
            error_message: from.nullable_string()?,
        };
        from.end_struct()?;
        Ok(coordinator)
    }
}
