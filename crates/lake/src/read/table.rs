//! Rows of a snapshot: its files one after another.

use std::sync::Arc;

use base::{Disk, Error, Result};
use ledger::{Account, Owned};

use super::columns::Projection;
use super::deletes::deleted_positions;
use super::files::{ScanFile, SnapshotFiles};
use super::scan::{FileScan, Rows, ScanBatch};
use crate::files::manifest::FileFormat;
use crate::metadata::Snapshot;

/// Reads a snapshot from front to back, in the order of its manifests.
#[derive(Debug)]
pub struct TableScan {
    disk: Arc<dyn Disk>,
    files: SnapshotFiles,
    projection: Projection,
    open: Option<FileScan>,
    account: Account,
}

impl TableScan {
    /// Opens a snapshot.
    ///
    /// # Errors
    /// The disk's; something is damaged; the snapshot holds equality deletes; the account is short.
    pub fn open(disk: Arc<dyn Disk>, snapshot: &Snapshot, projection: Projection, account: &Account) -> Result<Self> {
        let files = SnapshotFiles::open(disk.clone(), snapshot, account.clone())?;
        Ok(Self { disk, files, projection, open: None, account: account.clone() })
    }

    /// The next rows; `None` after the last. Never empty.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn next_batch(&mut self) -> Result<Option<Owned<ScanBatch>>> {
        loop {
            if let Some(file) = &mut self.open
                && let Some(batch) = file.next_batch()?
            {
                return Ok(Some(batch));
            }
            // The old file's footer goes before the next one's is read.
            self.open = None;
            match self.files.next_file()? {
                Some(file) => {
                    self.open = Some(open_file(self.disk.as_ref(), &file, &self.projection, Rows::All, &self.account)?);
                }
                None => return Ok(None),
            }
        }
    }
}

/// Opens a data file of a snapshot, its deleted rows left out.
///
/// # Errors
/// As [`TableScan::open`]; the file is no Parquet file.
pub fn open_file(
    disk: &dyn Disk,
    file: &ScanFile,
    projection: &Projection,
    rows: Rows,
    account: &Account,
) -> Result<FileScan> {
    let data = &file.entry.data_file;
    if data.file_format != FileFormat::Parquet {
        return Err(Error::user(format!(
            "the data file {} is of the format {}",
            data.file_path,
            data.file_format.text()
        ))
        .hint("Millstream reads Parquet only; rewrite the table with write.format.default = parquet"));
    }
    let deleted = deleted_positions(disk, file, account)?;
    FileScan::open(disk, &data.file_path, projection, rows, deleted, account)
}

/// Reads the rows at some positions of a data file, whether they are deleted or not: how old rows are looked up.
///
/// `positions` ascend without repetition. Only the pages that hold them are read, where the file has a page index.
///
/// # Errors
/// As [`TableScan::open`].
pub fn fetch_rows(
    disk: &dyn Disk,
    location: &str,
    positions: Vec<u64>,
    projection: &Projection,
    account: &Account,
) -> Result<FileScan> {
    FileScan::open(disk, location, projection, Rows::At(positions), None, account)
}
