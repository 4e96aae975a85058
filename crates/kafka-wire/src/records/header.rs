//! The 61 bytes before the records of a batch of format v2, and the checksum over what follows byte 21.
//!
//! ```text
//!  0 base offset i64        17 crc u32 (CRC-32C of 21..)   35 max timestamp i64      57 record count i32
//!  8 batch length i32       21 attributes i16              43 producer id i64        61 records
//! 12 leader epoch i32       23 last offset delta i32       51 producer epoch i16
//! 16 magic i8 = 2           27 base timestamp i64          53 base sequence i32
//! ```
//! `batch length` counts the bytes after itself: a batch is `12 + batch length` long. The checksum leaves out base offset
//! and leader epoch, so a broker sets them without computing it anew; it covers compressed bytes, so it is verified
//! before anything is inflated. Compaction keeps base offset and last offset delta and may remove every record.

use base::{ByteCount, Offset};

use super::fault::{BatchError, BatchFault};
use crate::codec::Codec;

/// The codec, the kind of timestamps and the flags of a batch: bits 0-2 codec, 3 timestamp type, 4 transactional,
/// 5 control, 6 delete horizon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attributes(pub i16);

/// Who set the timestamps of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimestampType {
    /// Each record carries its producer's time.
    Create,
    /// The broker's time of appending, the same for all records: the header's max timestamp.
    LogAppend,
}

impl Attributes {
    const CODEC: i16 = 0b111;
    const LOG_APPEND: i16 = 1 << 3;
    const TRANSACTIONAL: i16 = 1 << 4;
    const CONTROL: i16 = 1 << 5;
    const DELETE_HORIZON: i16 = 1 << 6;

    /// `None` for a codec that nobody knows.
    pub fn codec(self) -> Option<Codec> {
        Codec::from_id((self.0 & Self::CODEC) as u8)
    }

    #[must_use]
    pub fn with_codec(self, codec: Codec) -> Self {
        Self((self.0 & !Self::CODEC) | i16::from(codec.id()))
    }

    pub fn timestamp_type(self) -> TimestampType {
        if self.0 & Self::LOG_APPEND == 0 { TimestampType::Create } else { TimestampType::LogAppend }
    }

    #[must_use]
    pub fn with_timestamp_type(self, kind: TimestampType) -> Self {
        self.with(Self::LOG_APPEND, kind == TimestampType::LogAppend)
    }

    pub fn is_transactional(self) -> bool {
        self.0 & Self::TRANSACTIONAL != 0
    }

    #[must_use]
    pub fn transactional(self) -> Self {
        self.with(Self::TRANSACTIONAL, true)
    }

    /// The batch holds a marker of a transaction's end, not data.
    pub fn is_control(self) -> bool {
        self.0 & Self::CONTROL != 0
    }

    #[must_use]
    pub fn control(self) -> Self {
        self.with(Self::CONTROL, true)
    }

    /// The base timestamp is the time after which tombstones may go (KIP-534).
    pub fn has_delete_horizon(self) -> bool {
        self.0 & Self::DELETE_HORIZON != 0
    }

    fn with(self, bit: i16, on: bool) -> Self {
        Self(if on { self.0 | bit } else { self.0 & !bit })
    }
}

/// The first 17 bytes: enough to know how long a batch is and whether this is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchPrefix {
    pub base_offset: Offset,
    /// The whole batch, header and all; at least [`BatchHeader::BYTES`].
    pub len: usize,
    pub partition_leader_epoch: i32,
}

impl BatchPrefix {
    /// How many bytes [`Self::parse`] needs.
    pub const BYTES: usize = 17;

