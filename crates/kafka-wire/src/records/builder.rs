//! Making a batch: records go in until its room is full, then it is compressed and given to a producer id.
//!
//! Memory: the room, paid for by the caller, and nothing else. Compressing happens at close with the worker's one
//! [`Compressor`], whose result replaces the plain records in the same buffer; what a batch held beyond its final size is
//! given back then, not when it is acknowledged (KAFKA-6512).

use base::{ByteCount, Offset};
use ledger::{Owned, Reservation};

use super::fault::BatchError;
use super::header::{Attributes, BatchHeader};
use super::record::Header;
use super::varint::{len as varint_len, put_i32, put_i64};
use crate::codec::{Codec, CodecError, Compressed, Compressor};

/// A record to be written.
#[derive(Clone, Copy, Debug)]
pub struct NewRecord<'a> {
    /// Milliseconds since 1970; -1 for none.
    pub timestamp: i64,
    pub key: Option<&'a [u8]>,
    /// `None` is a tombstone.
    pub value: Option<&'a [u8]>,
    pub headers: &'a [Header<'a>],
}

/// A batch that takes records.
#[derive(Debug)]
pub struct BatchBuilder {
    /// The header's room, then records.
    buffer: Owned<Vec<u8>>,
    attributes: Attributes,
    base_timestamp: i64,
    max_timestamp: i64,
    records: i32,
}

/// What closing a batch did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    Done,
    /// Nothing happened; close again once the compressor's account can give so many bytes more.
    NeedMemory(ByteCount),
}

/// Who writes a batch: sequence numbers let a broker recognise a repeated batch (KIP-98).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProducerStamp {
    pub producer_id: i64,
    pub producer_epoch: i16,
    pub base_sequence: i32,
    pub transactional: bool,
}

impl ProducerStamp {
    /// A producer without identity: repeated batches are not recognised.
    pub const NONE: Self = Self { producer_id: -1, producer_epoch: -1, base_sequence: -1, transactional: false };
}

/// A batch without room for more, ready to be sent.
#[derive(Debug)]
pub struct ClosedBatch {
    pub header: BatchHeader,
    /// The whole batch; its header is written by [`ClosedBatch::stamp`].
    pub bytes: Owned<Vec<u8>>,
}

impl NewRecord<'_> {
    /// The most that this record takes in a batch, and at the same time what a batch of its own needs beside the header.
    pub fn size_max(&self) -> usize {
        // Length, attributes and deltas at their longest, then the rest exactly.
        5 + 1 + 10 + 5 + self.tail_len()
    }

    fn tail_len(&self) -> usize {
        let headers: usize =
            self.headers.iter().map(|header| nullable_len(Some(header.key)) + nullable_len(header.value)).sum();
        nullable_len(self.key) + nullable_len(self.value) + varint_len(self.headers.len() as i64) + headers
    }
}

fn nullable_len(bytes: Option<&[u8]>) -> usize {
    bytes.map_or(1, |bytes| varint_len(bytes.len() as i64) + bytes.len())
}

fn put_nullable(bytes: Option<&[u8]>, out: &mut Vec<u8>) {
    match bytes {
        None => put_i32(-1, out),
        Some(bytes) => {
            put_i64(bytes.len() as i64, out);
            out.extend_from_slice(bytes);
        }
    }
}

impl BatchBuilder {
    /// An empty batch that may grow to the bytes of `room`, header included.
    pub fn new(room: Reservation) -> Self {
        let mut buffer = Vec::with_capacity(room.bytes().as_usize().max(BatchHeader::BYTES));
        buffer.resize(BatchHeader::BYTES, 0);
        Self {
            buffer: Owned::new(buffer, room),
            attributes: Attributes::default(),
            base_timestamp: -1,
            max_timestamp: -1,
            records: 0,
        }
    }

    /// Appends `record` and returns its index in the batch; `None`, and nothing changes, if it may not fit.
    pub fn append(&mut self, record: &NewRecord<'_>) -> Option<i32> {
        let buffer = &mut self.buffer.value;
        if buffer.capacity() - buffer.len() < record.size_max() || self.records == i32::MAX {
            return None;
        }
        if self.records == 0 {
            self.base_timestamp = record.timestamp;
        }
        let index = self.records;
        let timestamp_delta = record.timestamp.wrapping_sub(self.base_timestamp);
        let body_len = 1 + varint_len(timestamp_delta) + varint_len(i64::from(index)) + record.tail_len();
        put_i64(body_len as i64, buffer);
        buffer.push(0);
        put_i64(timestamp_delta, buffer);
        put_i32(index, buffer);
        put_nullable(record.key, buffer);
        put_nullable(record.value, buffer);
        put_i64(record.headers.len() as i64, buffer);
        for header in record.headers {
            put_nullable(Some(header.key), buffer);
            put_nullable(header.value, buffer);
        }
        self.max_timestamp = self.max_timestamp.max(record.timestamp);
        self.records += 1;
        Some(index)
    }

    /// Records in the batch.
    pub fn records(&self) -> i32 {
        self.records
    }

    /// The batch as it stands, uncompressed, header included.
    pub fn len(&self) -> usize {
        self.buffer.value.len()
    }

    pub fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// Compresses the records and gives back the room that is left. A batch that does not shrink stays as it is.
    pub fn close(&mut self, compressor: &mut Compressor, codec: Codec) -> Result<Close, CodecError> {
        let buffer = &mut self.buffer.value;
        let plain = &buffer[BatchHeader::BYTES..];
        if codec != Codec::None && self.attributes.codec() == Some(Codec::None) {
            match compressor.compress(codec, plain)? {
                Compressed::NeedMemory(missing) => return Ok(Close::NeedMemory(missing)),
                Compressed::Done(packed) if packed.len() < plain.len() => {
                    let end = BatchHeader::BYTES + packed.len();
                    buffer[BatchHeader::BYTES..end].copy_from_slice(packed);
                    buffer.truncate(end);
                    self.attributes = self.attributes.with_codec(codec);
                }
                Compressed::Done(_) => {}
            }
        }
        buffer.shrink_to_fit();
        let bytes = ByteCount::from(buffer.capacity());
        self.buffer.paid.shrink_to(bytes);
        Ok(Close::Done)
    }

    /// The batch, after [`Self::close`], at base offset 0.
    pub fn into_batch(self) -> ClosedBatch {
        let header = BatchHeader {
            base_offset: Offset(0),
            len: self.buffer.value.len(),
            partition_leader_epoch: -1,
            crc: 0,
            attributes: self.attributes,
            last_offset_delta: (self.records - 1).max(0),
            base_timestamp: self.base_timestamp,
            max_timestamp: self.max_timestamp,
            producer_id: -1,
            producer_epoch: -1,
            base_sequence: -1,
            record_count: self.records,
        };
        ClosedBatch { header, bytes: self.buffer }
    }
}

impl ClosedBatch {
    /// Writes header and checksum for this producer; may be done again for another.
    pub fn stamp(&mut self, stamp: ProducerStamp) -> Result<(), BatchError> {
        self.header.producer_id = stamp.producer_id;
        self.header.producer_epoch = stamp.producer_epoch;
        self.header.base_sequence = stamp.base_sequence;
        if stamp.transactional {
            self.header.attributes = self.header.attributes.transactional();
        }
        self.header.seal(&mut self.bytes.value)
    }
}
