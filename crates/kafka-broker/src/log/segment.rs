//! One segment of a log: a file of batches and its index.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::disk::Open;
use base::{Disk, DiskFile};

use super::index::{Entry, INDEX_INTERVAL};

/// What is kept in memory of a segment; its files are open only while it is the last or being read.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) base: i64,
    /// Bytes of sound batches.
    pub(super) size: u64,
    /// The offset after its last record.
    pub(super) next_offset: i64,
    /// -1 if no record has one.
    pub(super) max_timestamp: i64,
    pub(super) index_entries: u32,
    /// Where the last index entry points.
    pub(super) indexed_to: u64,
}

/// The files of a segment.
#[derive(Clone, Debug)]
pub(super) struct SegmentFiles {
    pub(super) log: Arc<dyn DiskFile>,
    pub(super) index: Arc<dyn DiskFile>,
}

impl SegmentFiles {
    pub(super) fn open(disk: &dyn Disk, folder: &Path, base: i64, how: Open) -> io::Result<Self> {
        let log = disk.open(&log_path(folder, base), how)?;
        // The index can always be made anew.
        let index = disk.open(&index_path(folder, base), Open::WriteOrCreate)?;
        Ok(Self { log, index })
    }

    /// Makes a new, empty segment, over what an earlier attempt may have left.
    pub(super) fn create(disk: &dyn Disk, folder: &Path, base: i64) -> io::Result<Self> {
        let files = Self::open(disk, folder, base, Open::WriteOrCreate)?;
        files.log.set_len(0)?;
        files.index.set_len(0)?;
        Ok(files)
    }
}

impl Segment {
    pub(super) fn empty(base: i64) -> Self {
        Self { base, size: 0, next_offset: base, max_timestamp: -1, index_entries: 0, indexed_to: 0 }
    }

    /// Notes the batch at the segment's end: `len` bytes up to `next_offset`.
    pub(super) fn extend(&mut self, len: u64, next_offset: i64, max_timestamp: i64) {
        self.size += len;
        self.next_offset = next_offset;
        self.max_timestamp = self.max_timestamp.max(max_timestamp);
    }

    /// Writes an index entry for the batch that is about to be appended, if it is time for one.
    pub(super) fn index_next(&mut self, index: &dyn DiskFile, base_offset: i64) -> io::Result<()> {
        if self.size < self.indexed_to + INDEX_INTERVAL {
            return Ok(());
        }
        self.write_entry(index, base_offset)
    }

    /// Writes the entry for the segment's end, which makes its largest timestamp known to the next start.
    pub(super) fn index_end(&mut self, index: &dyn DiskFile) -> io::Result<()> {
        self.write_entry(index, self.next_offset)
    }

    fn write_entry(&mut self, index: &dyn DiskFile, offset: i64) -> io::Result<()> {
        let (Ok(relative_offset), Ok(position)) = (u32::try_from(offset - self.base), u32::try_from(self.size)) else {
            return Err(io::Error::other("a segment grew beyond 4 GiB"));
        };
        Entry { relative_offset, position, max_timestamp: self.max_timestamp }.write(index, self.index_entries)?;
        self.index_entries += 1;
        self.indexed_to = self.size;
        Ok(())
    }
}

pub(super) fn log_path(folder: &Path, base: i64) -> PathBuf {
    folder.join(format!("{base:020}.log"))
}

pub(super) fn index_path(folder: &Path, base: i64) -> PathBuf {
    folder.join(format!("{base:020}.index"))
}

/// The base offset in the name of a log file.
pub(super) fn base_of(name: &str) -> Option<i64> {
    let digits = name.strip_suffix(".log")?;
    (digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())?
}

/// Whether a file of this name holds records.
pub(crate) fn is_log(name: &str) -> bool {
    base_of(name).is_some()
}