    /// Reads the prefix of the batch at the start of `bytes`.
    pub fn parse(bytes: &[u8]) -> Result<Self, BatchError> {
        let base_offset = Offset(bytes.first_chunk().map_or(-1, |bytes| i64::from_be_bytes(*bytes)));
        let Some(prefix) = bytes.first_chunk::<{ Self::BYTES }>() else {
            return Err(BatchFault::CutOff { have: bytes.len(), need: Self::BYTES }.at(base_offset));
        };
        match i8::from_be_bytes([prefix[16]]) {
            2 => {}
            old @ (0 | 1) => return Err(BatchFault::OldFormat(old).at(base_offset)),
            other => return Err(BatchFault::Format(other).at(base_offset)),
        }
        let length = i32::from_be_bytes(field(prefix, 8));
        let len = usize::try_from(length).ok().and_then(|length| length.checked_add(12));
        match len {
            Some(len) if len >= BatchHeader::BYTES && i32::try_from(len).is_ok() => {
                Ok(Self { base_offset, len, partition_leader_epoch: i32::from_be_bytes(field(prefix, 12)) })
            }
            _ => Err(BatchFault::Length(length).at(base_offset)),
        }
    }
}

/// The header of a batch, checked as far as it can be without the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchHeader {
    pub base_offset: Offset,
    /// The whole batch, header and all; at least [`BatchHeader::BYTES`].
    pub len: usize,
    pub partition_leader_epoch: i32,
    /// CRC-32C (Castagnoli) of the bytes from 21 on.
    pub crc: u32,
    pub attributes: Attributes,
    /// Never negative; `record_count - 1` unless the batch was compacted.
    pub last_offset_delta: i32,
    /// Milliseconds since 1970, which record timestamps are relative to; -1 for none.
    pub base_timestamp: i64,
    /// Milliseconds since 1970; -1 for none.
    pub max_timestamp: i64,
    /// -1 for a producer that is neither idempotent nor transactional.
    pub producer_id: i64,
    pub producer_epoch: i16,
    /// -1 for a producer that is neither idempotent nor transactional.
    pub base_sequence: i32,
    /// Never negative and at most `last_offset_delta + 1`.
    pub record_count: i32,
}

impl BatchHeader {
    /// Bytes before the first record.
    pub const BYTES: usize = 61;
    /// Where the checksum is.
    pub const CRC_AT: usize = 17;
    /// Where the bytes under the checksum begin.
    pub const CRC_FROM: usize = 21;

    /// Reads the header of the batch at the start of `bytes`, of which 61 must be there. Does not look at the checksum.
    pub fn parse(bytes: &[u8]) -> Result<Self, BatchError> {
        let prefix = BatchPrefix::parse(bytes)?;
        let Some(head) = bytes.first_chunk::<{ Self::BYTES }>() else {
            return Err(BatchFault::CutOff { have: bytes.len(), need: Self::BYTES }.at(prefix.base_offset));
        };
        let header = Self {
            base_offset: prefix.base_offset,
            len: prefix.len,
            partition_leader_epoch: prefix.partition_leader_epoch,
            crc: u32::from_be_bytes(field(head, Self::CRC_AT)),
            attributes: Attributes(i16::from_be_bytes(field(head, 21))),
            last_offset_delta: i32::from_be_bytes(field(head, 23)),
            base_timestamp: i64::from_be_bytes(field(head, 27)),
            max_timestamp: i64::from_be_bytes(field(head, 35)),
            producer_id: i64::from_be_bytes(field(head, 43)),
            producer_epoch: i16::from_be_bytes(field(head, 51)),
            base_sequence: i32::from_be_bytes(field(head, 53)),
            record_count: i32::from_be_bytes(field(head, 57)),
        };
        header.check().map_err(|fault| fault.at(header.base_offset))?;
        Ok(header)
    }

    fn check(&self) -> Result<(), BatchFault> {
        let last = self.base_offset.0.checked_add(i64::from(self.last_offset_delta));
        if self.base_offset.0 < 0 || self.last_offset_delta < 0 || last.is_none_or(|last| last == i64::MAX) {
            return Err(BatchFault::Offsets { last_offset_delta: self.last_offset_delta });
        }
        let span = i64::from(self.last_offset_delta) + 1;
        if self.record_count < 0 || i64::from(self.record_count) > span {
            return Err(BatchFault::Counts { records: self.record_count, span });
        }
        if self.attributes.codec().is_none() {
            return Err(BatchFault::UnknownCodec((self.attributes.0 & Attributes::CODEC) as u8));
        }
        Ok(())
    }

