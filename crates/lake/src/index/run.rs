//! Index runs: sorted entries on disk.
//!
//! ```text
//! block 0    header: magic "MSKEYIDX", version u32, key encoding version u32, entries u64, blocks u64, zeros
//! block 1..  170 entries of 24 bytes, entry count u16 (only the last block has fewer), zeros
//! fence      the upper half of each block's first hash, u64 each, and a CRC-32C of them all
//! ```
//! A block is 4 KiB and ends in the CRC-32C of what precedes. Runs are written once and never changed; they are never
//! synced, since the index is a cache: whatever the disk lost shows in a checksum, and the index is rebuilt.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::disk::Open;
use base::{Disk, DiskFile, Error, Result};

use super::entry::{ENTRY_BYTES, Entry};
use crate::files::durable::remove_if_there;
use crate::run::key::KEY_VERSION;

pub const BLOCK_BYTES: usize = 4096;
/// Entries of a full block.
pub const ENTRIES_PER_BLOCK: usize = (BLOCK_BYTES - 16) / ENTRY_BYTES;
const COUNT_AT: usize = ENTRIES_PER_BLOCK * ENTRY_BYTES;
const CRC_AT: usize = BLOCK_BYTES - 4;
const MAGIC: &[u8; 8] = b"MSKEYIDX";
const VERSION: u32 = 1;
/// The writer gathers blocks up to this many bytes.
pub const WRITE_BYTES: usize = 64 << 10;

const _: () = assert!(COUNT_AT + 2 <= CRC_AT);

/// A finished run.
#[derive(Clone, Debug)]
pub struct IndexRun {
    pub path: PathBuf,
    pub entries: u64,
    pub(super) blocks: u64,
    pub(super) file: Arc<dyn DiskFile>,
}

/// Writes entries that come sorted by hash. Holds [`WRITE_BYTES`] and the fence.
#[derive(Debug)]
pub struct IndexRunWriter {
    path: PathBuf,
    file: Arc<dyn DiskFile>,
    block: Vec<u8>,
    gathered: Vec<u8>,
    at: u64,
    entries: u64,
    fence: Vec<u8>,
    fence_at: FencePlace,
    last: u128,
}

/// The fence grows with the run, so it goes to a file of its own until the blocks are all written.
#[derive(Debug)]
struct FencePlace {
    path: PathBuf,
    file: Option<Arc<dyn DiskFile>>,
    bytes: u64,
    crc: u32,
}

pub(super) fn failed(doing: &str, path: &Path, error: std::io::Error) -> Error {
    Error::transient(format!("cannot {doing} the key index {}: {error}", path.display()))
        .hint("see that the disk of the state folder is writable and has room")
        .caused_by(error)
}

/// The index is not what was written.
pub(super) fn damaged(path: &Path, what: &str) -> Error {
    Error::transient(format!("the key index {} has {what}", path.display()))
        .hint("it is rebuilt from the table at the next start")
        .caused_by(Damage)
}

/// A read that failed: damage if the file is too short.
pub(super) fn unread(path: &Path, error: std::io::Error) -> Error {
    if error.kind() == std::io::ErrorKind::UnexpectedEof {
        return damaged(path, "lost its end");
    }
    failed("read", path, error)
}

/// The cause of errors that only a new index mends.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the disk lost what was written to it")]
pub struct Damage;

/// Whether an error says that the index must be built anew.
pub fn is_damage(error: &Error) -> bool {
    std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<Damage>)
}

fn seal(block: &mut Vec<u8>) {
    block.resize(CRC_AT, 0);
    let crc = crc32c::crc32c(block);
    block.extend_from_slice(&crc.to_le_bytes());
}

pub(super) fn sealed(block: &[u8]) -> bool {
    block.len() == BLOCK_BYTES && crc32c::crc32c(&block[..CRC_AT]).to_le_bytes() == block[CRC_AT..]
}

pub(super) fn entries_in(block: &[u8]) -> usize {
    usize::from(u16::from_le_bytes([block[COUNT_AT], block[COUNT_AT + 1]]))
}

impl IndexRunWriter {
    pub fn create(disk: &dyn Disk, path: PathBuf) -> Result<Self> {
        let file = disk.open(&path, Open::CreateNew).map_err(|error| failed("create", &path, error))?;
        let fence_at = FencePlace { path: path.with_extension("fence"), file: None, bytes: 0, crc: 0 };
        Ok(Self {
            path,
            file,
            block: Vec::with_capacity(BLOCK_BYTES),
            gathered: Vec::with_capacity(WRITE_BYTES),
            at: BLOCK_BYTES as u64,
            entries: 0,
            fence: Vec::new(),
            fence_at,
            last: 0,
        })
    }

    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// Appends an entry whose hash is not below the last one's.
    pub fn put(&mut self, disk: &dyn Disk, entry: Entry) -> Result<()> {
        assert!(entry.hash >= self.last, "index entries out of order");
        self.last = entry.hash;
        if self.block.is_empty() {
            self.fence.extend_from_slice(&((entry.hash >> 64) as u64).to_le_bytes());
            if self.fence.len() >= BLOCK_BYTES {
                self.flush_fence(disk)?;
            }
        }
        entry.put(&mut self.block);
        self.entries += 1;
        if self.block.len() == COUNT_AT { self.flush_block() } else { Ok(()) }
    }

