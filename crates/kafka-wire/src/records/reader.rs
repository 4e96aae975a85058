//! The records of a batch, one at a time, in memory that does not depend on what the batch inflates to.
//!
//! Uncompressed records are slices of the batch. Compressed ones pass through a window that holds one record; its buffer and
//! the codecs' contexts are kept from batch to batch, so one reader per worker is enough and one per batch is a mistake.
//! Never waits: a step that lacks memory says how much, and the same call continues later.

use base::{ByteCount, Offset};
use bytes::Bytes;
use ledger::Account;

use super::fault::{BatchError, BatchFault, ReadError, RecordTooLarge};
use super::header::{BatchHeader, TimestampType};
use super::record::{BODY_BYTES_MIN, Body, Deltas, Record};
use super::varint::take_i32;
use super::window::{Filled, WINDOW_BYTES, Window};
use crate::codec::{Codec, Decompressor};

/// What [`RecordReader::read`] found.
#[derive(Clone, Copy, Debug)]
pub enum Read<'a> {
    Record(Record<'a>),
    /// Nothing happened; read again once the account can give so many bytes more.
    NeedMemory(ByteCount),
    /// The batch has no further record.
    End,
}

/// Reads batches, one after another.
#[derive(Debug)]
pub struct RecordReader {
    record_bytes_max: ByteCount,
    window: Window,
    decompressor: Decompressor,
    batch: Option<Open>,
}

/// The batch that is being read.
#[derive(Debug)]
struct Open {
    header: BatchHeader,
    bytes: Bytes,
    /// How much of `bytes` has been parsed (uncompressed) or inflated.
    at: usize,
    /// The index of the next record.
    index: i32,
    /// Offset deltas grow: the last one read.
    last_delta: i32,
    /// Inflated bytes to pass over before the next record: one that was too large.
    skip: usize,
}

/// Where a record is and what its deltas say.
#[derive(Clone, Copy, Debug)]
struct Found {
    deltas: Deltas,
    /// Length field and deltas.
    head_len: usize,
    /// The whole record with its length field.
    len: usize,
}

/// How far looking for a record came.
enum Looked {
    Found(Found),
    NeedMemory(ByteCount),
    End,
}

impl RecordReader {
    /// A reader that takes its memory from `account`. Records of more than `record_bytes_max` bytes are refused one by one.
    pub fn new(account: Account, record_bytes_max: ByteCount) -> Self {
        Self {
            record_bytes_max,
            window: Window::new(account.clone()),
            decompressor: Decompressor::new(account),
            batch: None,
        }
    }

    /// What a reader needs for any record of at most `record_bytes_max` bytes in batches that producers write with their
    /// default settings.
    pub fn floor(record_bytes_max: ByteCount) -> ByteCount {
        // A growing window holds what is unread, less than a plain window, twice for a moment.
        Decompressor::FLOOR + ByteCount::from(2 * WINDOW_BYTES) + record_bytes_max
    }

    /// Begins a batch: `bytes` is all of it, its checksum verified. What was left of the batch before is dropped.
    pub fn open(&mut self, bytes: Bytes) -> Result<(), BatchError> {
        self.batch = None;
        let header = BatchHeader::parse(&bytes)?;
        if bytes.len() != header.len {
            return Err(BatchFault::CutOff { have: bytes.len(), need: header.len }.at(header.base_offset));
        }
        self.window.clear();
        self.decompressor.start(header.codec());
        self.batch = Some(Open { header, bytes, at: BatchHeader::BYTES, index: 0, last_delta: -1, skip: 0 });
        Ok(())
    }

    /// The header of the batch that is open.
    pub fn header(&self) -> Option<&BatchHeader> {
        self.batch.as_ref().map(|batch| &batch.header)
    }

