//! Puffin files: a container for blobs, here for deletion vectors (Puffin spec).
//!
//! ```text
//! magic "PFA1" | blobs | footer
//! footer: magic "PFA1" | JSON | length of the JSON: u32 LE | flags: u32 LE | magic "PFA1"
//! ```
//!
//! Readers of deletion vectors go by offset and length from the manifest and never need the footer; it is written whole
//! all the same, and uncompressed.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::disk::Open;
use base::{ByteCount, Disk, Error, Result};
use ledger::{Account, Owned};
use roaring::RoaringTreemap;
use serde::{Deserialize, Serialize};

use super::deletion_vector;
use super::durable::{DurableFile, disk_error, reserve};
use super::location::local_path;
use super::manifest::{Content, DataFile, FileFormat};

const MAGIC: [u8; 4] = *b"PFA1";
/// Length, flags and magic behind the JSON.
const TAIL: usize = 12;
const FLAG_COMPRESSED: u32 = 1;

/// The blob type of deletion vectors.
pub const DELETION_VECTOR: &str = "deletion-vector-v1";
/// The id of the column `_pos`, which a deletion vector is about; Java refuses vectors without it.
const ROW_POSITION_FIELD: i32 = 2_147_483_645;

/// A blob, as the footer lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct BlobMetadata {
    #[serde(rename = "type")]
    pub kind: String,
    pub fields: Vec<i32>,
    pub snapshot_id: i64,
    pub sequence_number: i64,
    pub offset: u64,
    pub length: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compression_codec: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Footer {
    blobs: Vec<BlobMetadata>,
    #[serde(default)]
    properties: BTreeMap<String, String>,
}

/// A Puffin file of deletion vectors that is being written. In memory: the footer's line of each blob, some 300 bytes.
#[derive(Debug)]
pub struct PuffinWriter {
    file: DurableFile,
    location: String,
    blobs: Vec<BlobMetadata>,
    entries: Vec<DataFile>,
}

impl PuffinWriter {
    /// Makes the file `location`; its folder must exist, its name must be new.
    ///
    /// # Errors
    /// The disk's.
    pub fn create(disk: &Arc<dyn Disk>, location: &str) -> Result<Self> {
        let mut file = DurableFile::create(disk, &local_path(location)?)?;
        file.append(&MAGIC)?;
        Ok(Self { file, location: location.to_owned(), blobs: Vec::new(), entries: Vec::new() })
    }

    /// Appends the vector of all deleted positions of the data file `of`, which is named as its manifest entry names it.
    ///
    /// # Errors
    /// The disk's.
    pub fn add(&mut self, of: &str, deleted: &RoaringTreemap) -> Result<()> {
        let blob = deletion_vector::encode(deleted)?;
        let (offset, length) = (self.file.len(), blob.len() as u64);
        self.file.append(&blob)?;
        self.blobs.push(BlobMetadata {
            kind: DELETION_VECTOR.to_owned(),
            fields: vec![ROW_POSITION_FIELD],
            // Both are inherited from the snapshot that adds the file; the spec wants -1 here.
            snapshot_id: -1,
            sequence_number: -1,
            offset,
            length,
            compression_codec: None,
            properties: BTreeMap::from([
                ("cardinality".to_owned(), deleted.len().to_string()),
                ("referenced-data-file".to_owned(), of.to_owned()),
            ]),
        });
        self.entries.push(DataFile {
            content: Content::PositionDeletes,
            file_format: FileFormat::Puffin,
            referenced_data_file: Some(of.to_owned()),
            content_offset: Some(offset as i64),
            content_size_in_bytes: Some(length as i64),
            ..DataFile::data(&self.location, deleted.len() as i64, 0)
        });
        Ok(())
    }

    /// The bytes of the vectors so far.
    pub fn len(&self) -> u64 {
        self.file.len()
    }

    /// No vector was added yet.
    pub fn is_empty(&self) -> bool {
        self.blobs.is_empty()
    }

    /// Writes the footer and makes the file durable. Returns a manifest's entry for each vector, in the order of
    /// [`Self::add`].
    ///
    /// # Errors
    /// The disk's.
    pub fn finish(mut self) -> Result<Vec<DataFile>> {
        let properties =
            BTreeMap::from([("created-by".to_owned(), concat!("Millstream ", env!("CARGO_PKG_VERSION")).to_owned())]);
        let footer = Footer { blobs: std::mem::take(&mut self.blobs), properties };
        let json = serde_json::to_vec(&footer)
            .map_err(|error| Error::internal("a Puffin footer does not serialise").caused_by(error))?;
        let json_len = u32::try_from(json.len()).map_err(|_| Error::internal("a Puffin footer of 4 GiB"))?;
        self.file.append(&MAGIC)?;
        self.file.append(&json)?;
        self.file.append(&json_len.to_le_bytes())?;
        self.file.append(&0u32.to_le_bytes())?;
        self.file.append(&MAGIC)?;
        let size = self.file.finish()? as i64;
        for entry in &mut self.entries {
            entry.file_size_in_bytes = size;
        }
        Ok(self.entries)
    }
}

/// The blobs of a Puffin file, as its footer lists them.
///
/// # Errors
/// The disk's; the file is damaged or its footer compressed; the account is short.
pub fn read_footer(disk: &dyn Disk, location: &str, account: &Account) -> Result<Owned<Vec<BlobMetadata>>> {
    let path = local_path(location)?;
    let damaged = |what: &str| Error::external(format!("the Puffin file {} is damaged: {what}", path.display()));
    let disk_failed = |error| disk_error("read", &path, error);
    let file = disk.open(&path, Open::Read).map_err(disk_failed)?;
    let tail_at =
        file.len().map_err(disk_failed)?.checked_sub(TAIL as u64).ok_or_else(|| damaged("it is too short"))?;
    let mut tail = [0; TAIL];
    file.read_exact_at(&mut tail, tail_at).map_err(disk_failed)?;
    let [l0, l1, l2, l3, f0, f1, f2, f3, magic @ ..] = tail;
    let (json_len, flags) = (u32::from_le_bytes([l0, l1, l2, l3]), u32::from_le_bytes([f0, f1, f2, f3]));
    if magic != MAGIC {
        return Err(damaged("it does not end as a Puffin file"));
    }
    if flags & FLAG_COMPRESSED != 0 {
        return Err(damaged("its footer is compressed, which cannot be read yet"));
    }
    let json_at = tail_at.checked_sub(u64::from(json_len)).filter(|at| *at >= 2 * MAGIC.len() as u64);
    let json_at = json_at.ok_or_else(|| damaged("its footer is longer than the file"))?;
    let paid = reserve(account, ByteCount(u64::from(json_len) * 6 + 1024), "the footer of a Puffin file")?;
    let mut json = vec![0; json_len as usize];
    file.read_exact_at(&mut json, json_at).map_err(disk_failed)?;
    let footer: Footer =
        serde_json::from_slice(&json).map_err(|error| damaged(&format!("its footer is wrong: {error}")))?;
    Ok(Owned::new(footer.blobs, paid))
}
