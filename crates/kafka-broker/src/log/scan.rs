//! Walks over the batches of a segment file through one small buffer, whatever their size.

use std::io;

use base::DiskFile;
use kafka_wire::records::{BatchError, BatchHeader};

/// The buffer of a walk that reads whole batches: recovery needs this and nothing more.
pub(crate) const SCAN_BUFFER: usize = 64 << 10;
/// The buffer of a walk from header to header.
const HEADER_BUFFER: usize = 4 << 10;

/// Where a batch is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) header: BatchHeader,
    pub(super) position: u64,
}

/// What stands at the walk's position.
#[derive(Debug)]
pub(super) enum Step {
    Batch(Found),
    /// Fewer bytes than the next batch needs.
    CutOff,
    /// No batch.
    Fault(BatchError),
    End,
}

/// A cursor over `[position, end)` of a segment file.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    file: &'a dyn DiskFile,
    position: u64,
    end: u64,
    buffer: Vec<u8>,
    /// What the buffer holds: `filled` bytes from `at` on.
    at: u64,
    filled: usize,
}

impl<'a> Walk<'a> {
    /// Goes from header to header.
    pub(super) fn headers(file: &'a dyn DiskFile, position: u64, end: u64) -> Self {
        Self { file, position, end, buffer: vec![0; HEADER_BUFFER], at: 0, filled: 0 }
    }

    /// Reads everything, for checksums.
    pub(super) fn contents(file: &'a dyn DiskFile, position: u64, end: u64) -> Self {
        Self { buffer: vec![0; SCAN_BUFFER], ..Self::headers(file, position, end) }
    }

    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Goes on at `position`.
    pub(super) fn seek(&mut self, position: u64) {
        self.position = position;
    }

    /// Looks at the batch at the position and moves behind it.
    pub(super) fn step(&mut self) -> io::Result<Step> {
        let left = self.end.saturating_sub(self.position);
        if left == 0 {
            return Ok(Step::End);
        }
        let position = self.position;
        let head = self.peek(position, BatchHeader::BYTES)?;
        if head.len() < BatchHeader::BYTES {
            return Ok(Step::CutOff);
        }
        let header = match BatchHeader::parse(head) {
            Ok(header) => header,
            Err(fault) => return Ok(Step::Fault(fault)),
        };
        if header.len as u64 > left {
            return Ok(Step::CutOff);
        }
        self.position += header.len as u64;
        Ok(Step::Batch(Found { header, position }))
    }

    /// Whether the checksum of a batch is right.
    pub(super) fn is_sound(&mut self, found: &Found) -> io::Result<bool> {
        let end = found.position + found.header.len as u64;
        let mut at = found.position + BatchHeader::CRC_FROM as u64;
        let mut crc = 0;
        while at < end {
            let want = (end - at).min(self.buffer.len() as u64) as usize;
            let bytes = self.peek(at, want)?;
            if bytes.len() < want {
                return Ok(false);
            }
            crc = crc32c::crc32c_append(crc, bytes);
            at += want as u64;
        }
        Ok(found.header.verify_crc(crc).is_ok())
    }

    /// Up to `want` bytes at `at`, fewer only at the end; `want` is at most the buffer.
    pub(super) fn peek(&mut self, at: u64, want: usize) -> io::Result<&[u8]> {
        let want = want.min(self.end.saturating_sub(at) as usize).min(self.buffer.len());
        let there = at >= self.at && at + want as u64 <= self.at + self.filled as u64;
        if !there {
            self.fill(at)?;
        }
        let from = (at - self.at) as usize;
        let to = (from + want).min(self.filled);
        Ok(self.buffer.get(from..to).unwrap_or_default())
    }

    fn fill(&mut self, at: u64) -> io::Result<()> {
        let want = (self.buffer.len() as u64).min(self.end.saturating_sub(at)) as usize;
        (self.at, self.filled) = (at, 0);
        while self.filled < want {
            match self.file.read_at(&mut self.buffer[self.filled..want], at + self.filled as u64)? {
                0 => break,
                n => self.filled += n,
            }
        }
        Ok(())
    }
}
