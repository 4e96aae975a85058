//! DescribeCluster, key 60, versions 0-2. Flexible from 0.
//!
//! 1: brokers or controllers (KIP-919). 2: fenced brokers (KIP-1073).

use std::ops::RangeInclusive;

use super::OPERATIONS_NOT_ASKED_FOR;
use crate::protocol::{ApiKey, Decode, Encode, ErrorCode, Reader, Request, WireError, Writer};

/// The endpoints are brokers.
pub const ENDPOINT_BROKERS: i8 = 1;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribeClusterRequest {
    pub include_cluster_authorized_operations: bool,
    /// 1+.
    pub endpoint_type: i8,
    /// 2+.
    pub include_fenced_brokers: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribeClusterResponse {
    pub throttle_time_ms: i32,
    pub error_code: ErrorCode,
    pub error_message: Option<String>,
    /// 1+.
    pub endpoint_type: i8,
    pub cluster_id: String,
    pub controller_id: i32,
    pub brokers: Vec<ClusterBroker>,
    pub cluster_authorized_operations: i32,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterBroker {
    pub broker_id: i32,
    pub host: String,
    pub port: i32,
    pub rack: Option<String>,
    /// 2+.
    pub is_fenced: bool,
}

impl Default for DescribeClusterRequest {
    fn default() -> Self {
        Self {
            include_cluster_authorized_operations: false,
            endpoint_type: ENDPOINT_BROKERS,
            include_fenced_brokers: false,
        }
    }
}

impl Default for DescribeClusterResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: ErrorCode::NONE,
            error_message: None,
            endpoint_type: ENDPOINT_BROKERS,
            cluster_id: String::new(),
            controller_id: -1,
            brokers: Vec::new(),
            cluster_authorized_operations: OPERATIONS_NOT_ASKED_FOR,
        }
    }
}

impl Request for DescribeClusterRequest {
    const KEY: ApiKey = ApiKey::DescribeCluster;
    const VERSIONS: RangeInclusive<i16> = 0..=2;
    type Response = DescribeClusterResponse;
}

impl Encode for DescribeClusterRequest {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.bool(self.include_cluster_authorized_operations);
        if version >= 1 {
            to.i8(self.endpoint_type);
        }
        if version >= 2 {
            to.bool(self.include_fenced_brokers);
        }
        to.end_struct();
    }
}

impl Decode for DescribeClusterRequest {
    const MIN_SIZE: usize = 2;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let request = Self {
            include_cluster_authorized_operations: from.bool()?,
            endpoint_type: if version >= 1 { from.i8()? } else { ENDPOINT_BROKERS },
            include_fenced_brokers: version >= 2 && from.bool()?,
        };
        from.end_struct()?;
        Ok(request)
    }
}

impl Encode for DescribeClusterResponse {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.i32(self.throttle_time_ms);
        to.i16(self.error_code.0);
        to.nullable_string(self.error_message.as_deref());
        if version >= 1 {
            to.i8(self.endpoint_type);
        }
        to.string(&self.cluster_id);
        to.i32(self.controller_id);
        to.array(&self.brokers, version);
        to.i32(self.cluster_authorized_operations);
        to.end_struct();
    }
}

impl Decode for DescribeClusterResponse {
    const MIN_SIZE: usize = 18;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let response = Self {
            throttle_time_ms: from.i32()?,
            error_code: ErrorCode(from.i16()?),
            error_message: from.nullable_string()?,
            endpoint_type: if version >= 1 { from.i8()? } else { ENDPOINT_BROKERS },
            cluster_id: from.string()?,
            controller_id: from.i32()?,
            brokers: from.array(version)?,
            cluster_authorized_operations: from.i32()?,
        };
        from.end_struct()?;
        Ok(response)
    }
}

impl Encode for ClusterBroker {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.i32(self.broker_id);
        to.string(&self.host);
        to.i32(self.port);
        to.nullable_string(self.rack.as_deref());
        if version >= 2 {
            to.bool(self.is_fenced);
        }
        to.end_struct();
    }
}

impl Decode for ClusterBroker {
    const MIN_SIZE: usize = 11;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let broker = Self {
            broker_id: from.i32()?,
            host: from.string()?,
            port: from.i32()?,
            rack: from.nullable_string()?,
            is_fenced: version >= 2 && from.bool()?,
        };
        from.end_struct()?;
        Ok(broker)
    }
}
