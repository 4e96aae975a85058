//! What can be wrong with bytes that claim to be a Kafka message, or with a message that is to become bytes.

use base::Error;

/// Why a message could not be decoded or encoded. A connection that sent such bytes cannot be trusted further.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    #[error("a field needs {wanted} bytes and {left} are left")]
    Truncated { wanted: usize, left: usize },
    #[error("{left} bytes are left after the end of the message")]
    Trailing { left: usize },
    #[error("{0} is no valid length")]
    BadLength(i64),
    #[error("a variable-length integer has more than 5 bytes")]
    BadVarint,
    #[error("{count} elements cannot be in the {left} bytes that are left")]
    BadCount { count: usize, left: usize },
    #[error("decoding would take {wanted} more bytes of memory and {left} are allowed")]
    AllowanceExceeded { wanted: usize, left: usize },
    #[error("a string is not UTF-8")]
    NotUtf8,
    #[error("a field that must not be null is null")]
    UnexpectedNull,
    #[error("api key {0} is unknown")]
    UnknownApiKey(i16),
    #[error("{api} has no version {version} here")]
    UnsupportedVersion { api: &'static str, version: i16 },
    #[error("the response answers request {got}, not {expected}")]
    WrongCorrelation { expected: i32, got: i32 },
    #[error("{what} has {length} bytes or elements, too many for the protocol")]
    TooLong { what: &'static str, length: usize },
    #[error("version {version} cannot carry {what}")]
    NotInVersion { what: &'static str, version: i16 },
}

impl From<WireError> for Error {
    fn from(error: WireError) -> Self {
        Error::external("a Kafka message is malformed").detail(error.to_string()).caused_by(error)
    }
}
