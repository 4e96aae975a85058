//! ApiVersions, key 18, versions 0-4. Flexible from 3, but its response header never is (KIP-511).
//!
//! 1 adds the throttle time. 3 adds the client's software to the request and features to the response as tagged fields
//! (KIP-584). 4 allows features whose lowest version is 0 (KAFKA-17011). A broker that does not know the version answers
//! with a version 0 body, UNSUPPORTED_VERSION and its list.

use std::ops::RangeInclusive;

use crate::protocol::{ApiKey, Decode, Encode, ErrorCode, Reader, Request, TaggedField, WireError, Writer};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiVersionsRequest {
    /// 3+.
    pub client_software_name: String,
    /// 3+.
    pub client_software_version: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiVersionsResponse {
    pub error_code: ErrorCode,
    pub api_keys: Vec<ApiVersion>,
    /// 1+.
    pub throttle_time_ms: i32,
    /// 3+, tag 0.
    pub supported_features: Vec<SupportedFeature>,
    /// 3+, tag 1; -1 is unknown.
    pub finalized_features_epoch: i64,
    /// 3+, tag 2.
    pub finalized_features: Vec<FinalizedFeature>,
}

/// The versions of one API that the broker answers; the key is a number, since it may be one that we do not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ApiVersion {
    pub api_key: i16,
    pub min_version: i16,
    pub max_version: i16,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SupportedFeature {
    pub name: String,
    pub min_version: i16,
    pub max_version: i16,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FinalizedFeature {
    pub name: String,
    pub max_version_level: i16,
    pub min_version_level: i16,
}

impl Default for ApiVersionsResponse {
    fn default() -> Self {
        Self {
            error_code: ErrorCode::NONE,
            api_keys: Vec::new(),
            throttle_time_ms: 0,
            supported_features: Vec::new(),
            finalized_features_epoch: -1,
            finalized_features: Vec::new(),
        }
    }
}

impl Request for ApiVersionsRequest {
    const KEY: ApiKey = ApiKey::ApiVersions;
    const VERSIONS: RangeInclusive<i16> = 0..=4;
    type Response = ApiVersionsResponse;
}

impl Encode for ApiVersionsRequest {
    fn encode(&self, to: &mut Writer, version: i16) {
        if version >= 3 {
            to.string(&self.client_software_name);
            to.string(&self.client_software_version);
        }
        to.end_struct();
    }
}

impl Decode for ApiVersionsRequest {
    const MIN_SIZE: usize = 0;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let mut request = Self::default();
        if version >= 3 {
            request.client_software_name = from.string()?;
            request.client_software_version = from.string()?;
        }
        from.end_struct()?;
        Ok(request)
    }
}

impl Encode for ApiVersionsResponse {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.i16(self.error_code.0);
        to.array(&self.api_keys, version);
        if version >= 1 {
            to.i32(self.throttle_time_ms);
        }
        let mut tagged = Vec::new();
        if !self.supported_features.is_empty() {
            tagged.push(TaggedField::new(0, |to| to.array(&self.supported_features, version)));
        }
        if self.finalized_features_epoch != -1 {
            tagged.push(TaggedField::new(1, |to| to.i64(self.finalized_features_epoch)));
        }
        if !self.finalized_features.is_empty() {
            tagged.push(TaggedField::new(2, |to| to.array(&self.finalized_features, version)));
        }
        to.tagged_fields(tagged);
    }
}

impl Decode for ApiVersionsResponse {
    const MIN_SIZE: usize = 3;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let mut response = Self {
            error_code: ErrorCode(from.i16()?),
            api_keys: from.array(version)?,
            throttle_time_ms: if version >= 1 { from.i32()? } else { 0 },
            ..Self::default()
        };
        from.tagged_fields(|tag, field| {
            match tag {
                0 => response.supported_features = field.array(version)?,
                1 => response.finalized_features_epoch = field.i64()?,
                2 => response.finalized_features = field.array(version)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(response)
    }
}

impl Encode for ApiVersion {
    fn encode(&self, to: &mut Writer, _version: i16) {
        to.i16(self.api_key);
        to.i16(self.min_version);
        to.i16(self.max_version);
        to.end_struct();
    }
}

impl Decode for ApiVersion {
    const MIN_SIZE: usize = 6;

    fn decode(from: &mut Reader, _version: i16) -> Result<Self, WireError> {
        let api = Self { api_key: from.i16()?, min_version: from.i16()?, max_version: from.i16()? };
        from.end_struct()?;
        Ok(api)
    }
}

impl Encode for SupportedFeature {
    fn encode(&self, to: &mut Writer, _version: i16) {
        to.string(&self.name);
        to.i16(self.min_version);
        to.i16(self.max_version);
        to.end_struct();
    }
}

impl Decode for SupportedFeature {
    const MIN_SIZE: usize = 6;

    fn decode(from: &mut Reader, _version: i16) -> Result<Self, WireError> {
        let feature = Self { name: from.string()?, min_version: from.i16()?, max_version: from.i16()? };
        from.end_struct()?;
        Ok(feature)
    }
}

impl Encode for FinalizedFeature {
    fn encode(&self, to: &mut Writer, _version: i16) {
        to.string(&self.name);
        to.i16(self.max_version_level);
        to.i16(self.min_version_level);
        to.end_struct();
    }
}

impl Decode for FinalizedFeature {
    const MIN_SIZE: usize = 6;

    fn decode(from: &mut Reader, _version: i16) -> Result<Self, WireError> {
        let feature = Self { name: from.string()?, max_version_level: from.i16()?, min_version_level: from.i16()? };
        from.end_struct()?;
        Ok(feature)
    }
}
