//! Kafka's error codes. Unknown ones are kept as they are.

use std::fmt;

/// An error code as the protocol carries it; 0 is none.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct ErrorCode(pub i16);

/// Number, name, and whether a client should refresh its metadata or wait and try again.
const KNOWN: [(ErrorCode, &str, bool); 50] = [
    (ErrorCode::UNKNOWN_SERVER_ERROR, "UNKNOWN_SERVER_ERROR", false),
    (ErrorCode::NONE, "NONE", false),
    (ErrorCode::OFFSET_OUT_OF_RANGE, "OFFSET_OUT_OF_RANGE", false),
    (ErrorCode::CORRUPT_MESSAGE, "CORRUPT_MESSAGE", true),
    (ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, "UNKNOWN_TOPIC_OR_PARTITION", true),
    (ErrorCode::LEADER_NOT_AVAILABLE, "LEADER_NOT_AVAILABLE", true),
    (ErrorCode::NOT_LEADER_OR_FOLLOWER, "NOT_LEADER_OR_FOLLOWER", true),
    (ErrorCode::REQUEST_TIMED_OUT, "REQUEST_TIMED_OUT", true),
    (ErrorCode::REPLICA_NOT_AVAILABLE, "REPLICA_NOT_AVAILABLE", true),
    (ErrorCode::MESSAGE_TOO_LARGE, "MESSAGE_TOO_LARGE", false),
    (ErrorCode::OFFSET_METADATA_TOO_LARGE, "OFFSET_METADATA_TOO_LARGE", false),
    (ErrorCode::NETWORK_EXCEPTION, "NETWORK_EXCEPTION", true),
    (ErrorCode::COORDINATOR_LOAD_IN_PROGRESS, "COORDINATOR_LOAD_IN_PROGRESS", true),
    (ErrorCode::COORDINATOR_NOT_AVAILABLE, "COORDINATOR_NOT_AVAILABLE", true),
    (ErrorCode::NOT_COORDINATOR, "NOT_COORDINATOR", true),
    (ErrorCode::INVALID_TOPIC_EXCEPTION, "INVALID_TOPIC_EXCEPTION", false),
    (ErrorCode::RECORD_LIST_TOO_LARGE, "RECORD_LIST_TOO_LARGE", false),
    (ErrorCode::NOT_ENOUGH_REPLICAS, "NOT_ENOUGH_REPLICAS", true),
    (ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND, "NOT_ENOUGH_REPLICAS_AFTER_APPEND", true),
    (ErrorCode::INVALID_REQUIRED_ACKS, "INVALID_REQUIRED_ACKS", false),
    (ErrorCode::INVALID_GROUP_ID, "INVALID_GROUP_ID", false),
    (ErrorCode::UNKNOWN_MEMBER_ID, "UNKNOWN_MEMBER_ID", false),
    (ErrorCode::TOPIC_AUTHORIZATION_FAILED, "TOPIC_AUTHORIZATION_FAILED", false),
    (ErrorCode::GROUP_AUTHORIZATION_FAILED, "GROUP_AUTHORIZATION_FAILED", false),
    (ErrorCode::CLUSTER_AUTHORIZATION_FAILED, "CLUSTER_AUTHORIZATION_FAILED", false),
    (ErrorCode::INVALID_TIMESTAMP, "INVALID_TIMESTAMP", false),
    (ErrorCode::UNSUPPORTED_VERSION, "UNSUPPORTED_VERSION", false),
    (ErrorCode::TOPIC_ALREADY_EXISTS, "TOPIC_ALREADY_EXISTS", false),
    (ErrorCode::INVALID_PARTITIONS, "INVALID_PARTITIONS", false),
    (ErrorCode::INVALID_REPLICATION_FACTOR, "INVALID_REPLICATION_FACTOR", false),
    (ErrorCode::INVALID_REPLICA_ASSIGNMENT, "INVALID_REPLICA_ASSIGNMENT", false),
    (ErrorCode::INVALID_CONFIG, "INVALID_CONFIG", false),
    (ErrorCode::INVALID_REQUEST, "INVALID_REQUEST", false),
    (ErrorCode::UNSUPPORTED_FOR_MESSAGE_FORMAT, "UNSUPPORTED_FOR_MESSAGE_FORMAT", false),
    (ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, "OUT_OF_ORDER_SEQUENCE_NUMBER", false),
    (ErrorCode::DUPLICATE_SEQUENCE_NUMBER, "DUPLICATE_SEQUENCE_NUMBER", false),
    (ErrorCode::INVALID_PRODUCER_EPOCH, "INVALID_PRODUCER_EPOCH", false),
    (ErrorCode::KAFKA_STORAGE_ERROR, "KAFKA_STORAGE_ERROR", true),
    (ErrorCode::UNKNOWN_PRODUCER_ID, "UNKNOWN_PRODUCER_ID", false),
    (ErrorCode::FETCH_SESSION_ID_NOT_FOUND, "FETCH_SESSION_ID_NOT_FOUND", true),
    (ErrorCode::LISTENER_NOT_FOUND, "LISTENER_NOT_FOUND", true),
    (ErrorCode::FENCED_LEADER_EPOCH, "FENCED_LEADER_EPOCH", true),
    (ErrorCode::UNKNOWN_LEADER_EPOCH, "UNKNOWN_LEADER_EPOCH", true),
    (ErrorCode::UNSUPPORTED_COMPRESSION_TYPE, "UNSUPPORTED_COMPRESSION_TYPE", false),
    (ErrorCode::OFFSET_NOT_AVAILABLE, "OFFSET_NOT_AVAILABLE", true),
    (ErrorCode::GROUP_MAX_SIZE_REACHED, "GROUP_MAX_SIZE_REACHED", false),
    (ErrorCode::INVALID_RECORD, "INVALID_RECORD", false),
    (ErrorCode::UNKNOWN_TOPIC_ID, "UNKNOWN_TOPIC_ID", true),
    (ErrorCode::UNSTABLE_OFFSET_COMMIT, "UNSTABLE_OFFSET_COMMIT", true),
    (ErrorCode::THROTTLING_QUOTA_EXCEEDED, "THROTTLING_QUOTA_EXCEEDED", true),
];

