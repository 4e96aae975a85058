//! A Parquet file, open for reading: its footer parsed in memory that was reserved before.
//!
//! The footer's length stands in the last 8 bytes (`length: u32 LE | "PAR1"`), so it is known before anything is parsed.
//! Of the page index only the offsets of pages are read: look-ups of single rows skip pages by them, and the sizes of
//! pages tell how much reading a column takes.

use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::disk::Open;
use base::{ByteCount, Disk, DiskFile, Error, Result};
use bytes::Bytes;
use ledger::{Account, Reservation};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::errors::ParquetError;
use parquet::file::metadata::{
    ColumnChunkMetaData, FooterTail, PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData,
};
use parquet::file::reader::{ChunkReader, Length};

use crate::files::durable::{disk_error, grow_to, reserve};
use crate::files::location::local_path;

const TAIL: usize = 8;
/// A footer's bytes, what they are parsed into (measured: 3.3 to 3.6 times as much), and the Arrow schema (0.3).
const FOOTER_FACTOR: u64 = 6;
/// The bytes of page offsets and what they are parsed into (measured: 2.8 to 3.2 times as much).
const PAGE_INDEX_FACTOR: u64 = 5;
/// What a page and a dictionary take where nothing says how large they are: writers cut both at 1 MiB, packed and not.
const COLUMN_ROOM: u64 = 4 << 20;

/// The bytes of the file, for the parquet crate.
#[derive(Clone, Debug)]
pub(super) struct Chunks {
    file: Arc<dyn DiskFile>,
    len: u64,
}

/// Reads on from a place in the file.
#[derive(Debug)]
pub(super) struct ChunkRead {
    file: Arc<dyn DiskFile>,
    at: u64,
}

impl Read for ChunkRead {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let got = self.file.read_at(out, self.at)?;
        self.at += got as u64;
        Ok(got)
    }
}

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.len
    }
}

impl ChunkReader for Chunks {
    type T = BufReader<ChunkRead>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(BufReader::new(ChunkRead { file: self.file.clone(), at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        if start.checked_add(length as u64).is_none_or(|end| end > self.len) {
            return Err(ParquetError::EOF("a page would end behind the file".to_owned()));
        }
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, start).map_err(|error| ParquetError::External(Box::new(error)))?;
        Ok(bytes.into())
    }
}

/// An open Parquet file.
#[derive(Debug)]
pub(super) struct ParquetFile {
    pub(super) path: PathBuf,
    pub(super) chunks: Chunks,
    pub(super) metadata: ArrowReaderMetadata,
    _paid: Reservation,
}

/// The error of reading a Parquet file.
pub(super) fn parquet_error(path: &Path, error: ParquetError) -> Error {
    match error {
        ParquetError::External(source) => match source.downcast::<std::io::Error>() {
            Ok(error) => disk_error("read", path, *error),
            Err(source) => damaged(path, "it cannot be read").caused_by(source),
        },
        other => damaged(path, &other.to_string()),
    }
}

pub(super) fn damaged(path: &Path, what: &str) -> Error {
    Error::external(format!("the Parquet file {} is damaged: {what}", path.display()))
}

/// Runs a part of the parquet crate over bytes that nobody has checked: it indexes by what it finds there (60.1 panics on a
/// bent page of fixed-length values), and such a panic is the file's fault, not a bug of ours.
pub(super) fn guarded<T>(path: &Path, part: impl FnOnce() -> Result<T>) -> Result<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(part))
        .unwrap_or_else(|_| Err(damaged(path, "its values point out of it")))
}

