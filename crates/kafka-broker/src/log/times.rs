//! Finding records by time.

use std::io;
use std::sync::Arc;

use base::DiskFile;

use super::append::Refused;
use super::index;
use super::partition::PartitionLog;
use super::read::Readable;
use super::scan::Found;

/// The batch in which the first record at or after a time is.
#[derive(Clone, Debug)]
pub(crate) struct TimedBatch {
    file: Arc<dyn DiskFile>,
    found: Found,
}

impl TimedBatch {
    pub(crate) fn base_offset(&self) -> i64 {
        self.found.header.base_offset.0
    }

    pub(crate) fn base_timestamp(&self) -> i64 {
        self.found.header.base_timestamp
    }

    pub(crate) fn len(&self) -> usize {
        self.found.header.len
    }

    /// Reads the whole batch; `buffer` has [`Self::len`] bytes.
    pub(crate) fn read(&self, buffer: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(buffer, self.found.position)
    }
}

impl PartitionLog {
    /// The first durable batch with a record at or after `timestamp`.
    pub(crate) fn batch_at_time(&self, timestamp: i64) -> Result<Option<TimedBatch>, Refused> {
        self.find_time(timestamp).map_err(|error| self.unreadable(&error))
    }

    /// The largest timestamp in the log; -1 for none. May be that of a record that is about to be durable.
    pub(crate) fn max_timestamp(&self) -> i64 {
        self.state().segments.iter().map(|segment| segment.max_timestamp).max().unwrap_or(-1)
    }

    fn find_time(&self, timestamp: i64) -> io::Result<Option<TimedBatch>> {
        let bases: Vec<i64> = {
            let state = self.state();
            let late = state.segments.iter().filter(|segment| segment.max_timestamp >= timestamp);
            late.map(|segment| segment.base).collect()
        };
        let log_start = self.log_start();
        for base in bases {
            // Gone meanwhile, or not durable yet.
            let Some(readable) = self.readable_at(base)?.filter(|readable| readable.segment.base == base) else {
                continue;
            };
            if let Some(found) = readable.find_time(timestamp, log_start)? {
                return Ok(Some(TimedBatch { file: readable.files.log, found }));
            }
        }
        Ok(None)
    }
}

impl Readable {
    fn find_time(&self, timestamp: i64, log_start: i64) -> io::Result<Option<Found>> {
        let entry = index::last_before(self.files.index.as_ref(), self.segment.index_entries, |entry| {
            entry.max_timestamp < timestamp
        })?;
        let from = entry.filter(|entry| self.points_to_batch(entry)).map_or(0, |entry| u64::from(entry.position));
        self.first_batch(from, |header| header.max_timestamp >= timestamp && header.next_offset().0 > log_start)
    }
}
