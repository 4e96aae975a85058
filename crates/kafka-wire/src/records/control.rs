//! The markers that end transactions in a partition's log.
//!
//! A control batch holds one record that is never delivered; its key is `version i16, type i16` (KIP-98).

use super::fault::{BatchError, BatchFault};
use super::header::BatchHeader;
use super::record::{Body, Deltas};
use super::varint::take_i32;

/// What a control batch says about its producer's transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    Abort,
    Commit,
    /// Something that is not about transactions; readers pass over it.
    Other(i16),
}

impl Marker {
    /// Reads the marker of a control batch, given whole.
    pub fn read(header: &BatchHeader, batch: &[u8]) -> Result<Self, BatchError> {
        let wrong = |what| BatchFault::Record { index: 0, what }.at(header.base_offset);
        let mut input = batch.get(BatchHeader::BYTES..).unwrap_or_default();
        let len = take_i32(&mut input).ok_or_else(|| wrong("its length cannot be read"))?;
        let len = usize::try_from(len).map_err(|_| wrong("its length is negative"))?;
        let mut record = input.get(..len).ok_or_else(|| wrong("it is cut off"))?;
        Deltas::take(&mut record).map_err(wrong)?;
        let body = Body::read(record).map_err(wrong)?;
        match body.key {
            Some([_, _, high, low, ..]) => Ok(match i16::from_be_bytes([*high, *low]) {
                0 => Self::Abort,
                1 => Self::Commit,
                other => Self::Other(other),
            }),
            _ => Err(wrong("its key is no marker")),
        }
    }
}