impl ParquetFile {
    /// Reads the footer and the offsets of pages; both stay charged to `account`.
    ///
    /// # Errors
    /// The disk's; the file is damaged or encrypted; the account is short.
    pub(super) fn open(disk: &dyn Disk, location: &str, account: &Account) -> Result<Self> {
        let path = local_path(location)?;
        let disk_failed = |error| disk_error("read", &path, error);
        let file = disk.open(&path, Open::Read).map_err(disk_failed)?;
        let len = file.len().map_err(disk_failed)?;
        let tail_at = len.checked_sub(TAIL as u64).ok_or_else(|| damaged(&path, "it is too short"))?;
        let mut tail = [0; TAIL];
        file.read_exact_at(&mut tail, tail_at).map_err(disk_failed)?;
        let tail = FooterTail::try_new(&tail).map_err(|error| parquet_error(&path, error))?;
        if tail.is_encrypted_footer() {
            return Err(Error::user(format!("the Parquet file {} is encrypted", path.display())));
        }
        let footer_len = tail.metadata_length();
        let footer_at =
            tail_at.checked_sub(footer_len as u64).ok_or_else(|| damaged(&path, "its footer is longer than it"))?;
        let mut paid =
            reserve(account, ByteCount(footer_len as u64 * FOOTER_FACTOR + 4096), "the footer of a Parquet file")?;
        let mut footer = vec![0; footer_len];
        file.read_exact_at(&mut footer, footer_at).map_err(disk_failed)?;
        let chunks = Chunks { file, len };
        let metadata = guarded(&path, || {
            let metadata =
                ParquetMetaDataReader::decode_metadata(&footer).map_err(|error| parquet_error(&path, error))?;
            with_page_offsets(metadata, &chunks, &mut paid).map_err(|error| error.at(path.display()))
        })?;
        drop(footer);
        // The embedded Arrow schema is ignored: it would turn strings into whatever the writer had in memory.
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let metadata =
            ArrowReaderMetadata::try_new(Arc::new(metadata), options).map_err(|error| parquet_error(&path, error))?;
        Ok(Self { path, chunks, metadata, _paid: paid })
    }

    /// The memory that reading a column of a row group takes, at most: a page, packed and unpacked, and a dictionary.
    pub(super) fn room_of(&self, row_group: usize, leaf: usize) -> ByteCount {
        let metadata = self.metadata.metadata();
        let column = metadata.row_group(row_group).column(leaf);
        let (packed, plain) = (size(column.compressed_size()), size(column.uncompressed_size()));
        let whole = packed.saturating_add(plain.saturating_mul(2));
        let usual = largest_page(metadata, row_group, leaf).map_or(COLUMN_ROOM, |page| {
            // How much a page unpacks to is not in the index: as much as its column does on average, and twice that.
            let ratio = plain.div_ceil(packed.max(1));
            let dictionary = dictionary_size(column).unwrap_or(0);
            (page.saturating_add(dictionary)).saturating_mul(1 + 2 * ratio.min(1000))
        });
        ByteCount(whole.min(usual) + (16 << 10))
    }
}

fn size(bytes: i64) -> u64 {
    u64::try_from(bytes).unwrap_or(0)
}

fn with_page_offsets(metadata: ParquetMetaData, chunks: &Chunks, paid: &mut Reservation) -> Result<ParquetMetaData> {
    let columns = metadata.row_groups().iter().flat_map(RowGroupMetaData::columns);
    let len: u64 = columns.filter_map(ColumnChunkMetaData::offset_index_length).map(|len| size(i64::from(len))).sum();
    if len == 0 {
        return Ok(metadata);
    }
    let all = paid.bytes() + ByteCount(len.saturating_mul(PAGE_INDEX_FACTOR));
    grow_to(paid, all, "the page index of a Parquet file")?;
    let mut reader = ParquetMetaDataReader::new_with_metadata(metadata)
        .with_column_index_policy(PageIndexPolicy::Skip)
        .with_offset_index_policy(PageIndexPolicy::Optional);
    let finished = reader.read_page_indexes(chunks).and_then(|()| reader.finish());
    finished.map_err(|error| Error::external("the page index of a Parquet file is damaged").caused_by(error))
}

fn dictionary_size(column: &ColumnChunkMetaData) -> Option<u64> {
    let start = column.dictionary_page_offset()?;
    Some(size(column.data_page_offset().saturating_sub(start)))
}

fn largest_page(metadata: &ParquetMetaData, row_group: usize, leaf: usize) -> Option<u64> {
    let pages = metadata.page_index()?.page_locations(row_group, leaf)?;
    pages.iter().map(|page| size(i64::from(page.compressed_page_size))).max()
}
