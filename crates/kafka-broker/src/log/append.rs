//! What a producer's batch must satisfy before it touches the log. Nothing is decompressed: the checksum covers the
//! compressed bytes, and everything a broker needs stands in the header.

use kafka_wire::codec::Codec;
use kafka_wire::protocol::ErrorCode;
use kafka_wire::records::{BatchFault, BatchHeader, TimestampType};

/// The first Produce version in which zstd is allowed (KIP-110).
const ZSTD_FROM: i16 = 7;
/// The fewest bytes that a record takes, its length included.
const RECORD_BYTES_MIN: usize = 7;

/// Why a batch or a request was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) code: ErrorCode,
    pub(crate) why: String,
}

impl Refused {
    pub(crate) fn new(code: ErrorCode, why: impl Into<String>) -> Self {
        Self { code, why: why.into() }
    }
}

/// Checks `records`, which must be exactly one batch of format 2 of at most `max_bytes`, sent with Produce `version`.
pub(crate) fn check_batch(records: &[u8], max_bytes: usize, version: i16) -> Result<BatchHeader, Refused> {
    let invalid = |why: &str| Refused::new(ErrorCode::INVALID_RECORD, why);
    if records.len() > max_bytes {
        let why = format!("the batch has {} bytes and max.message.bytes is {max_bytes}", records.len());
        return Err(Refused::new(ErrorCode::MESSAGE_TOO_LARGE, why));
    }
    let header = BatchHeader::parse(records).map_err(|error| {
        let code = match error.fault {
            BatchFault::OldFormat(_) => ErrorCode::UNSUPPORTED_FOR_MESSAGE_FORMAT,
            BatchFault::UnknownCodec(_) => ErrorCode::UNSUPPORTED_COMPRESSION_TYPE,
            _ => ErrorCode::CORRUPT_MESSAGE,
        };
        Refused::new(code, error.to_string())
    })?;
    if header.len != records.len() {
        return Err(invalid("a partition's records must be exactly one batch"));
    }
    header.verify(records).map_err(|error| Refused::new(ErrorCode::CORRUPT_MESSAGE, error.to_string()))?;
    if header.record_count < 1 || header.last_offset_delta != header.record_count - 1 {
        return Err(invalid("the batch's offsets do not match its number of records"));
    }
    let room = header.len - BatchHeader::BYTES;
    if header.codec() == Codec::None && header.record_count as usize > room / RECORD_BYTES_MIN {
        return Err(invalid("the batch is too short for its number of records"));
    }
    if header.codec() == Codec::Zstd && version < ZSTD_FROM {
        return Err(Refused::new(ErrorCode::UNSUPPORTED_COMPRESSION_TYPE, "zstd needs Produce 7 or later"));
    }
    if header.attributes.is_control() {
        return Err(invalid("producers must not write control batches"));
    }
    if header.attributes.is_transactional() {
        return Err(invalid("this broker has no transactions yet"));
    }
    if header.attributes.timestamp_type() != TimestampType::Create {
        return Err(Refused::new(ErrorCode::INVALID_TIMESTAMP, "a producer must send its own timestamps"));
    }
    if header.producer_id >= 0 && (header.base_sequence < 0 || header.producer_epoch < 0) {
        return Err(invalid("an idempotent batch needs a sequence number and an epoch"));
    }
    Ok(header)
}
