//! DescribeConfigs, key 32, versions 1-4. Flexible from 4.
//!
//! 1: where a setting comes from, and synonyms. 3: types and documentation (KIP-569).

use std::ops::RangeInclusive;

use crate::protocol::{ApiKey, Decode, Encode, ErrorCode, Reader, Request, WireError, Writer};

/// The resource is a topic.
pub const RESOURCE_TOPIC: i8 = 2;
/// The resource is a broker, by its node id in decimal.
pub const RESOURCE_BROKER: i8 = 4;

/// The setting was given when the topic was made or changed since.
pub const SOURCE_TOPIC: i8 = 1;
/// The setting stands in the broker's own configuration.
pub const SOURCE_STATIC_BROKER: i8 = 4;
/// Nobody set it.
pub const SOURCE_DEFAULT: i8 = 5;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DescribeConfigsRequest {
    pub resources: Vec<ConfigResource>,
    pub include_synonyms: bool,
    /// 3+.
    pub include_documentation: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigResource {
    pub resource_type: i8,
    pub resource_name: String,
    /// `None` for all.
    pub configuration_keys: Option<Vec<String>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DescribeConfigsResponse {
    pub throttle_time_ms: i32,
    pub results: Vec<ConfigResourceResult>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigResourceResult {
    pub error_code: ErrorCode,
    pub error_message: Option<String>,
    pub resource_type: i8,
    pub resource_name: String,
    pub configs: Vec<ConfigEntry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigEntry {
    pub name: String,
    pub value: Option<String>,
    pub read_only: bool,
    pub config_source: i8,
    pub is_sensitive: bool,
    pub synonyms: Vec<ConfigSynonym>,
    /// 3+; 0 is unknown, 1 boolean, 2 string, 3 int, 4 short, 5 long, 6 double, 7 list, 8 class, 9 password.
    pub config_type: i8,
    /// 3+.
    pub documentation: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigSynonym {
    pub name: String,
    pub value: Option<String>,
    pub source: i8,
}

impl Default for ConfigEntry {
    fn default() -> Self {
        Self {
            name: String::new(),
            value: None,
            read_only: false,
            config_source: -1,
            is_sensitive: false,
            synonyms: Vec::new(),
            config_type: 0,
            documentation: None,
        }
    }
}

impl Request for DescribeConfigsRequest {
    const KEY: ApiKey = ApiKey::DescribeConfigs;
    const VERSIONS: RangeInclusive<i16> = 1..=4;
    type Response = DescribeConfigsResponse;
}

impl Encode for DescribeConfigsRequest {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.array(&self.resources, version);
        to.bool(self.include_synonyms);
        if version >= 3 {
            to.bool(self.include_documentation);
        }
        to.end_struct();
    }
}

impl Decode for DescribeConfigsRequest {
    const MIN_SIZE: usize = 4;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let request = Self {
            resources: from.array(version)?,
            include_synonyms: from.bool()?,
            include_documentation: version >= 3 && from.bool()?,
        };
        from.end_struct()?;
        Ok(request)
    }
}

impl Encode for ConfigResource {
    fn encode(&self, to: &mut Writer, _version: i16) {
        to.i8(self.resource_type);
        to.string(&self.resource_name);
        to.nullable_string_array(self.configuration_keys.as_deref());
        to.end_struct();
    }
}

impl Decode for ConfigResource {
    const MIN_SIZE: usize = 4;

    fn decode(from: &mut Reader, _version: i16) -> Result<Self, WireError> {
        let resource = Self {
            resource_type: from.i8()?,
            resource_name: from.string()?,
            configuration_keys: from.nullable_array_with(1, Reader::string)?,
        };
        from.end_struct()?;
        Ok(resource)
    }
}

impl Encode for DescribeConfigsResponse {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.i32(self.throttle_time_ms);
        to.array(&self.results, version);
        to.end_struct();
    }
}

impl Decode for DescribeConfigsResponse {
    const MIN_SIZE: usize = 5;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let response = Self { throttle_time_ms: from.i32()?, results: from.array(version)? };
        from.end_struct()?;
        Ok(response)
    }
}

impl Encode for ConfigResourceResult {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.i16(self.error_code.0);
        to.nullable_string(self.error_message.as_deref());
        to.i8(self.resource_type);
        to.string(&self.resource_name);
        to.array(&self.configs, version);
        to.end_struct();
    }
}

impl Decode for ConfigResourceResult {
    const MIN_SIZE: usize = 7;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let result = Self {
            error_code: ErrorCode(from.i16()?),
            error_message: from.nullable_string()?,
            resource_type: from.i8()?,
            resource_name: from.string()?,
            configs: from.array(version)?,
        };
        from.end_struct()?;
        Ok(result)
    }
}

impl Encode for ConfigEntry {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.string(&self.name);
        to.nullable_string(self.value.as_deref());
        to.bool(self.read_only);
        to.i8(self.config_source);
        to.bool(self.is_sensitive);
        to.array(&self.synonyms, version);
        if version >= 3 {
            to.i8(self.config_type);
            to.nullable_string(self.documentation.as_deref());
        }
        to.end_struct();
    }
}

impl Decode for ConfigEntry {
    const MIN_SIZE: usize = 7;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let entry = Self {
            name: from.string()?,
            value: from.nullable_string()?,
            read_only: from.bool()?,
            config_source: from.i8()?,
            is_sensitive: from.bool()?,
            synonyms: from.array(version)?,
            config_type: if version >= 3 { from.i8()? } else { 0 },
            documentation: if version >= 3 { from.nullable_string()? } else { None },
        };
        from.end_struct()?;
        Ok(entry)
    }
}

impl Encode for ConfigSynonym {
    fn encode(&self, to: &mut Writer, _version: i16) {
        to.string(&self.name);
        to.nullable_string(self.value.as_deref());
        to.i8(self.source);
        to.end_struct();
    }
}

impl Decode for ConfigSynonym {
    const MIN_SIZE: usize = 4;

    fn decode(from: &mut Reader, _version: i16) -> Result<Self, WireError> {
        let synonym = Self { name: from.string()?, value: from.nullable_string()?, source: from.i8()? };
        from.end_struct()?;
        Ok(synonym)
    }
}
