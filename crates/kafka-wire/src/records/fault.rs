//! What can be wrong with a record batch.

use base::{ByteCount, Error, Offset};

use crate::codec::CodecError;

/// A batch that cannot be read, with the offset that its first eight bytes claim.
#[derive(Debug, thiserror::Error)]
#[error("record batch at offset {base_offset}: {fault}")]
pub struct BatchError {
    pub base_offset: Offset,
    #[source]
    pub fault: BatchFault,
}

/// Why a batch cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BatchFault {
    #[error("it is cut off: {have} bytes of {need}")]
    CutOff { have: usize, need: usize },
    #[error("its length field says {0}, less than a header or more than 2 GiB")]
    Length(i32),
    #[error("it is in the old format v{0}, which is not supported; rewrite the topic with a current producer")]
    OldFormat(i8),
    #[error("its format byte is {0}; 2 was expected")]
    Format(i8),
    #[error("its checksum is {computed:#010x}; the header says {stored:#010x}")]
    Checksum { stored: u32, computed: u32 },
    #[error("its codec is {0}; 0 to 4 were expected")]
    UnknownCodec(u8),
    #[error("it claims {records} records in {span} offsets")]
    Counts { records: i32, span: i64 },
    #[error("its offsets leave the range of offsets (last offset delta {last_offset_delta})")]
    Offsets { last_offset_delta: i32 },
    #[error("record {index}: {what}")]
    Record { index: i32, what: &'static str },
    #[error("bytes are left after its last record")]
    Trailing,
    #[error("cannot decompress it: {0}")]
    Codec(#[from] CodecError),
}

/// A record that is larger than the reader takes; its batch can be read on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the record at offset {offset} has {bytes}, and at most {limit} are taken")]
pub struct RecordTooLarge {
    pub offset: Offset,
    pub bytes: ByteCount,
    pub limit: ByteCount,
}

/// Why the next record of a batch cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// This record only.
    #[error(transparent)]
    TooLarge(#[from] RecordTooLarge),
    /// The rest of the batch.
    #[error(transparent)]
    Batch(#[from] BatchError),
}

impl BatchFault {
    pub(crate) fn at(self, base_offset: Offset) -> BatchError {
        BatchError { base_offset, fault: self }
    }
}

impl From<BatchError> for Error {
    fn from(error: BatchError) -> Self {
        let hint = match &error.fault {
            BatchFault::OldFormat(_) => "formats v0 and v1 predate Kafka 0.11; copy the topic with a current producer",
            BatchFault::Codec(_) => "the producer wrote it so, or the codec's memory exceeds the budget",
            _ => "the bytes were damaged in the log or on their way; check the broker's disk and log",
        };
        Error::external(error.to_string()).hint(hint)
    }
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::TooLarge(error) => Error::user(error.to_string()),
            ReadError::Batch(error) => error.into(),
        }
    }
}
