//! Writes manifests and manifest lists of unpartitioned tables, durable when finished, in the memory of one block.

use std::sync::Arc;

use base::{Disk, Error, Result, Rng};

use super::data_file::{Content, DataFile};
use super::entry::{ManifestContent, ManifestEntry, ManifestFile, Status};
use super::layout;
use crate::files::avro::{ContainerWriter, Encoder};
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

fn encode_entry(out: &mut Encoder, entry: &ManifestEntry, snapshot_id: i64, format_version: u8) {
    out.long(match entry.status {
        Status::Existing => 0,
        Status::Added => 1,
        Status::Deleted => 2,
    });
    out.optional(Some(entry.snapshot_id.unwrap_or(snapshot_id)), Encoder::long);
    out.optional(entry.sequence_number, Encoder::long);
    out.optional(entry.file_sequence_number, Encoder::long);
    encode_file(out, &entry.data_file, format_version);
}

fn encode_file(out: &mut Encoder, file: &DataFile, format_version: u8) {
    fn some<T>(list: &[T]) -> Option<&[T]> {
        (!list.is_empty()).then_some(list)
    }
    fn numbers(out: &mut Encoder, pairs: &[(i32, i64)]) {
        out.optional(some(pairs), |out, pairs| {
            out.array(pairs, |out, (id, value)| {
                out.long(i64::from(*id));
                out.long(*value);
            });
        });
    }
    fn bounds(out: &mut Encoder, pairs: &[(i32, Vec<u8>)]) {
        out.optional(some(pairs), |out, pairs| {
            out.array(pairs, |out, (id, value)| {
                out.long(i64::from(*id));
                out.byte_string(value);
            });
        });
    }
    out.long(match file.content {
        Content::Data => 0,
        Content::PositionDeletes => 1,
        Content::EqualityDeletes => 2,
    });
    out.byte_string(file.file_path.as_bytes());
    out.byte_string(file.file_format.text().as_bytes());
    // The partition, a record without fields, takes no byte.
    out.long(file.record_count);
    out.long(file.file_size_in_bytes);
    numbers(out, &file.metrics.column_sizes);
    numbers(out, &file.metrics.value_counts);
    numbers(out, &file.metrics.null_value_counts);
    numbers(out, &file.metrics.nan_value_counts);
    bounds(out, &file.metrics.lower_bounds);
    bounds(out, &file.metrics.upper_bounds);
    out.optional(file.key_metadata.as_deref(), Encoder::byte_string);
    out.optional(some(&file.split_offsets), |out, offsets| out.array(offsets, |out, offset| out.long(*offset)));
    out.optional(some(&file.equality_ids), |out, ids| out.array(ids, |out, id| out.long(i64::from(*id))));
    out.optional(file.sort_order_id.map(i64::from), Encoder::long);
    if format_version >= 3 {
        out.optional(file.first_row_id, Encoder::long);
    }
    out.optional(file.referenced_data_file.as_deref(), |out, path| out.byte_string(path.as_bytes()));
    if format_version >= 3 {
        out.optional(file.content_offset, Encoder::long);
        out.optional(file.content_size_in_bytes, Encoder::long);
    }
}

fn encode_manifest(out: &mut Encoder, manifest: &ManifestFile, format_version: u8) {
    out.byte_string(manifest.manifest_path.as_bytes());
    out.long(manifest.manifest_length);
    out.long(i64::from(manifest.partition_spec_id));
    out.long(i64::from(manifest.content == ManifestContent::Deletes));
    out.long(manifest.sequence_number.unwrap_or(0));
    out.long(manifest.min_sequence_number.unwrap_or(0));
    out.long(manifest.added_snapshot_id);
    for count in [manifest.added_files_count, manifest.existing_files_count, manifest.deleted_files_count] {
        out.long(i64::from(count));
    }
    for rows in [manifest.added_rows_count, manifest.existing_rows_count, manifest.deleted_rows_count] {
        out.long(rows);
    }
    let partitions = (!manifest.partitions.is_empty()).then_some(manifest.partitions.as_slice());
    out.optional(partitions, |out, partitions| {
        out.array(partitions, |out, summary| {
            out.boolean(summary.contains_null);
            out.optional(summary.contains_nan, Encoder::boolean);
            out.optional(summary.lower_bound.as_deref(), Encoder::byte_string);
            out.optional(summary.upper_bound.as_deref(), Encoder::byte_string);
        });
    });
    out.optional(manifest.key_metadata.as_deref(), Encoder::byte_string);
    if format_version >= 3 {
        out.optional(manifest.first_row_id, Encoder::long);
    }
}
