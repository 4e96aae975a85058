//! Entries of manifests, and entries of manifest lists.

use super::data_file::DataFile;

/// What a snapshot did to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It is there, and was before.
    Existing,
    Added,
    /// It is gone; kept for one snapshot, so that readers of changes see it.
    Deleted,
}

/// A file of a table and since when it is there.
///
/// On reading, what an entry inherits from its manifest is filled in: snapshot id, sequence numbers, first row id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestEntry {
    pub status: Status,
    /// The snapshot that added or deleted it. `None` on writing: the manifest's own.
    pub snapshot_id: Option<i64>,
    /// Which deletes apply to it: a delete applies to data files of its own or lower numbers (deletion vectors) or of
    /// lower numbers (equality deletes). `None` on writing an added file: the number its snapshot gets.
    pub sequence_number: Option<i64>,
    /// The number of the snapshot that added the file itself.
    pub file_sequence_number: Option<i64>,
    pub data_file: DataFile,
}

impl ManifestEntry {
    /// A file that the snapshot being written adds; its numbers are inherited.
    pub fn added(data_file: DataFile) -> Self {
        Self { status: Status::Added, snapshot_id: None, sequence_number: None, file_sequence_number: None, data_file }
    }

    /// The same file in a rewritten manifest: nothing is inherited any more.
    #[must_use]
    pub fn into_existing(mut self) -> Self {
        self.status = Status::Existing;
        self
    }

    /// The file's removal by the snapshot `snapshot_id`.
    #[must_use]
    pub fn into_deleted(mut self, snapshot_id: i64) -> Self {
        self.status = Status::Deleted;
        self.snapshot_id = Some(snapshot_id);
        self
    }

    /// The file belongs to the snapshot that lists its manifest.
    pub fn is_live(&self) -> bool {
        self.status != Status::Deleted
    }
}

/// What kind of files a manifest lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ManifestContent {
    Data,
    Deletes,
}

/// A summary of one partition field over a manifest. Kept as it is: new ones are written for unpartitioned tables only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldSummary {
    pub contains_null: bool,
    pub contains_nan: Option<bool>,
    pub lower_bound: Option<Vec<u8>>,
    pub upper_bound: Option<Vec<u8>>,
}

/// A manifest, as a manifest list names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestFile {
    pub manifest_path: String,
    pub manifest_length: i64,
    pub partition_spec_id: i32,
    pub content: ManifestContent,
    /// `None` only until it is listed: the list's snapshot gives it.
    pub sequence_number: Option<i64>,
    /// The lowest sequence number of a live entry; `None` only until it is listed and if all entries inherit theirs.
    pub min_sequence_number: Option<i64>,
    pub added_snapshot_id: i64,
    pub added_files_count: i32,
    pub existing_files_count: i32,
    pub deleted_files_count: i32,
    pub added_rows_count: i64,
    pub existing_rows_count: i64,
    pub deleted_rows_count: i64,
    pub partitions: Vec<FieldSummary>,
    pub key_metadata: Option<Vec<u8>>,
    /// Where the row ids of its files without one of their own begin; v3 data manifests, given when it is listed.
    pub first_row_id: Option<i64>,
}

impl ManifestFile {
    /// It lists no live file: a new snapshot need not list it.
    pub fn is_empty_now(&self) -> bool {
        self.added_files_count == 0 && self.existing_files_count == 0
    }
}
