//! DeleteTopics, key 20, versions 1-6. Flexible from 4.
//!
//! 5: error messages. 6: topics by name or by id (KIP-516).

use std::ops::RangeInclusive;

use crate::protocol::{ApiKey, Decode, Encode, ErrorCode, Reader, Request, TopicId, WireError, Writer};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteTopicsRequest {
    pub topics: Vec<DeleteTopic>,
    pub timeout_ms: i32,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteTopic {
    /// Must be there before 6; then either a name or an id.
    pub name: Option<String>,
    /// 6+.
    pub topic_id: TopicId,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteTopicsResponse {
    pub throttle_time_ms: i32,
    pub topics: Vec<DeletedTopic>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeletedTopic {
    /// `None` only in 6+.
    pub name: Option<String>,
    /// 6+.
    pub topic_id: TopicId,
    pub error_code: ErrorCode,
    /// 5+.
    pub error_message: Option<String>,
}

impl Request for DeleteTopicsRequest {
    const KEY: ApiKey = ApiKey::DeleteTopics;
    const VERSIONS: RangeInclusive<i16> = 1..=6;
    type Response = DeleteTopicsResponse;
}

impl Encode for DeleteTopicsRequest {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.array(&self.topics, version);
        to.i32(self.timeout_ms);
        to.end_struct();
    }
}

impl Decode for DeleteTopicsRequest {
    const MIN_SIZE: usize = 5;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let request = Self { topics: from.array(version)?, timeout_ms: from.i32()? };
        from.end_struct()?;
        Ok(request)
    }
}

/// Before 6 a bare string without tagged fields.
impl Encode for DeleteTopic {
    fn encode(&self, to: &mut Writer, version: i16) {
        if version >= 6 {
            to.nullable_string(self.name.as_deref());
            to.topic_id(self.topic_id);
            to.end_struct();
        } else {
            match &self.name {
                Some(name) => to.string(name),
                None => to.refuse(WireError::NotInVersion { what: "a topic without a name", version }),
            }
        }
    }
}

impl Decode for DeleteTopic {
    const MIN_SIZE: usize = 1;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        if version < 6 {
            return Ok(Self { name: Some(from.string()?), topic_id: TopicId::NONE });
        }
        let topic = Self { name: from.nullable_string()?, topic_id: from.topic_id()? };
        from.end_struct()?;
        Ok(topic)
    }
}

impl Encode for DeleteTopicsResponse {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.i32(self.throttle_time_ms);
        to.array(&self.topics, version);
        to.end_struct();
    }
}

impl Decode for DeleteTopicsResponse {
    const MIN_SIZE: usize = 5;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let response = Self { throttle_time_ms: from.i32()?, topics: from.array(version)? };
        from.end_struct()?;
        Ok(response)
    }
}

impl Encode for DeletedTopic {
    fn encode(&self, to: &mut Writer, version: i16) {
        match &self.name {
            None if version < 6 => to.refuse(WireError::NotInVersion { what: "a topic without a name", version }),
            name => to.nullable_string(name.as_deref()),
        }
        if version >= 6 {
            to.topic_id(self.topic_id);
        }
        to.i16(self.error_code.0);
        if version >= 5 {
            to.nullable_string(self.error_message.as_deref());
        }
        to.end_struct();
    }
}

impl Decode for DeletedTopic {
    const MIN_SIZE: usize = 4;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let topic = Self {
            name: if version >= 6 { from.nullable_string()? } else { Some(from.string()?) },
            topic_id: if version >= 6 { from.topic_id()? } else { TopicId::NONE },
            error_code: ErrorCode(from.i16()?),
            error_message: if version >= 5 { from.nullable_string()? } else { None },
        };
        from.end_struct()?;
        Ok(topic)
    }
}
