//! From records to rows: the border between connectors, which know records, and formats, which know their bytes.

use arrow_array::RecordBatch;
use arrow_buffer::BooleanBuffer;
use base::{ByteCount, Error, Offset};

use crate::batch::{AbsentMask, RowKind};

/// A header of a record.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    pub key: &'a str,
    pub value: Option<&'a [u8]>,
}

/// A record as the connector found it.
#[derive(Clone, Copy, Debug)]
pub struct RawRecord<'a> {
    pub offset: Offset,
    /// Milliseconds since 1970; -1 for none.
    pub timestamp: i64,
    pub key: Option<&'a [u8]>,
    /// `None` is a tombstone.
    pub value: Option<&'a [u8]>,
    pub headers: &'a [Header<'a>],
}

/// A record that cannot be decoded. The connector adds where it was.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{reason}")]
pub struct BadRecord {
    /// Lower case, no full stop; names the column where one is at fault.
    pub reason: String,
    /// What the user can do, if there is something.
    pub hint: Option<String>,
    /// The job must stop, whatever the policy for bad records is (a truncate, say).
    pub fatal: bool,
}

/// The rows built since the last [`RecordDecoder::finish`].
#[derive(Clone, Debug)]
pub struct Decoded {
    pub columns: RecordBatch,
    pub kinds: Option<Vec<RowKind>>,
    pub absent: AbsentMask,
    /// The offset of each row's record.
    pub offsets: Vec<Offset>,
    /// As in [`crate::Origin`].
    pub source_positions: Vec<Option<u64>>,
    /// As in [`crate::Origin`].
    pub from_key_update: Option<BooleanBuffer>,
}

/// A format: appends the rows of records to Arrow builders of its own.
pub trait RecordDecoder: Send {
    /// The memory that the builders may need at most between two calls of [`Self::finish`], given that the caller
    /// finishes at [`Self::is_full`]; one record of at most `record_max` bytes may come on top.
    /// Asked with the largest record met so far it says what a batch with that one takes.
    fn floor(&self, record_max: ByteCount) -> ByteCount;

    /// The memory of what it has learned of the records (the order of their fields, their schemas), kept from batch to
    /// batch; at most [`Self::learned_max`].
    fn learned(&self) -> ByteCount;

    fn learned_max(&self) -> ByteCount;

    /// Appends the rows of `record`, all or none.
    fn decode(&mut self, record: &RawRecord<'_>) -> Result<(), BadRecord>;

    /// Rows appended since the last [`Self::finish`].
    fn rows(&self) -> usize;

    /// The builders hold as much as they may: finish before the next record.
    fn is_full(&self) -> bool;

    /// Takes out the rows built so far; the builders are empty afterwards.
    fn finish(&mut self) -> Result<Decoded, Error>;

    /// What was noticed since the last call, to be logged once and counted: fields that the table lacks, skipped truncates.
    fn notices(&mut self) -> Vec<Notice>;
}

/// Something worth telling the user once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Stable identity, for telling once: `unknown-field:coupon`.
    pub id: String,
    pub message: String,
    pub hint: Option<String>,
    /// How often it happened since the last report.
    pub count: u64,
}
