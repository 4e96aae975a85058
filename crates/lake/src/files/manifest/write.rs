//! Writes manifests of unpartitioned tables, durable when finished, in the memory of one block.

use std::sync::Arc;

use base::{Disk, Error, Result, Rng};

use super::data_file::Content;
use super::encode::encode_entry;
use super::entry::{ManifestContent, ManifestEntry, ManifestFile, Status};
use super::layout;
use crate::files::avro::ContainerWriter;
use crate::files::durable::DurableFile;
use crate::files::location::local_path;
use crate::metadata::{Schema, TableMetadata};

/// The memory that a writer needs: one block of 64 KiB that doubled, and one entry.
pub const WRITER_MEMORY: base::ByteCount = base::ByteCount::kib(192);

/// The table and the snapshot that a manifest is written for.
#[derive(Clone, Debug)]
pub struct ManifestOf {
    pub format_version: u8,
    pub snapshot_id: i64,
    pub partition_spec_id: i32,
    /// The table's schema as JSON, which manifests repeat.
    schema: String,
    schema_id: i32,
}

impl ManifestOf {
    /// For the snapshot `snapshot_id`, which is to follow on this version of the table.
    ///
    /// # Errors
    /// The table is not one that Millstream writes.
    pub fn new(table: &TableMetadata, snapshot_id: i64) -> Result<Self> {
        table.check_writable()?;
        Self::of(table.format_version, snapshot_id, table.default_spec_id, table.current_schema())
    }

    fn of(format_version: u8, snapshot_id: i64, partition_spec_id: i32, schema: &Schema) -> Result<Self> {
        let json = serde_json::to_string(schema)
            .map_err(|error| Error::internal("a schema does not serialise").caused_by(error))?;
        Ok(Self { format_version, snapshot_id, partition_spec_id, schema: json, schema_id: schema.schema_id })
    }

    fn header(&self, content: ManifestContent) -> Vec<(&'static str, String)> {
        let content = if content == ManifestContent::Data { "data" } else { "deletes" };
        vec![
            ("schema", self.schema.clone()),
            ("schema-id", self.schema_id.to_string()),
            ("partition-spec", "[]".to_owned()),
            ("partition-spec-id", self.partition_spec_id.to_string()),
            ("format-version", self.format_version.to_string()),
            ("content", content.to_owned()),
        ]
    }
}

/// A manifest that is being written.
#[derive(Debug)]
pub struct ManifestWriter {
    container: ContainerWriter,
    format_version: u8,
    manifest: ManifestFile,
}

impl ManifestWriter {
    /// Makes the file `location`; its folder must exist, its name must be new.
    ///
    /// # Errors
    /// The disk's.
    pub fn create(
        disk: &Arc<dyn Disk>,
        location: &str,
        of: &ManifestOf,
        content: ManifestContent,
        rng: &mut Rng,
    ) -> Result<Self> {
        let file = DurableFile::create(disk, &local_path(location)?)?;
        let schema = layout::manifest_entry(of.format_version);
        let container = ContainerWriter::create(file, &schema, &of.header(content), rng)?;
        let manifest = ManifestFile {
            manifest_path: location.to_owned(),
            manifest_length: 0,
            partition_spec_id: of.partition_spec_id,
            content,
            sequence_number: None,
            min_sequence_number: None,
            added_snapshot_id: of.snapshot_id,
            added_files_count: 0,
            existing_files_count: 0,
            deleted_files_count: 0,
            added_rows_count: 0,
            existing_rows_count: 0,
            deleted_rows_count: 0,
            partitions: Vec::new(),
            key_metadata: None,
            first_row_id: None,
        };
        Ok(Self { container, format_version: of.format_version, manifest })
    }

    /// Appends an entry. Added ones inherit their sequence number and, in v3, their row ids; existing and deleted ones
    /// must carry what they inherited when they were read.
    ///
    /// # Errors
    /// The disk's; an internal error if the entry does not belong into this manifest.
    pub fn add(&mut self, entry: &ManifestEntry) -> Result<()> {
        self.check(entry)?;
        let (snapshot_id, version) = (self.manifest.added_snapshot_id, self.format_version);
        self.container.append(|out| encode_entry(out, entry, snapshot_id, version))?;
        let manifest = &mut self.manifest;
        let (files, rows) = match entry.status {
            Status::Added => (&mut manifest.added_files_count, &mut manifest.added_rows_count),
            Status::Existing => (&mut manifest.existing_files_count, &mut manifest.existing_rows_count),
            Status::Deleted => (&mut manifest.deleted_files_count, &mut manifest.deleted_rows_count),
        };
        *files += 1;
        *rows += entry.data_file.record_count;
        if let Some(sequence_number) = entry.sequence_number.filter(|_| entry.is_live()) {
            let lowest = manifest.min_sequence_number.map_or(sequence_number, |lowest| lowest.min(sequence_number));
            manifest.min_sequence_number = Some(lowest);
        }
        Ok(())
    }

    fn check(&self, entry: &ManifestEntry) -> Result<()> {
        let file = &entry.data_file;
        let wrong = |what: &str| Err(Error::internal(format!("{} {what}", file.file_path)));
        if (file.content == Content::Data) != (self.manifest.content == ManifestContent::Data) {
            return wrong("belongs into a manifest of the other kind");
        }
        if entry.status != Status::Added && (entry.sequence_number.is_none() || entry.snapshot_id.is_none()) {
            return wrong("was there before and must carry its snapshot and sequence number");
        }
        if file.is_deletion_vector() && self.format_version < 3 {
            return wrong("is a deletion vector, which needs format version 3");
        }
        let is_complete = file.content_offset.is_some() && file.content_size_in_bytes.is_some();
        if file.is_deletion_vector() && !(is_complete && file.referenced_data_file.is_some()) {
            return wrong("is a deletion vector and must say where it is and of which file");
        }
        Ok(())
    }

    /// The bytes so far, for whoever limits the size of manifests.
    pub fn len(&self) -> u64 {
        self.container.len()
    }

    /// No entry was added yet.
    pub fn is_empty(&self) -> bool {
        let manifest = &self.manifest;
        manifest.added_files_count + manifest.existing_files_count + manifest.deleted_files_count == 0
    }

    /// Makes the manifest durable and says how a manifest list names it.
    ///
    /// # Errors
    /// The disk's.
    pub fn finish(mut self) -> Result<ManifestFile> {
        self.manifest.manifest_length = self.container.finish()? as i64;
        Ok(self.manifest)
    }
}
