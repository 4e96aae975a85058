//! Reads manifests and manifest lists, one entry at a time, in the memory of one entry.

use std::path::PathBuf;

use base::disk::Open;
use base::{Disk, Error, Result};
use ledger::Account;

use super::entry::{ManifestContent, ManifestEntry, ManifestFile, Status};
use super::{layout, record};
use crate::files::avro::{self, ContainerReader};
use crate::files::durable::disk_error;
use crate::files::location::local_path;

/// What to read of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Columns {
    /// All, as an entry must be read that is to be written again.
    All,
    /// Without the figures of columns: a fraction of the memory.
    WithoutMetrics,
}

fn error_of(kind: &str, path: &std::path::Path, error: avro::Error) -> Error {
    match error {
        avro::Error::Disk(error) => disk_error("read", path, error),
        avro::Error::Memory(error) => error.at(path.display()),
        avro::Error::Codec(_) => Error::user(format!("cannot read the {kind} {}: {error}", path.display()))
            .hint("rewrite the manifests with deflate"),
        other => Error::external(format!("the {kind} {} is damaged: {other}", path.display())),
    }
}

fn open(
    disk: &dyn Disk,
    location: &str,
    kind: &str,
    account: &Account,
    wanted: fn(&avro::Field) -> bool,
) -> Result<(PathBuf, ContainerReader)> {
    let path = local_path(location)?;
    let file = disk.open(&path, Open::Read).map_err(|error| disk_error("read", &path, error))?;
    let container = ContainerReader::open(file, account, wanted).map_err(|error| error_of(kind, &path, error))?;
    Ok((path, container))
}

/// The manifests of a snapshot, in the list's order.
#[derive(Debug)]
pub struct ManifestListReader {
    path: PathBuf,
    container: ContainerReader,
}

impl ManifestListReader {
    /// # Errors
    /// The disk's; the list is damaged; the account is short.
    pub fn open(disk: &dyn Disk, location: &str, account: &Account) -> Result<Self> {
        let (path, container) = open(disk, location, "manifest list", account, |_| true)?;
        Ok(Self { path, container })
    }

    /// The next manifest; `None` after the last.
    ///
    /// # Errors
    /// As [`Self::open`]; the reader is of no use afterwards.
    pub fn next_manifest(&mut self) -> Result<Option<ManifestFile>> {
        let next = self
            .container
            .next()
            .and_then(|value| value.map(|value| record::manifest_file(self.container.fields()?, value)).transpose());
        next.map_err(|error| error_of("manifest list", &self.path, error))
    }
}

/// The entries of a manifest, with what they inherit filled in.
#[derive(Debug)]
pub struct ManifestReader {
    path: PathBuf,
    container: ContainerReader,
    content: ManifestContent,
    added_snapshot_id: i64,
    sequence_number: i64,
    /// The row id of the next file without one of its own.
    next_row_id: Option<i64>,
}

impl ManifestReader {
    /// `manifest` as a manifest list names it: what entries inherit is there, not in the manifest.
    ///
    /// # Errors
    /// The disk's; the manifest is damaged; the account is short.
    pub fn open(disk: &dyn Disk, manifest: &ManifestFile, columns: Columns, account: &Account) -> Result<Self> {
        let wanted = match columns {
            Columns::All => layout::is_wanted,
            Columns::WithoutMetrics => layout::is_wanted_without_metrics,
        };
        let (path, container) = open(disk, &manifest.manifest_path, "manifest", account, wanted)?;
        if manifest.key_metadata.is_some() {
            return Err(Error::user(format!("the manifest {} is encrypted", path.display()))
                .hint("encrypted tables cannot be used yet"));
        }
        Ok(Self {
            path,
            container,
            content: manifest.content,
            added_snapshot_id: manifest.added_snapshot_id,
            sequence_number: manifest.sequence_number.unwrap_or(0),
            next_row_id: manifest.first_row_id.filter(|_| manifest.content == ManifestContent::Data),
        })
    }

    /// The next entry, deleted ones too; `None` after the last.
    ///
    /// # Errors
    /// As [`Self::open`]; the reader is of no use afterwards.
    pub fn next_entry(&mut self) -> Result<Option<ManifestEntry>> {
        let next = self
            .container
            .next()
            .and_then(|value| value.map(|value| record::manifest_entry(self.container.fields()?, value)).transpose());
        let next = next.and_then(|entry| entry.map(|entry| self.inherit(entry)).transpose());
        next.map_err(|error| error_of("manifest", &self.path, error))
    }

    /// The next entry that is not deleted.
    ///
    /// # Errors
    /// As [`Self::next_entry`].
    pub fn next_live(&mut self) -> Result<Option<ManifestEntry>> {
        while let Some(entry) = self.next_entry()? {
            if entry.is_live() {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }

    /// Spec, "Sequence Number Inheritance" and "First Row ID Inheritance".
    fn inherit(&mut self, mut entry: ManifestEntry) -> Result<ManifestEntry, avro::Error> {
        let is_added = entry.status == Status::Added;
        if entry.sequence_number.is_none() && !is_added && self.sequence_number != 0 {
            return Err(avro::Error::Damaged("an entry that was not added has no sequence number".to_owned()));
        }
        entry.snapshot_id.get_or_insert(self.added_snapshot_id);
        entry.sequence_number.get_or_insert(self.sequence_number);
        if is_added || self.sequence_number == 0 {
            entry.file_sequence_number.get_or_insert(self.sequence_number);
        }
        if self.content == ManifestContent::Data && entry.is_live() && entry.data_file.first_row_id.is_none() {
            entry.data_file.first_row_id = self.next_row_id;
            let after = self.next_row_id.map(|id| id.checked_add(entry.data_file.record_count));
            self.next_row_id = match after {
                Some(None) => return Err(avro::Error::Damaged("its row ids run over".to_owned())),
                Some(after) => after,
                None => None,
            };
        }
        Ok(entry)
    }
}
