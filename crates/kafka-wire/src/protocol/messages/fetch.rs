//! Fetch, key 1, versions 4-17: the request. Flexible from 12.
//!
//! 5: log start offset. 7: sessions (KIP-227; session 0 and epoch -1 ask for everything and keep none). 9: current leader
//! epoch (KIP-320). 10: zstd allowed (KIP-110). 11: rack and preferred replica (KIP-392). 12: last fetched epoch and
//! diverging epoch (KIP-595). 13: topics by id (KIP-516). 15: the replica id moved into a tagged field that only brokers
//! send (KIP-903). 16: endpoints of leaders (KIP-951). 17: a field of followers (KIP-853).

mod response;

use std::ops::RangeInclusive;

pub use response::{AbortedTransaction, EpochEndOffset, FetchPartitionResponse, FetchResponse, FetchTopicResponse};

use crate::protocol::{ApiKey, Decode, Encode, Reader, Request, TopicId, WireError, Writer};

/// Sees every record.
pub const READ_UNCOMMITTED: i8 = 0;
/// Sees no record of a transaction that is open or aborted.
pub const READ_COMMITTED: i8 = 1;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchRequest {
    /// 4-14; -1 is a consumer.
    pub replica_id: i32,
    pub max_wait_ms: i32,
    pub min_bytes: i32,
    pub max_bytes: i32,
    pub isolation_level: i8,
    /// 7+.
    pub session_id: i32,
    /// 7+; -1 is no session.
    pub session_epoch: i32,
    pub topics: Vec<FetchTopic>,
    /// 7+.
    pub forgotten_topics: Vec<ForgottenTopic>,
    /// 11+.
    pub rack_id: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FetchTopic {
    /// 4-12.
    pub name: String,
    /// 13+.
    pub topic_id: TopicId,
    pub partitions: Vec<FetchPartition>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchPartition {
    pub partition: i32,
    /// 9+; -1 is unknown.
    pub current_leader_epoch: i32,
    pub fetch_offset: i64,
    /// 12+; -1 is unknown.
    pub last_fetched_epoch: i32,
    /// 5+; -1 from a consumer.
    pub log_start_offset: i64,
    pub partition_max_bytes: i32,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ForgottenTopic {
    /// 7-12.
    pub name: String,
    /// 13+.
    pub topic_id: TopicId,
    pub partitions: Vec<i32>,
}

impl Default for FetchRequest {
    fn default() -> Self {
        Self {
            replica_id: -1,
            max_wait_ms: 0,
            min_bytes: 0,
            max_bytes: i32::MAX,
            isolation_level: READ_UNCOMMITTED,
            session_id: 0,
            session_epoch: -1,
            topics: Vec::new(),
            forgotten_topics: Vec::new(),
            rack_id: String::new(),
        }
    }
}

impl Default for FetchPartition {
    fn default() -> Self {
        Self {
            partition: 0,
            current_leader_epoch: -1,
            fetch_offset: 0,
            last_fetched_epoch: -1,
            log_start_offset: -1,
            partition_max_bytes: 0,
        }
    }
}

impl Request for FetchRequest {
    const KEY: ApiKey = ApiKey::Fetch;
    const VERSIONS: RangeInclusive<i16> = 4..=17;
    type Response = FetchResponse;
}

impl Encode for FetchRequest {
    fn encode(&self, to: &mut Writer, version: i16) {
        if version <= 14 {
            to.i32(self.replica_id);
        }
        to.i32(self.max_wait_ms);
        to.i32(self.min_bytes);
        to.i32(self.max_bytes);
        to.i8(self.isolation_level);
        if version >= 7 {
            to.i32(self.session_id);
            to.i32(self.session_epoch);
        }
        to.array(&self.topics, version);
        if version >= 7 {
            to.array(&self.forgotten_topics, version);
        }
        if version >= 11 {
            to.string(&self.rack_id);
        }
        to.end_struct();
    }
}

impl Decode for FetchRequest {
    const MIN_SIZE: usize = 14;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let request = Self {
            replica_id: if version <= 14 { from.i32()? } else { -1 },
            max_wait_ms: from.i32()?,
            min_bytes: from.i32()?,
            max_bytes: from.i32()?,
            isolation_level: from.i8()?,
            session_id: if version >= 7 { from.i32()? } else { 0 },
            session_epoch: if version >= 7 { from.i32()? } else { -1 },
            topics: from.array(version)?,
            forgotten_topics: if version >= 7 { from.array(version)? } else { Vec::new() },
            rack_id: if version >= 11 { from.string()? } else { String::new() },
        };
        from.end_struct()?;
        Ok(request)
    }
}

impl Encode for FetchTopic {
    fn encode(&self, to: &mut Writer, version: i16) {
        if version <= 12 {
            to.string(&self.name);
        } else {
            to.topic_id(self.topic_id);
        }
        to.array(&self.partitions, version);
        to.end_struct();
    }
}

impl Decode for FetchTopic {
    const MIN_SIZE: usize = 3;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let topic = Self {
            name: if version <= 12 { from.string()? } else { String::new() },
            topic_id: if version >= 13 { from.topic_id()? } else { TopicId::NONE },
            partitions: from.array(version)?,
        };
        from.end_struct()?;
        Ok(topic)
    }
}

impl Encode for FetchPartition {
    fn encode(&self, to: &mut Writer, version: i16) {
        to.i32(self.partition);
        if version >= 9 {
            to.i32(self.current_leader_epoch);
        }
        to.i64(self.fetch_offset);
        if version >= 12 {
            to.i32(self.last_fetched_epoch);
        }
        if version >= 5 {
            to.i64(self.log_start_offset);
        }
        to.i32(self.partition_max_bytes);
        to.end_struct();
    }
}

impl Decode for FetchPartition {
    const MIN_SIZE: usize = 16;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let partition = Self {
            partition: from.i32()?,
            current_leader_epoch: if version >= 9 { from.i32()? } else { -1 },
            fetch_offset: from.i64()?,
            last_fetched_epoch: if version >= 12 { from.i32()? } else { -1 },
            log_start_offset: if version >= 5 { from.i64()? } else { -1 },
            partition_max_bytes: from.i32()?,
        };
        from.end_struct()?;
        Ok(partition)
    }
}

impl Encode for ForgottenTopic {
    fn encode(&self, to: &mut Writer, version: i16) {
        if version <= 12 {
            to.string(&self.name);
        } else {
            to.topic_id(self.topic_id);
        }
        to.i32_array(&self.partitions);
        to.end_struct();
    }
}

impl Decode for ForgottenTopic {
    const MIN_SIZE: usize = 3;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError> {
        let topic = Self {
            name: if version <= 12 { from.string()? } else { String::new() },
            topic_id: if version >= 13 { from.topic_id()? } else { TopicId::NONE },
            partitions: from.i32_array()?,
        };
        from.end_struct()?;
        Ok(topic)
    }
}