    /// The next record, valid until the next call.
    ///
    /// After [`ReadError::TooLarge`] the next call goes on with the record after; after any other error the batch is closed.
    pub fn read(&mut self) -> Result<Read<'_>, ReadError> {
        match self.look() {
            Ok(Looked::Found(found)) => self.take(found),
            Ok(Looked::NeedMemory(missing)) => Ok(Read::NeedMemory(missing)),
            Ok(Looked::End) => {
                self.batch = None;
                Ok(Read::End)
            }
            Err(error @ ReadError::TooLarge(_)) => Err(error),
            Err(error @ ReadError::Batch(_)) => {
                self.batch = None;
                Err(error)
            }
        }
    }

    /// Drops buffers and contexts; between batches only.
    pub fn release(&mut self) {
        self.batch = None;
        self.window.release();
        self.decompressor.release();
    }

    /// What buffers and contexts hold now, beside the batch itself.
    pub fn held(&self) -> ByteCount {
        self.window.held() + self.decompressor.held()
    }

    /// Finds the next record and sees to it that all of it is there.
    fn look(&mut self) -> Result<Looked, ReadError> {
        let limit = self.record_bytes_max;
        let Some(batch) = &mut self.batch else { return Ok(Looked::End) };
        let mut source = Source { window: &mut self.window, decompressor: &mut self.decompressor };
        let base = batch.header.base_offset;
        if let Some(missing) = source.skip(batch)? {
            return Ok(Looked::NeedMemory(missing));
        }
        if batch.header.record_count == 0 && batch.bytes.len() == BatchHeader::BYTES {
            return Ok(Looked::End);
        }
        if batch.index == batch.header.record_count {
            return match source.fill(batch, 1)? {
                Filled::Yes => Err(BatchFault::Trailing.at(base).into()),
                Filled::Short => Ok(Looked::End),
                Filled::NeedMemory(missing) => Ok(Looked::NeedMemory(missing)),
            };
        }
        if let Filled::NeedMemory(missing) = source.fill(batch, LENGTH_BYTES_MAX + Deltas::BYTES_MAX)? {
            return Ok(Looked::NeedMemory(missing));
        }
        let index = batch.index;
        let found = find(source.unread(batch), batch).map_err(|what| BatchFault::Record { index, what }.at(base))?;
        if ByteCount::from(found.len) > limit {
            batch.pass(found.deltas, found.len);
            let offset = Offset(base.0 + i64::from(found.deltas.offset));
            return Err(RecordTooLarge { offset, bytes: ByteCount::from(found.len), limit }.into());
        }
        match source.fill(batch, found.len)? {
            Filled::Yes => Ok(Looked::Found(found)),
            Filled::Short => Err(BatchFault::Record { index, what: "it is cut off" }.at(base).into()),
            Filled::NeedMemory(missing) => Ok(Looked::NeedMemory(missing)),
        }
    }

    /// Hands out the record that was found.
    fn take(&mut self, found: Found) -> Result<Read<'_>, ReadError> {
        let Some(batch) = &mut self.batch else { return Ok(Read::End) };
        batch.last_delta = found.deltas.offset;
        let index = batch.index;
        batch.index += 1;
        let header = batch.header;
        if header.codec() == Codec::None {
            batch.at += found.len;
        } else {
            self.window.consume(found.len);
        }
        let Some(batch) = &self.batch else { return Ok(Read::End) };
        let bytes = match header.codec() {
            Codec::None => &batch.bytes[batch.at - found.len..batch.at],
            _ => self.window.consumed(found.len),
        };
        let body = Body::read(&bytes[found.head_len..])
            .map_err(|what| BatchFault::Record { index, what }.at(header.base_offset))?;
        Ok(Read::Record(Record {
            offset: Offset(header.base_offset.0 + i64::from(found.deltas.offset)),
            timestamp: match header.attributes.timestamp_type() {
                TimestampType::Create => header.base_timestamp.wrapping_add(found.deltas.timestamp),
                TimestampType::LogAppend => header.max_timestamp,
            },
            key: body.key,
            value: body.value,
            headers: body.headers,
        }))
    }
}

/// A length field of 31 bits.
const LENGTH_BYTES_MAX: usize = 5;

impl Open {
    fn pass(&mut self, deltas: Deltas, len: usize) {
        self.last_delta = deltas.offset;
        self.index += 1;
        self.skip = len;
    }
}

/// Where the bytes of records come from: the batch itself or the window on it.
struct Source<'a> {
    window: &'a mut Window,
    decompressor: &'a mut Decompressor,
}

impl Source<'_> {
    fn unread<'a>(&'a self, batch: &'a Open) -> &'a [u8] {
        match batch.header.codec() {
            Codec::None => &batch.bytes[batch.at..],
            _ => self.window.unread(),
        }
    }

    fn fill(&mut self, batch: &mut Open, n: usize) -> Result<Filled, BatchError> {
        if batch.header.codec() == Codec::None {
            return Ok(if batch.bytes.len() - batch.at < n { Filled::Short } else { Filled::Yes });
        }
        let mut input = &batch.bytes[batch.at..];
        let filled = self.window.fill(n, self.decompressor, &mut input);
        batch.at = batch.bytes.len() - input.len();
        filled.map_err(|error| BatchFault::from(error).at(batch.header.base_offset))
    }

    /// Passes over a record that was too large; returns the memory that is missing.
    fn skip(&mut self, batch: &mut Open) -> Result<Option<ByteCount>, BatchError> {
        while batch.skip > 0 {
            match self.fill(batch, 1)? {
                Filled::Yes => {}
                Filled::NeedMemory(missing) => return Ok(Some(missing)),
                Filled::Short => {
                    let index = batch.index - 1;
                    return Err(BatchFault::Record { index, what: "it is cut off" }.at(batch.header.base_offset));
                }
            }
            let n = self.unread(batch).len().min(batch.skip);
            batch.skip -= n;
            match batch.header.codec() {
                Codec::None => batch.at += n,
                _ => self.window.consume(n),
            }
        }
        Ok(None)
    }
}

/// Reads length and deltas of the record at the start of `unread`.
fn find(unread: &[u8], batch: &Open) -> Result<Found, &'static str> {
    let mut input = unread;
    let body_len = take_i32(&mut input).ok_or("its length cannot be read")?;
    if body_len < BODY_BYTES_MIN {
        return Err("it is too short to be one");
    }
    let length_len = unread.len() - input.len();
    let body = input;
    let mut head = &body[..body.len().min(body_len as usize)];
    let head_before = head.len();
    let deltas = Deltas::take(&mut head)?;
    if deltas.offset <= batch.last_delta || deltas.offset > batch.header.last_offset_delta {
        return Err("its offset is out of order or beyond the batch");
    }
    let head_len = length_len + head_before - head.len();
    Ok(Found { deltas, head_len, len: length_len + body_len as usize })
}

#[cfg(test)]
mod tests;
