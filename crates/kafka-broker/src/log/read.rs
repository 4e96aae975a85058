//! Finding the bytes that a fetch asks for.

use std::io;
use std::sync::Arc;

use base::DiskFile;
use base::disk::Open;
use kafka_wire::protocol::ErrorCode;
use kafka_wire::records::{BatchHeader, BatchPrefix};

use super::append::Refused;
use super::index;
use super::partition::{PartitionLog, State};
use super::scan::{Found, Step, Walk};
use super::segment::{Segment, SegmentFiles};

/// A part of a segment file, from the batch that holds the wanted offset on.
#[derive(Clone, Debug)]
pub(crate) struct Located {
    file: Arc<dyn DiskFile>,
    position: u64,
    /// Bytes of durable batches from there to the end of the segment.
    pub(crate) available: u64,
    /// The first batch alone: a fetch returns at least this, whatever its limits.
    pub(crate) first_batch: usize,
}

impl Located {
    /// Reads into `buffer` and returns how many bytes of it are whole batches.
    pub(crate) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = (buffer.len() as u64).min(self.available) as usize;
        self.file.read_exact_at(&mut buffer[..len], self.position)?;
        let mut whole = 0;
        while let Some(rest) = buffer.get(whole..len).filter(|rest| rest.len() >= BatchPrefix::BYTES) {
            match BatchPrefix::parse(rest) {
                Ok(prefix) if prefix.len <= rest.len() => whole += prefix.len,
                _ => break,
            }
        }
        Ok(whole)
    }
}

/// A segment with its files, and how much of it may be read.
pub(super) struct Readable {
    pub(super) segment: Segment,
    pub(super) files: SegmentFiles,
    pub(super) end: u64,
}

impl PartitionLog {
    /// Where the durable records from `offset` on are; `None` at the end.
    pub(crate) fn locate(&self, offset: i64) -> Result<Option<Located>, Refused> {
        let next_offset = {
            let state = self.state();
            let next_offset = state.segments.last().map_or(0, |last| last.next_offset);
            if offset < state.log_start || offset > next_offset {
                let why = format!("offset {offset} is not between {} and {next_offset}", state.log_start);
                return Err(Refused::new(ErrorCode::OFFSET_OUT_OF_RANGE, why));
            }
            next_offset
        };
        if offset == next_offset || offset >= self.high_watermark() {
            return Ok(None);
        }
        self.find(offset).map_err(|error| self.unreadable(&error))
    }

    pub(super) fn unreadable(&self, error: &io::Error) -> Refused {
        tracing::error!(log = %self.name, %error, "cannot read the log");
        Refused::new(ErrorCode::KAFKA_STORAGE_ERROR, format!("cannot read the log: {error}"))
    }

    fn find(&self, offset: i64) -> io::Result<Option<Located>> {
        let mut at = offset;
        // Offsets may be missing at the end of a segment; then the next one is looked at.
        while let Some(readable) = self.readable_at(at)? {
            if let Some(found) = readable.find(offset)? {
                return Ok(Some(Located {
                    file: readable.files.log,
                    position: found.position,
                    available: readable.end - found.position,
                    first_batch: found.header.len,
                }));
            }
            match self.base_after(readable.segment.base) {
                Some(base) => at = base,
                None => break,
            }
        }
        Ok(None)
    }

    fn base_after(&self, base: i64) -> Option<i64> {
        self.state().segments.iter().map(|segment| segment.base).find(|next| *next > base)
    }

    /// The segment that may hold `offset`, as far as it is durable.
    pub(super) fn readable_at(&self, offset: i64) -> io::Result<Option<Readable>> {
        let durable = *self.durable.borrow();
        if offset >= durable.end {
            return Ok(None);
        }
        let mut state = self.state();
        let after = state.segments.partition_point(|segment| segment.base <= offset);
        // An offset before the first segment was missing in one that is gone.
        let Some(segment) = state.segments.get(after.saturating_sub(1)).cloned() else { return Ok(None) };
        let end = match segment.base.cmp(&durable.segment_base) {
            std::cmp::Ordering::Less => segment.size,
            std::cmp::Ordering::Equal => durable.position,
            std::cmp::Ordering::Greater => return Ok(None),
        };
        let files = self.files_of(&mut state, segment.base)?;
        Ok(Some(Readable { segment, files, end }))
    }

    fn files_of(&self, state: &mut State, base: i64) -> io::Result<SegmentFiles> {
        if state.segments.last().is_some_and(|last| last.base == base) {
            return Ok(state.active.clone());
        }
        if let Some((_, files)) = state.sealed.as_ref().filter(|(sealed, _)| *sealed == base) {
            return Ok(files.clone());
        }
        let files = SegmentFiles::open(self.disk.as_ref(), &self.folder, base, Open::Read)?;
        state.sealed = Some((base, files.clone()));
        Ok(files)
    }
}

impl Readable {
    /// The first batch that ends after `offset`.
    fn find(&self, offset: i64) -> io::Result<Option<Found>> {
        let relative = offset - self.segment.base;
        let entry = index::last_before(self.files.index.as_ref(), self.segment.index_entries, |entry| {
            i64::from(entry.relative_offset) <= relative
        })?;
        let from = entry.filter(|entry| self.points_to_batch(entry)).map_or(0, |entry| u64::from(entry.position));
        self.first_batch(from, |header| header.next_offset().0 > offset)
    }

    /// Whether the entry can be believed.
    pub(super) fn points_to_batch(&self, entry: &index::Entry) -> bool {
        let expected = self.segment.base + i64::from(entry.relative_offset);
        let mut walk = Walk::headers(self.files.log.as_ref(), u64::from(entry.position), self.end);
        match walk.step() {
            Ok(Step::Batch(found)) => found.header.base_offset.0 == expected,
            Ok(Step::End) => expected == self.segment.next_offset,
            _ => false,
        }
    }

    /// The first batch from `position` on that `wanted` accepts.
    pub(super) fn first_batch(
        &self,
        position: u64,
        wanted: impl Fn(&BatchHeader) -> bool,
    ) -> io::Result<Option<Found>> {
        let mut walk = Walk::headers(self.files.log.as_ref(), position, self.end);
        loop {
            match walk.step()? {
                Step::Batch(found) if wanted(&found.header) => return Ok(Some(found)),
                Step::Batch(_) => {}
                Step::End => return Ok(None),
                Step::CutOff => return Err(self.damaged(walk.position(), "a batch is cut off")),
                Step::Fault(fault) => return Err(self.damaged(walk.position(), &fault.to_string())),
            }
        }
    }
    fn damaged(&self, position: u64, why: &str) -> io::Error {
        let why = format!("segment {} is damaged at byte {position}: {why}", self.segment.base);
        io::Error::new(io::ErrorKind::InvalidData, why)
    }
}
