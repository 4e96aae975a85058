//! Writes manifest lists, durable when finished, in the memory of one block.

use std::sync::Arc;

use base::{Disk, Error, Result, Rng};

use super::encode::encode_manifest;
use super::entry::{ManifestContent, ManifestFile};
use super::layout;
use crate::files::avro::ContainerWriter;
use crate::files::durable::DurableFile;
use crate::files::location::local_path;

/// The snapshot that a manifest list is written for.
#[derive(Clone, Copy, Debug)]
pub struct ListOf {
    pub format_version: u8,
    pub snapshot_id: i64,
    pub parent_snapshot_id: Option<i64>,
    pub sequence_number: i64,
    /// The table's `next-row-id`; `Some` exactly in v3.
    pub first_row_id: Option<i64>,
}

/// A manifest list that is being written.
#[derive(Debug)]
pub struct ManifestListWriter {
    container: ContainerWriter,
    of: ListOf,
    next_row_id: Option<i64>,
}

impl ManifestListWriter {
    /// Makes the file `location`; its folder must exist, its name must be new.
    ///
    /// # Errors
    /// The disk's.
    pub fn create(disk: &Arc<dyn Disk>, location: &str, of: ListOf, rng: &mut Rng) -> Result<Self> {
        let file = DurableFile::create(disk, &local_path(location)?)?;
        let mut header = vec![
            ("snapshot-id", of.snapshot_id.to_string()),
            ("parent-snapshot-id", of.parent_snapshot_id.map_or_else(|| "null".to_owned(), |id| id.to_string())),
            ("sequence-number", of.sequence_number.to_string()),
            ("format-version", of.format_version.to_string()),
        ];
        if let Some(first_row_id) = of.first_row_id {
            header.push(("first-row-id", first_row_id.to_string()));
        }
        let container = ContainerWriter::create(file, &layout::manifest_file(of.format_version), &header, rng)?;
        Ok(Self { container, of, next_row_id: of.first_row_id })
    }

    /// Appends a manifest: a new one, which gets this snapshot's sequence number, or one of an older snapshot as its list
    /// named it. A data manifest without a first row id gets the next ones (spec, "First Row ID Assignment").
    ///
    /// # Errors
    /// The disk's; the row ids run over.
    pub fn add(&mut self, manifest: &ManifestFile) -> Result<()> {
        let mut manifest = manifest.clone();
        if manifest.sequence_number.is_none() && manifest.added_snapshot_id != self.of.snapshot_id {
            return Err(Error::internal(format!("the manifest {} is of another snapshot", manifest.manifest_path)));
        }
        let own = self.of.sequence_number;
        manifest.sequence_number.get_or_insert(own);
        // Entries that inherit have the list's number, which is the highest; others are already counted.
        manifest.min_sequence_number.get_or_insert(own);
        if manifest.content == ManifestContent::Data && manifest.first_row_id.is_none() {
            manifest.first_row_id = self.next_row_id;
            let rows = manifest.added_rows_count.checked_add(manifest.existing_rows_count);
            self.next_row_id = match (self.next_row_id, rows) {
                (Some(next), Some(rows)) => {
                    Some(next.checked_add(rows).ok_or_else(|| Error::external("the table's row ids run over"))?)
                }
                (Some(_), None) => return Err(Error::external("the table's row ids run over")),
                (None, _) => None,
            };
        }
        let version = self.of.format_version;
        self.container.append(|out| encode_manifest(out, &manifest, version))
    }

    /// Makes the list durable. Returns by how much the snapshot moves the table's `next-row-id`; `None` before v3.
    ///
    /// # Errors
    /// The disk's.
    pub fn finish(self) -> Result<Option<i64>> {
        self.container.finish()?;
        Ok(self.next_row_id.zip(self.of.first_row_id).map(|(next, first)| next - first))
    }
}
