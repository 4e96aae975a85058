//! The batches of a buffer, one after another, with a part of one at the end.
//!
//! A fetch response ends where its byte limit ends, in the midst of a batch; what a consumer does with that part is to ask
//! again from the next offset. Old brokers and our own log both hand out such buffers.

use super::fault::BatchError;
use super::header::{BatchHeader, BatchPrefix};

/// One whole batch in a buffer.
#[derive(Clone, Copy, Debug)]
pub struct BatchRef<'a> {
    pub header: BatchHeader,
    /// The whole batch, header and all.
    pub bytes: &'a [u8],
    /// Where it begins in the buffer.
    pub at: usize,
}

/// Walks over the whole batches of a buffer; stops before a part at its end and after the first error.
#[derive(Clone, Debug)]
pub struct Batches<'a> {
    buffer: &'a [u8],
    at: usize,
    failed: bool,
}

impl<'a> Batches<'a> {
    pub fn new(buffer: &'a [u8]) -> Self {
        Self { buffer, at: 0, failed: false }
    }

    /// What has not been walked over: after the end, the part of a batch that the buffer was too short for.
    pub fn rest(&self) -> &'a [u8] {
        &self.buffer[self.at..]
    }

    fn step(&mut self) -> Result<Option<BatchRef<'a>>, BatchError> {
        let rest = self.rest();
        if rest.len() < BatchPrefix::BYTES || rest.len() < BatchPrefix::parse(rest)?.len {
            return Ok(None);
        }
        let header = BatchHeader::parse(rest)?;
        let found = BatchRef { header, bytes: &rest[..header.len], at: self.at };
        self.at += header.len;
        Ok(Some(found))
    }
}

/// Checksums are not looked at here: [`BatchHeader::verify`].
impl<'a> Iterator for Batches<'a> {
    type Item = Result<BatchRef<'a>, BatchError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let step = self.step();
        self.failed = step.is_err();
        step.transpose()
    }
}
