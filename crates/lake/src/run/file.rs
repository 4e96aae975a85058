//! Run files: sorted records on disk, in lz4 blocks.
//!
//! ```text
//! block:  raw length u32, stored length u32, CRC-32C of the stored bytes u32, stored bytes (lz4 block of raw bytes)
//! raw:    whole records, see super::record; at least one
//! end:    a block with raw length 0
//! ```
//! Written by one run of the program and read by the same; never synced, never read by another version.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::disk::Open;
use base::{Disk, DiskFile, Error, Result};

use super::record;

/// Raw bytes of a block; a longer record makes a longer block.
pub const BLOCK_BYTES: usize = 32 << 10;
const HEADER_BYTES: usize = 12;

/// A finished run.
#[derive(Clone, Debug)]
pub struct RunFile {
    pub path: PathBuf,
    pub bytes: u64,
    pub records: u64,
    /// The longest raw block, which a reader must hold.
    pub block_bytes_max: usize,
}

/// Writes records that come sorted by hash.
#[derive(Debug)]
pub struct RunWriter {
    path: PathBuf,
    file: Arc<dyn DiskFile>,
    at: u64,
    raw: Vec<u8>,
    stored: Vec<u8>,
    records: u64,
    block_bytes_max: usize,
}

/// What a writer holds at most, for records of ordinary size.
pub const RUN_WRITER_BYTES: usize = 4 * BLOCK_BYTES;

/// What a writer holds at most, for records of up to `length` bytes: a block of one, raw and stored.
pub const fn writer_bytes(length: usize) -> usize {
    let longest = 2 * length + length / 16 + BLOCK_BYTES;
    if length <= BLOCK_BYTES || longest < RUN_WRITER_BYTES { RUN_WRITER_BYTES } else { longest }
}

fn failed(doing: &str, path: &Path, error: std::io::Error) -> Error {
    Error::transient(format!("cannot {doing} the sort run {}: {error}", path.display()))
        .hint("see that the disk of the state folder is writable and has room")
        .caused_by(error)
}

impl RunWriter {
    pub fn create(disk: &dyn Disk, path: PathBuf) -> Result<Self> {
        let file = disk.open(&path, Open::CreateNew).map_err(|error| failed("create", &path, error))?;
        Ok(Self {
            path,
            file,
            at: 0,
            raw: Vec::with_capacity(BLOCK_BYTES),
            stored: Vec::new(),
            records: 0,
            block_bytes_max: 0,
        })
    }

    /// Appends an encoded record, length included.
    pub fn put(&mut self, encoded: &[u8]) -> Result<()> {
        if !self.raw.is_empty() && self.raw.len() + encoded.len() > BLOCK_BYTES {
            self.flush()?;
        }
        self.raw.extend_from_slice(encoded);
        self.records += 1;
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        let room = lz4_flex::block::get_maximum_output_size(self.raw.len());
        self.stored.clear();
        self.stored.resize(HEADER_BYTES + room, 0);
        let stored = lz4_flex::block::compress_into(&self.raw, &mut self.stored[HEADER_BYTES..])
            .map_err(|error| Error::internal(format!("lz4: {error}")))?;
        self.stored.truncate(HEADER_BYTES + stored);
        let crc = crc32c::crc32c(&self.stored[HEADER_BYTES..]);
        self.stored[..4].copy_from_slice(&(self.raw.len() as u32).to_le_bytes());
        self.stored[4..8].copy_from_slice(&(stored as u32).to_le_bytes());
        self.stored[8..12].copy_from_slice(&crc.to_le_bytes());
        self.file.write_all_at(&self.stored, self.at).map_err(|error| failed("write", &self.path, error))?;
        self.at += self.stored.len() as u64;
        self.block_bytes_max = self.block_bytes_max.max(self.raw.len());
        self.raw.clear();
        Ok(())
    }

    pub fn finish(mut self) -> Result<RunFile> {
        if !self.raw.is_empty() {
            self.flush()?;
        }
        self.file.write_all_at(&[0; HEADER_BYTES], self.at).map_err(|error| failed("write", &self.path, error))?;
        Ok(RunFile { path: self.path, bytes: self.at, records: self.records, block_bytes_max: self.block_bytes_max })
    }
}

/// Reads a run from its beginning, one block at a time.
#[derive(Debug)]
pub struct RunReader {
    path: PathBuf,
    file: Arc<dyn DiskFile>,
    at: u64,
    raw: Vec<u8>,
    /// Where the current record begins in `raw`, its length included.
    here: usize,
    stored: Vec<u8>,
    ended: bool,
}

impl RunReader {
    /// Stands at the first record.
    pub fn open(disk: &dyn Disk, run: &RunFile) -> Result<Self> {
        let file = disk.open(&run.path, Open::Read).map_err(|error| failed("open", &run.path, error))?;
        let mut reader =
            Self { path: run.path.clone(), file, at: 0, raw: Vec::new(), here: 0, stored: Vec::new(), ended: false };
        reader.next_block()?;
        Ok(reader)
    }

    /// The current record as [`record::parse`] takes it; `None` at the end.
    pub fn current(&self) -> Option<&[u8]> {
        record::split(self.raw.get(self.here..)?).map(|(found, _)| found)
    }

    pub fn advance(&mut self) -> Result<()> {
        let rest = self.raw.get(self.here..).unwrap_or_default();
        let Some((_, after)) = record::split(rest) else { return Err(self.damaged("a torn record")) };
        self.here = self.raw.len() - after.len();
        if self.here == self.raw.len() { self.next_block() } else { Ok(()) }
    }

    fn next_block(&mut self) -> Result<()> {
        self.raw.clear();
        self.here = 0;
        if self.ended {
            return Ok(());
        }
        let mut header = [0; HEADER_BYTES];
        self.file.read_exact_at(&mut header, self.at).map_err(|error| failed("read", &self.path, error))?;
        let number = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let (raw, stored, crc) = (number(0) as usize, number(4) as usize, number(8));
        if raw == 0 {
            self.ended = true;
            return Ok(());
        }
        if stored > lz4_flex::block::get_maximum_output_size(raw) {
            return Err(self.damaged("an impossible block length"));
        }
        self.stored.resize(stored, 0);
        let at = self.at + HEADER_BYTES as u64;
        self.file.read_exact_at(&mut self.stored, at).map_err(|error| failed("read", &self.path, error))?;
        if crc32c::crc32c(&self.stored) != crc {
            return Err(self.damaged("a wrong checksum"));
        }
        self.raw.resize(raw, 0);
        let got = lz4_flex::block::decompress_into(&self.stored, &mut self.raw);
        if got.ok() != Some(raw) || record::split(&self.raw).is_none() {
            return Err(self.damaged("a damaged block"));
        }
        self.stored = Vec::new();
        self.at = at + stored as u64;
        Ok(())
    }

    fn damaged(&self, what: &str) -> Error {
        Error::transient(format!("the sort run {} has {what}", self.path.display()))
            .hint("the disk lost what was written to it; the job goes on from its last commit")
    }
}