impl ErrorCode {
    pub const UNKNOWN_SERVER_ERROR: Self = Self(-1);
    pub const NONE: Self = Self(0);
    pub const OFFSET_OUT_OF_RANGE: Self = Self(1);
    pub const CORRUPT_MESSAGE: Self = Self(2);
    pub const UNKNOWN_TOPIC_OR_PARTITION: Self = Self(3);
    pub const LEADER_NOT_AVAILABLE: Self = Self(5);
    pub const NOT_LEADER_OR_FOLLOWER: Self = Self(6);
    pub const REQUEST_TIMED_OUT: Self = Self(7);
    pub const REPLICA_NOT_AVAILABLE: Self = Self(9);
    pub const MESSAGE_TOO_LARGE: Self = Self(10);
    pub const OFFSET_METADATA_TOO_LARGE: Self = Self(12);
    pub const NETWORK_EXCEPTION: Self = Self(13);
    pub const COORDINATOR_LOAD_IN_PROGRESS: Self = Self(14);
    pub const COORDINATOR_NOT_AVAILABLE: Self = Self(15);
    pub const NOT_COORDINATOR: Self = Self(16);
    pub const INVALID_TOPIC_EXCEPTION: Self = Self(17);
    pub const RECORD_LIST_TOO_LARGE: Self = Self(18);
    pub const NOT_ENOUGH_REPLICAS: Self = Self(19);
    pub const NOT_ENOUGH_REPLICAS_AFTER_APPEND: Self = Self(20);
    pub const INVALID_REQUIRED_ACKS: Self = Self(21);
    pub const INVALID_GROUP_ID: Self = Self(24);
    pub const UNKNOWN_MEMBER_ID: Self = Self(25);
    pub const TOPIC_AUTHORIZATION_FAILED: Self = Self(29);
    pub const GROUP_AUTHORIZATION_FAILED: Self = Self(30);
    pub const CLUSTER_AUTHORIZATION_FAILED: Self = Self(31);
    pub const INVALID_TIMESTAMP: Self = Self(32);
    pub const UNSUPPORTED_VERSION: Self = Self(35);
    pub const TOPIC_ALREADY_EXISTS: Self = Self(36);
    pub const INVALID_PARTITIONS: Self = Self(37);
    pub const INVALID_REPLICATION_FACTOR: Self = Self(38);
    pub const INVALID_REPLICA_ASSIGNMENT: Self = Self(39);
    pub const INVALID_CONFIG: Self = Self(40);
    pub const INVALID_REQUEST: Self = Self(42);
    pub const UNSUPPORTED_FOR_MESSAGE_FORMAT: Self = Self(43);
    pub const OUT_OF_ORDER_SEQUENCE_NUMBER: Self = Self(45);
    pub const DUPLICATE_SEQUENCE_NUMBER: Self = Self(46);
    pub const INVALID_PRODUCER_EPOCH: Self = Self(47);
    pub const KAFKA_STORAGE_ERROR: Self = Self(56);
    pub const UNKNOWN_PRODUCER_ID: Self = Self(59);
    pub const FETCH_SESSION_ID_NOT_FOUND: Self = Self(70);
    pub const LISTENER_NOT_FOUND: Self = Self(72);
    pub const FENCED_LEADER_EPOCH: Self = Self(74);
    pub const UNKNOWN_LEADER_EPOCH: Self = Self(75);
    pub const UNSUPPORTED_COMPRESSION_TYPE: Self = Self(76);
    pub const OFFSET_NOT_AVAILABLE: Self = Self(78);
    pub const GROUP_MAX_SIZE_REACHED: Self = Self(81);
    pub const INVALID_RECORD: Self = Self(87);
    pub const UNSTABLE_OFFSET_COMMIT: Self = Self(88);
    pub const THROTTLING_QUOTA_EXCEEDED: Self = Self(89);
    pub const UNKNOWN_TOPIC_ID: Self = Self(100);

    pub const fn is_ok(self) -> bool {
        self.0 == 0
    }

    /// Whether the same request may succeed later, as Kafka's clients see it; unknown codes may not.
    pub fn is_retriable(self) -> bool {
        KNOWN.iter().any(|(code, _, retriable)| *code == self && *retriable)
    }

    /// `Ok` for 0, else itself.
    pub const fn into_result(self) -> Result<(), Self> {
        if self.is_ok() { Ok(()) } else { Err(self) }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match KNOWN.iter().find(|(code, ..)| code == self) {
            Some((_, name, _)) => f.write_str(name),
            None => write!(f, "error code {}", self.0),
        }
    }
}

impl fmt::Debug for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl std::error::Error for ErrorCode {}

#[cfg(test)]
mod tests;
