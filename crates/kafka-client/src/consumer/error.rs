//! Why a partition cannot be read on.

use base::{Error, Offset};
use kafka_wire::protocol::TopicId;
use kafka_wire::records::BatchError;

use crate::partition::TopicPartition;

/// What [`crate::Consumer::next`] fails with, for callers that tell cases apart.
#[derive(Debug, thiserror::Error)]
pub enum ConsumerError {
    /// The topic was deleted and made again: its offsets mean other records.
    #[error("the topic of {partition} was recreated: it had the id {expected} and has {found}")]
    TopicRecreated { partition: TopicPartition, expected: TopicId, found: TopicId },
    /// The topic or this partition of it is gone or never was.
    #[error("the topic or partition {partition} does not exist")]
    UnknownPartition { partition: TopicPartition },
    /// The log has no such offset and `auto.offset.reset` is `none`.
    #[error("{partition} has no offset {offset}")]
    OffsetOutOfRange { partition: TopicPartition, offset: Offset },
    /// The bytes of a batch are damaged or of a format that is not read.
    #[error("{partition}: {error}")]
    Batch { partition: TopicPartition, error: BatchError },
    #[error(transparent)]
    Other(#[from] Error),
}

impl From<ConsumerError> for Error {
    fn from(error: ConsumerError) -> Self {
        let message = error.to_string();
        match error {
            ConsumerError::TopicRecreated { .. } => Error::user(message).hint(
                "start the job anew under another 'pipeline.name', or with a table of its own: \
                 its positions belong to the old topic",
            ),
            ConsumerError::UnknownPartition { partition } => {
                Error::user(message).hint(format!("create it (millstream topics create {})", partition.topic))
            }
            ConsumerError::OffsetOutOfRange { .. } => Error::user(message)
                .detail("the records were deleted by retention, or the log was cut")
                .hint("set 'properties.auto.offset.reset' to earliest or latest to go on without them"),
            ConsumerError::Batch { partition, error } => Error::from(error).at(partition),
            ConsumerError::Other(error) => error,
        }
    }
}

/// An error that is given out each time it is asked for.
pub(super) fn again(error: &ConsumerError) -> ConsumerError {
    match error {
        ConsumerError::TopicRecreated { partition, expected, found } => {
            ConsumerError::TopicRecreated { partition: partition.clone(), expected: *expected, found: *found }
        }
        ConsumerError::UnknownPartition { partition } => {
            ConsumerError::UnknownPartition { partition: partition.clone() }
        }
        ConsumerError::OffsetOutOfRange { partition, offset } => {
            ConsumerError::OffsetOutOfRange { partition: partition.clone(), offset: *offset }
        }
        ConsumerError::Batch { error, .. } => ConsumerError::Other(Error::external(error.to_string())),
        ConsumerError::Other(error) => ConsumerError::Other(Error::external(error.message())),
    }
}