    fn flush_block(&mut self) -> Result<()> {
        let count = (self.block.len() / ENTRY_BYTES) as u16;
        self.block.resize(COUNT_AT, 0);
        self.block.extend_from_slice(&count.to_le_bytes());
        seal(&mut self.block);
        self.gathered.append(&mut self.block);
        if self.gathered.len() >= WRITE_BYTES { self.write_gathered() } else { Ok(()) }
    }

    fn write_gathered(&mut self) -> Result<()> {
        self.file.write_all_at(&self.gathered, self.at).map_err(|error| failed("write", &self.path, error))?;
        self.at += self.gathered.len() as u64;
        self.gathered.clear();
        Ok(())
    }

    fn flush_fence(&mut self, disk: &dyn Disk) -> Result<()> {
        let place = &mut self.fence_at;
        let file = match &place.file {
            Some(file) => file.clone(),
            None => {
                let file = disk.open(&place.path, Open::WriteOrCreate).map_err(|e| failed("create", &place.path, e))?;
                place.file.insert(file).clone()
            }
        };
        file.write_all_at(&self.fence, place.bytes).map_err(|error| failed("write", &place.path, error))?;
        place.bytes += self.fence.len() as u64;
        place.crc = crc32c::crc32c_append(place.crc, &self.fence);
        self.fence.clear();
        Ok(())
    }

    pub fn finish(mut self, disk: &dyn Disk) -> Result<IndexRun> {
        if !self.block.is_empty() {
            self.flush_block()?;
        }
        if !self.gathered.is_empty() {
            self.write_gathered()?;
        }
        let blocks = self.at / BLOCK_BYTES as u64 - 1;
        self.write_fence(disk)?;
        let mut header = MAGIC.to_vec();
        header.extend_from_slice(&VERSION.to_le_bytes());
        header.extend_from_slice(&KEY_VERSION.to_le_bytes());
        header.extend_from_slice(&self.entries.to_le_bytes());
        header.extend_from_slice(&blocks.to_le_bytes());
        seal(&mut header);
        self.file.write_all_at(&header, 0).map_err(|error| failed("write", &self.path, error))?;
        Ok(IndexRun { path: self.path, entries: self.entries, blocks, file: self.file })
    }

    fn write_fence(&mut self, disk: &dyn Disk) -> Result<()> {
        let (path, mut at) = (self.path.clone(), self.at);
        let mut append = |file: &Arc<dyn DiskFile>, bytes: &[u8]| {
            let written = file.write_all_at(bytes, at).map_err(|error| failed("write", &path, error));
            at += bytes.len() as u64;
            written
        };
        let place = &self.fence_at;
        if let Some(outside) = &place.file {
            let mut buffer = vec![0; BLOCK_BYTES];
            let mut from = 0;
            while from < place.bytes {
                let n = (place.bytes - from).min(BLOCK_BYTES as u64) as usize;
                outside.read_exact_at(&mut buffer[..n], from).map_err(|error| failed("read", &place.path, error))?;
                append(&self.file, &buffer[..n])?;
                from += n as u64;
            }
            remove_if_there(disk, &place.path).map_err(|error| failed("tidy", &place.path, error))?;
        }
        append(&self.file, &self.fence)?;
        let crc = crc32c::crc32c_append(place.crc, &self.fence);
        append(&self.file, &crc.to_le_bytes())
    }
}

impl IndexRun {
    /// Opens a run of an earlier process.
    ///
    /// # Errors
    /// It is missing, damaged or of another version.
    pub fn open(disk: &dyn Disk, path: PathBuf) -> Result<Self> {
        let file = disk.open(&path, Open::Read).map_err(|error| failed("open", &path, error))?;
        let mut header = vec![0; BLOCK_BYTES];
        file.read_exact_at(&mut header, 0).map_err(|error| unread(&path, error))?;
        let mut at = crate::run::bytes::Cursor::new(&header);
        let known =
            sealed(&header) && at.take(8) == Some(MAGIC) && at.u32() == Some(VERSION) && at.u32() == Some(KEY_VERSION);
        let counts = (at.u64(), at.u64());
        let (true, (Some(entries), Some(blocks))) = (known, counts) else {
            return Err(damaged(&path, "an unknown header"));
        };
        if blocks != entries.div_ceil(ENTRIES_PER_BLOCK as u64) {
            return Err(damaged(&path, "a wrong count"));
        }
        Ok(Self { path, entries, blocks, file })
    }

    /// Bytes of the fence in memory.
    pub fn fence_bytes(&self) -> u64 {
        self.blocks * 8
    }

    /// The upper half of each block's first hash.
    pub fn read_fence(&self) -> Result<Vec<u64>> {
        let mut bytes = vec![0; self.fence_bytes() as usize + 4];
        let at = (self.blocks + 1) * BLOCK_BYTES as u64;
        self.file.read_exact_at(&mut bytes, at).map_err(|error| unread(&self.path, error))?;
        let (fence, crc) = bytes.split_at(bytes.len() - 4);
        if crc32c::crc32c(fence).to_le_bytes() != crc {
            return Err(damaged(&self.path, "a wrong checksum in its fence"));
        }
        Ok(fence.chunks_exact(8).map(|bytes| u64::from_le_bytes(bytes.try_into().unwrap_or_default())).collect())
    }
}