    /// Writes the header as it stands, `crc` included, over the first 61 bytes.
    pub fn write(&self, to: &mut [u8; Self::BYTES]) {
        let length = i32::try_from(self.len).unwrap_or(i32::MAX) - 12;
        to[0..8].copy_from_slice(&self.base_offset.0.to_be_bytes());
        to[8..12].copy_from_slice(&length.to_be_bytes());
        to[12..16].copy_from_slice(&self.partition_leader_epoch.to_be_bytes());
        to[16] = 2;
        to[17..21].copy_from_slice(&self.crc.to_be_bytes());
        to[21..23].copy_from_slice(&self.attributes.0.to_be_bytes());
        to[23..27].copy_from_slice(&self.last_offset_delta.to_be_bytes());
        to[27..35].copy_from_slice(&self.base_timestamp.to_be_bytes());
        to[35..43].copy_from_slice(&self.max_timestamp.to_be_bytes());
        to[43..51].copy_from_slice(&self.producer_id.to_be_bytes());
        to[51..53].copy_from_slice(&self.producer_epoch.to_be_bytes());
        to[53..57].copy_from_slice(&self.base_sequence.to_be_bytes());
        to[57..61].copy_from_slice(&self.record_count.to_be_bytes());
    }

    /// Writes this header with the checksum of `batch` over the start of `batch`, the whole batch.
    pub fn seal(mut self, batch: &mut [u8]) -> Result<(), BatchError> {
        self.len = batch.len();
        let have = batch.len();
        let Some(head) = batch.first_chunk_mut() else {
            return Err(BatchFault::CutOff { have, need: Self::BYTES }.at(self.base_offset));
        };
        self.write(head);
        let crc = crc32c::crc32c(&batch[Self::CRC_FROM..]);
        batch[Self::CRC_AT..Self::CRC_FROM].copy_from_slice(&crc.to_be_bytes());
        Ok(())
    }

    /// Sets what a broker sets at an append, which the checksum leaves out.
    pub fn place(batch: &mut [u8; Self::BYTES], base_offset: Offset, partition_leader_epoch: i32) {
        batch[0..8].copy_from_slice(&base_offset.0.to_be_bytes());
        batch[12..16].copy_from_slice(&partition_leader_epoch.to_be_bytes());
    }

    /// Compares the checksum with that of `batch`, which must be the whole batch of this header.
    pub fn verify(&self, batch: &[u8]) -> Result<(), BatchError> {
        if batch.len() != self.len {
            return Err(BatchFault::CutOff { have: batch.len(), need: self.len }.at(self.base_offset));
        }
        self.verify_crc(crc32c::crc32c(&batch[Self::CRC_FROM..]))
    }

    /// Compares the checksum with one computed piece by piece (`crc32c::crc32c_append` over the bytes from 21 on).
    pub fn verify_crc(&self, computed: u32) -> Result<(), BatchError> {
        if computed == self.crc {
            return Ok(());
        }
        Err(BatchFault::Checksum { stored: self.crc, computed }.at(self.base_offset))
    }

    /// The codec of the records.
    pub fn codec(&self) -> Codec {
        self.attributes.codec().unwrap_or(Codec::None)
    }

    /// The offset of the last record that was written, there or compacted away.
    pub fn last_offset(&self) -> Offset {
        Offset(self.base_offset.0 + i64::from(self.last_offset_delta))
    }

    /// Where to read on after this batch.
    pub fn next_offset(&self) -> Offset {
        self.last_offset().next()
    }

    /// The whole batch.
    pub fn bytes(&self) -> ByteCount {
        ByteCount::from(self.len)
    }
}

/// `N` bytes at `at`; the callers' positions are constants inside the header.
fn field<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&bytes[at..at + N]);
    out
}

#[cfg(test)]
mod tests;
