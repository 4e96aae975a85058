//! `index.meta`: which runs an index has, which files they point into, and which snapshot it shows.
//!
//! ```text
//! magic "MSKEYMET" | version u32 | length of the head u32 | head: JSON
//! per file: number u32 | rows u64 | own u8 | length of the location u32 | location
//! CRC-32C of all that precedes u32
//! ```
//! Numbers are little-endian; the head says how many files there are. It is streamed in and out: a table may have very many
//! files. Replaced by rename, never synced: what the disk lost shows in the checksum, and the index is built anew.

use std::path::Path;
use std::sync::Arc;

use base::disk::Open;
use base::{ByteCount, Disk, DiskFile, Error, Result};
use ledger::Account;
use serde::{Deserialize, Serialize};

use super::files::{FileTable, IndexedFile};
use super::run::failed;
use crate::files::durable::reserve;

const MAGIC: &[u8; 8] = b"MSKEYMET";
const VERSION: u32 = 2;
/// Written and read at once.
const BUFFER_BYTES: usize = 16 << 10;
/// The head names a few runs and key columns.
const HEAD_BYTES_MAX: usize = 16 << 10;
/// Longer locations are none.
const LOCATION_BYTES_MAX: usize = 64 << 10;

/// Buffers, and the head as text and as values.
const META_BYTES: ByteCount = ByteCount((BUFFER_BYTES + 2 * HEAD_BYTES_MAX + LOCATION_BYTES_MAX) as u64);

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Meta {
    pub(super) key_version: u32,
    pub(super) table_uuid: String,
    /// The columns of the key, by id.
    pub(super) key_ids: Vec<i32>,
    /// The hash's key.
    pub(super) secret: [u8; 16],
    pub(super) snapshot: Option<i64>,
    pub(super) runs: Vec<String>,
    pub(super) next_run: u64,
    pub(super) next_file: u32,
    pub(super) files: u64,
}

/// Replaces what `dir` says of its index.
///
/// # Errors
/// The disk fails; the account is short.
pub(super) fn write_meta(disk: &dyn Disk, dir: &Path, meta: &Meta, files: &FileTable, account: &Account) -> Result<()> {
    let _paid = reserve(account, META_BYTES, "saving the key index")?;
    let (path, final_path) = (dir.join("index.new"), dir.join("index.meta"));
    let file = disk.open(&path, Open::WriteOrCreate).map_err(|error| failed("write", &path, error))?;
    file.set_len(0).map_err(|error| failed("write", &path, error))?;
    let mut out = Output { file, path: &path, buffer: Vec::with_capacity(BUFFER_BYTES), at: 0, crc: 0 };
    let head = serde_json::to_vec(meta).map_err(|error| Error::internal(format!("index metadata: {error}")))?;
    out.put(MAGIC)?;
    out.put(&VERSION.to_le_bytes())?;
    out.put(&(head.len() as u32).to_le_bytes())?;
    out.put(&head)?;
    for file in files.iter() {
        out.put(&file.number.to_le_bytes())?;
        out.put(&file.rows.to_le_bytes())?;
        out.put(&[u8::from(file.own)])?;
        out.put(&(file.location.len() as u32).to_le_bytes())?;
        out.put(file.location.as_bytes())?;
    }
    out.finish()?;
    disk.rename(&path, &final_path).map_err(|error| failed("replace", &final_path, error))
}

/// `None` if it is missing, of another version, or not as it was written.
///
/// # Errors
/// The account cannot hold the table of files.
pub(super) fn read_meta(disk: &dyn Disk, path: &Path, account: &Account) -> Result<Option<(Meta, FileTable)>> {
    let _paid = reserve(account, META_BYTES, "reading the key index")?;
    let Some(mut input) = Input::open(disk, path) else { return Ok(None) };
    let Some(meta) = read_head(&mut input) else { return Ok(None) };
    let mut files = FileTable::new(account, meta.next_file);
    for _ in 0..meta.files {
        let Some(file) = read_file(&mut input) else { return Ok(None) };
        files.insert(file)?;
    }
    let crc = input.crc;
    let is_whole = input.number().map(u32::from_le_bytes) == Some(crc) && files.len() as u64 == meta.files;
    Ok(is_whole.then_some((meta, files)))
}

fn read_head(input: &mut Input) -> Option<Meta> {
    if input.number::<8>()? != *MAGIC || u32::from_le_bytes(input.number()?) != VERSION {
        return None;
    }
    let length = u32::from_le_bytes(input.number()?) as usize;
    serde_json::from_slice(&input.bytes(length, HEAD_BYTES_MAX)?).ok()
}

fn read_file(input: &mut Input) -> Option<IndexedFile> {
    let (number, rows) = (u32::from_le_bytes(input.number()?), u64::from_le_bytes(input.number()?));
    let own = input.number::<1>()? == [1];
    let length = u32::from_le_bytes(input.number()?) as usize;
    let location: Arc<str> = String::from_utf8(input.bytes(length, LOCATION_BYTES_MAX)?).ok()?.into();
    Some(IndexedFile { number, location, rows, own })
}

struct Output<'a> {
    file: Arc<dyn DiskFile>,
    path: &'a Path,
    buffer: Vec<u8>,
    at: u64,
    crc: u32,
}

impl Output<'_> {
    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.crc = crc32c::crc32c_append(self.crc, bytes);
        for part in bytes.chunks(BUFFER_BYTES) {
            if self.buffer.len() + part.len() > BUFFER_BYTES {
                self.flush()?;
            }
            self.buffer.extend_from_slice(part);
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        self.file.write_all_at(&self.buffer, self.at).map_err(|error| failed("write", self.path, error))?;
        self.at += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    fn finish(mut self) -> Result<()> {
        let crc = self.crc;
        self.put(&crc.to_le_bytes())?;
        self.flush()
    }
}

/// Reads on; every read answers `None` where too little is left or the disk fails.
struct Input {
    file: Arc<dyn DiskFile>,
    buffer: Vec<u8>,
    used: usize,
    at: u64,
    crc: u32,
}

impl Input {
    fn open(disk: &dyn Disk, path: &Path) -> Option<Self> {
        let file = disk.open(path, Open::Read).ok()?;
        Some(Self { file, buffer: Vec::with_capacity(BUFFER_BYTES), used: 0, at: 0, crc: 0 })
    }

    fn number<const N: usize>(&mut self) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        self.exact(&mut bytes)?;
        Some(bytes)
    }

    fn bytes(&mut self, length: usize, most: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; if length <= most { length } else { return None }];
        self.exact(&mut bytes)?;
        Some(bytes)
    }

    fn exact(&mut self, mut out: &mut [u8]) -> Option<()> {
        while !out.is_empty() {
            if self.used == self.buffer.len() {
                self.buffer.resize(BUFFER_BYTES, 0);
                let got = self.file.read_at(&mut self.buffer, self.at).ok()?;
                self.buffer.truncate(got);
                (self.used, self.at) = (0, self.at + got as u64);
            }
            let there = &self.buffer[self.used..];
            let n = there.len().min(out.len());
            let (filled, rest) = std::mem::take(&mut out).split_at_mut(n);
            filled.copy_from_slice(&there[..n]);
            self.crc = crc32c::crc32c_append(self.crc, filled);
            self.used += n;
            if n == 0 {
                return None;
            }
            out = rest;
        }
        Some(())
    }
}
