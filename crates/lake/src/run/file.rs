//! Run files: sorted records on disk, in lz4 blocks.
//!
//! ```text
//! block:  raw length u32, stored length u32, CRC-32C of the stored bytes u32, stored bytes (lz4 block of raw bytes)
//! raw:    records, see super::record; at most BLOCK_BYTES
//! end:    a block with raw length 0
//! ```
//! A record that does not fit into what is left of a block begins the next one; one that is longer than a block goes on in
//! those behind. So a reader knows the hash of its next record, which is all that a merge compares, in the memory of one
//! block, however long records are. Written by one run of the program and read by the same; never synced, never read by
//! another version.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::disk::Open;
use base::{Disk, DiskFile, Error, Result};

use super::record::{self, Record};

/// Raw bytes of a block, at most.
pub const BLOCK_BYTES: usize = 32 << 10;
const HEADER_BYTES: usize = 12;
/// What a record must have in the block in which it begins: its length and its hash.
const START_BYTES: usize = 4 + 16;

/// A finished run.
#[derive(Clone, Debug)]
pub struct RunFile {
    pub path: PathBuf,
    pub bytes: u64,
    pub records: u64,
}

/// Writes records that come sorted by hash.
#[derive(Debug)]
pub struct RunWriter {
    path: PathBuf,
    file: Arc<dyn DiskFile>,
    at: u64,
    raw: Vec<u8>,
    stored: Vec<u8>,
    head: Vec<u8>,
    records: u64,
}

/// What a writer holds at most: a block, raw and stored, and what stands before a record's row.
pub const RUN_WRITER_BYTES: usize = 3 * BLOCK_BYTES;
/// What a reader holds at most, but while it reads a block.
pub const RUN_READER_BYTES: usize = BLOCK_BYTES;
/// What a reader holds beyond that while it reads a block: one reader at a time.
pub const RUN_READING_BYTES: usize = BLOCK_BYTES + (BLOCK_BYTES >> 3);

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
            head: Vec::new(),
            records: 0,
        })
    }

    /// Appends a record.
    ///
    /// # Errors
    /// The disk fails.
    pub fn put(&mut self, record: &Record<'_>) -> Result<()> {
        let length = record.encoded_len();
        if !self.raw.is_empty() && self.raw.len() + length > BLOCK_BYTES {
            self.flush()?;
        }
        self.records += 1;
        if length <= BLOCK_BYTES {
            record.put(&mut self.raw);
            return Ok(());
        }
        let mut head = std::mem::take(&mut self.head);
        head.clear();
        record.put_head(record.row.len(), &mut head);
        self.append(&head)?;
        self.head = head;
        self.append(&record.row)
    }

    /// Appends bytes of a record that does not fit into one block.
    fn append(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            if self.raw.len() == BLOCK_BYTES {
                self.flush()?;
            }
            let (now, later) = bytes.split_at(bytes.len().min(BLOCK_BYTES - self.raw.len()));
            self.raw.extend_from_slice(now);
            bytes = later;
        }
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
        self.raw.clear();
        Ok(())
    }

    pub fn finish(mut self) -> Result<RunFile> {
        if !self.raw.is_empty() {
            self.flush()?;
        }
        self.file.write_all_at(&[0; HEADER_BYTES], self.at).map_err(|error| failed("write", &self.path, error))?;
        Ok(RunFile { path: self.path, bytes: self.at, records: self.records })
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
    ended: bool,
}

impl RunReader {
    /// Stands at the first record.
    pub fn open(disk: &dyn Disk, run: &RunFile) -> Result<Self> {
        let file = disk.open(&run.path, Open::Read).map_err(|error| failed("open", &run.path, error))?;
        let mut reader =
            Self { path: run.path.clone(), file, at: 0, raw: Vec::with_capacity(BLOCK_BYTES), here: 0, ended: false };
        reader.settle()?;
        Ok(reader)
    }

    /// The hash of the current record; `None` at the end.
    pub fn hash(&self) -> Option<u128> {
        record::hash_of(self.raw.get(self.here + 4..)?)
    }

    /// The length of the current record; 0 at the end.
    pub fn length(&self) -> usize {
        let length = self.raw.get(self.here..).and_then(<[u8]>::first_chunk::<4>);
        length.map_or(0, |length| u32::from_le_bytes(*length) as usize)
    }

    /// The current record, of which [`Self::length`] bytes are allocated; the next one is current then.
    ///
    /// # Errors
    /// The disk fails or lost what was written to it.
    pub fn take(&mut self) -> Result<Record<'static>> {
        let length = self.length();
        let rest = self.raw.get(self.here + 4..).unwrap_or_default();
        if let Some(whole) = rest.get(..length) {
            let record = record::parse(whole).map(Record::into_owned);
            self.here += 4 + length;
            self.settle()?;
            return record.ok_or_else(|| self.damaged("a damaged record"));
        }
        let mut bytes = Vec::with_capacity(length);
        bytes.extend_from_slice(rest);
        while bytes.len() < length {
            self.next_block()?;
            if self.ended {
                return Err(self.damaged("a torn record"));
            }
            self.here = self.raw.len().min(length - bytes.len());
            bytes.extend_from_slice(&self.raw[..self.here]);
        }
        self.settle()?;
        record::parse_owned(bytes).ok_or_else(|| self.damaged("a damaged record"))
    }

    /// Goes to the block of the next record if the current one is used up.
    fn settle(&mut self) -> Result<()> {
        if self.here == self.raw.len() {
            self.next_block()?;
        }
        let left = self.raw.len() - self.here;
        if left == 0 || left >= START_BYTES { Ok(()) } else { Err(self.damaged("a torn record")) }
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
        if raw > BLOCK_BYTES || stored > lz4_flex::block::get_maximum_output_size(raw) {
            return Err(self.damaged("an impossible block length"));
        }
        let mut packed = vec![0; stored];
        let at = self.at + HEADER_BYTES as u64;
        self.file.read_exact_at(&mut packed, at).map_err(|error| failed("read", &self.path, error))?;
        if crc32c::crc32c(&packed) != crc {
            return Err(self.damaged("a wrong checksum"));
        }
        self.raw.resize(raw, 0);
        let got = lz4_flex::block::decompress_into(&packed, &mut self.raw);
        if got.ok() != Some(raw) {
            return Err(self.damaged("a damaged block"));
        }
        self.at = at + stored as u64;
        Ok(())
    }

    fn damaged(&self, what: &str) -> Error {
        Error::transient(format!("the sort run {} has {what}", self.path.display()))
            .hint("the disk lost what was written to it; the job goes on from its last commit")
    }
}
