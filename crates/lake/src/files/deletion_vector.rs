//! Deletion vectors: which rows of one data file are deleted (Iceberg spec, v3; Puffin spec, `deletion-vector-v1`).
//!
//! ```text
//! length of magic and vector: u32 BE | magic d1 d3 39 64 | vector | CRC-32 of magic and vector: u32 BE
//! vector: bitmaps: u64 LE, then per bitmap: high 32 bits: u32 LE | 32-bit Roaring bitmap, portable format
//! ```
//!
//! A vector holds every deleted position of its file; a new one replaces the one before.

use base::disk::Open;
use base::{ByteCount, Disk, Error, Result};
use ledger::{Account, Owned};
use roaring::RoaringTreemap;

use super::durable::{disk_error, reserve};
use super::location::local_path;
use super::manifest::DataFile;

const MAGIC: [u8; 4] = [0xd1, 0xd3, 0x39, 0x64];
/// Length, magic and checksum.
const FRAME: usize = 12;

/// The blob of a vector.
///
/// # Errors
/// Internal: a vector of 4 GiB.
pub fn encode(deleted: &RoaringTreemap) -> Result<Vec<u8>> {
    let internal = || Error::internal("a deletion vector does not serialise");
    let body_len = deleted.serialized_size() + MAGIC.len();
    let mut blob = Vec::with_capacity(body_len + 8);
    blob.extend_from_slice(&u32::try_from(body_len).map_err(|_| internal())?.to_be_bytes());
    blob.extend_from_slice(&MAGIC);
    deleted.serialize_into(&mut blob).map_err(|error| internal().caused_by(error))?;
    let crc = crc32fast::hash(&blob[4..]);
    blob.extend_from_slice(&crc.to_be_bytes());
    Ok(blob)
}

/// Reads a blob.
///
/// # Errors
/// What is wrong with it.
pub fn decode(blob: &[u8]) -> Result<RoaringTreemap, String> {
    if blob.len() < FRAME {
        return Err("it is too short".to_owned());
    }
    let (length, rest) = blob.split_at(4);
    let (body, crc) = rest.split_at(rest.len() - 4);
    if length != (body.len() as u64 as u32).to_be_bytes() {
        return Err("its length is not that of its blob".to_owned());
    }
    if crc != crc32fast::hash(body).to_be_bytes() {
        return Err("its checksum is wrong".to_owned());
    }
    let vector = body.strip_prefix(&MAGIC).ok_or("its magic number is wrong")?;
    RoaringTreemap::deserialize_from(vector).map_err(|error| format!("its bitmap is wrong: {error}"))
}

/// The memory of a vector whose blob has `len` bytes. Measured: as much as the blob where containers are full, up to 4.6
/// times as much where each holds one position.
pub fn memory_of(len: u64) -> ByteCount {
    ByteCount(len.saturating_mul(5).saturating_add(1024))
}

/// Reads the deletion vector that an entry of a manifest names.
///
/// # Errors
/// The disk's; the vector is damaged or does not delete as many rows as its entry says; the account is short.
pub fn read(disk: &dyn Disk, entry: &DataFile, account: &Account) -> Result<Owned<RoaringTreemap>> {
    let damaged =
        |what: &str| Error::external(format!("the deletion vector in {} is damaged: {what}", entry.file_path));
    let place = entry.content_offset.zip(entry.content_size_in_bytes);
    let place = place.and_then(|(offset, len)| Some((u64::try_from(offset).ok()?, u64::try_from(len).ok()?)));
    let (offset, len) = place.ok_or_else(|| damaged("its entry does not say where it is"))?;
    let path = local_path(&entry.file_path)?;
    let file = disk.open(&path, Open::Read).map_err(|error| disk_error("read", &path, error))?;
    let file_len = file.len().map_err(|error| disk_error("read", &path, error))?;
    if offset.checked_add(len).is_none_or(|end| end > file_len) {
        return Err(damaged("it would end behind its file"));
    }
    let mut paid = reserve(account, memory_of(len).saturating_add(ByteCount(len)), "a deletion vector")?;
    let mut blob = vec![0; ByteCount(len).as_usize()];
    file.read_exact_at(&mut blob, offset).map_err(|error| disk_error("read", &path, error))?;
    let deleted = decode(&blob).map_err(|what| damaged(&what))?;
    if deleted.len() != entry.record_count as u64 {
        return Err(damaged(&format!("it deletes {} rows and its entry says {}", deleted.len(), entry.record_count)));
    }
    paid.shrink_to(memory_of(len));
    Ok(Owned::new(deleted, paid))
}
