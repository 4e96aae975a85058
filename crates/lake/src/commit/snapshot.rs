//! The metadata of a commit: manifests, their list, and the snapshot that carries the job's positions.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{Disk, Result, Rng};
use ledger::Account;
use rows::Positions;

use super::carried;
use super::live::Manifests;
use super::names::FileNames;
use super::prepared::Prepared;
use super::vectors::NewVectors;
use crate::catalog::metadata_file::metadata_folder;
use crate::decide::{COMMIT, JOB};
use crate::files::durable::reserve;
use crate::files::location::child_of;
use crate::files::manifest::{
    Columns, ListOf, ManifestContent, ManifestEntry, ManifestFile, ManifestListWriter, ManifestOf, ManifestReader,
    ManifestWriter, WRITER_MEMORY,
};
use crate::metadata::{Operation, Snapshot, TableMetadata, new_snapshot_id};

/// Manifests longer than this are ended and the next one begun.
const MANIFEST_BYTES_MAX: u64 = 256 << 10;

/// What a snapshot is made for and from.
#[derive(Debug)]
pub struct SnapshotOf<'a> {
    pub table: &'a TableMetadata,
    pub prepared: &'a Prepared,
    pub vectors: &'a NewVectors,
    /// Where the job stands after this commit.
    pub positions: &'a Positions,
    pub job: &'a str,
    pub names: &'a FileNames,
    /// Counts the tries to publish this commit: files of each have names of their own.
    pub attempt: u32,
    pub now_ms: i64,
}

/// Writes the files of a snapshot, all durable when this returns. `made` is filled even if it fails.
///
/// # Errors
/// The disk fails; something is damaged; the account is short.
pub fn write_snapshot(
    of: &SnapshotOf<'_>,
    disk: &Arc<dyn Disk>,
    account: &Account,
    rng: &mut Rng,
    made: &mut Vec<String>,
) -> Result<Snapshot> {
    let table = of.table;
    let snapshot_id = new_snapshot_id(table, rng);
    let mut writing =
        Writing { of, disk, account, rng, made, manifest_of: ManifestOf::new(table, snapshot_id)?, next: 0 };
    let mut manifests = writing.data()?;
    manifests.extend(writing.deletes(snapshot_id)?);
    let (list, added_rows) = writing.list(snapshot_id, &manifests)?;
    let mut summary = summary(of);
    let side_file = writing.location("positions.json");
    if carried::put(of.positions, &mut summary, disk, &side_file)? {
        made.push(side_file);
    }
    Ok(Snapshot {
        snapshot_id,
        parent_snapshot_id: table.current_snapshot_id,
        sequence_number: table.last_sequence_number + 1,
        timestamp_ms: of.now_ms.max(table.last_updated_ms),
        manifest_list: Some(list),
        summary,
        schema_id: Some(table.current_schema_id),
        first_row_id: table.next_row_id,
        added_rows,
        unknown: serde_json::Map::new(),
    })
}

struct Writing<'a> {
    of: &'a SnapshotOf<'a>,
    disk: &'a Arc<dyn Disk>,
    account: &'a Account,
    rng: &'a mut Rng,
    made: &'a mut Vec<String>,
    manifest_of: ManifestOf,
    next: u32,
}

impl Writing<'_> {
    fn location(&self, what: &str) -> String {
        let (prepared, attempt) = (self.of.prepared, self.of.attempt);
        let name = self.of.names.name(prepared.epoch, &prepared.commit, &format!("a{attempt}-{what}"));
        child_of(&metadata_folder(self.of.table), &name)
    }

    fn manifest(&mut self, content: ManifestContent) -> Result<ManifestWriter> {
        let location = self.location(&format!("m{}.avro", self.next));
        self.next += 1;
        self.made.push(location.clone());
        ManifestWriter::create(self.disk, &location, &self.manifest_of, content, self.rng)
    }

    fn data(&mut self) -> Result<Vec<ManifestFile>> {
        let _paid = reserve(self.account, WRITER_MEMORY, "writing a manifest")?;
        let mut finished = Vec::new();
        let mut open: Option<ManifestWriter> = None;
        for new in &self.of.prepared.files {
            self.add(ManifestContent::Data, &ManifestEntry::added(new.file.clone()), &mut open, &mut finished)?;
        }
        finished.extend(open.map(ManifestWriter::finish).transpose()?);
        Ok(finished)
    }

    /// New vectors, and the live entries of the manifests of which some entry is replaced.
    fn deletes(&mut self, snapshot_id: i64) -> Result<Vec<ManifestFile>> {
        let _paid = reserve(self.account, WRITER_MEMORY, "writing a manifest")?;
        let mut finished = Vec::new();
        let mut open = None;
        let vectors = self.of.vectors;
        for added in &vectors.added {
            self.add(ManifestContent::Deletes, &ManifestEntry::added(added.clone()), &mut open, &mut finished)?;
        }
        let mut manifests = Manifests::of(self.disk.as_ref(), self.of.table.current_snapshot(), self.account)?;
        while let Some((number, manifest)) = manifests.next_manifest()? {
            if !vectors.manifests.contains(&number) {
                continue;
            }
            let mut entries = ManifestReader::open(self.disk.as_ref(), &manifest, Columns::All, self.account)?;
            while let Some(entry) = entries.next_live()? {
                let of = entry.data_file.referenced_data_file.as_ref();
                let replaced = of.is_some_and(|of| vectors.replaced.contains(of));
                let entry = if replaced { entry.into_deleted(snapshot_id) } else { entry.into_existing() };
                self.add(ManifestContent::Deletes, &entry, &mut open, &mut finished)?;
            }
        }
        finished.extend(open.map(ManifestWriter::finish).transpose()?);
        Ok(finished)
    }

    fn add(
        &mut self,
        content: ManifestContent,
        entry: &ManifestEntry,
        open: &mut Option<ManifestWriter>,
        finished: &mut Vec<ManifestFile>,
    ) -> Result<()> {
        if let Some(full) = open.take_if(|open| open.len() >= MANIFEST_BYTES_MAX) {
            finished.push(full.finish()?);
        }
        let writer = match open {
            Some(writer) => writer,
            None => open.insert(self.manifest(content)?),
        };
        writer.add(entry)
    }

    /// The new manifests, and those of head of which nothing changes.
    fn list(&mut self, snapshot_id: i64, manifests: &[ManifestFile]) -> Result<(String, Option<i64>)> {
        let _paid = reserve(self.account, WRITER_MEMORY, "writing a manifest list")?;
        let table = self.of.table;
        let location = self.location("list.avro");
        self.made.push(location.clone());
        let of = ListOf {
            format_version: table.format_version,
            snapshot_id,
            parent_snapshot_id: table.current_snapshot_id,
            sequence_number: table.last_sequence_number + 1,
            first_row_id: table.next_row_id,
        };
        let mut writer = ManifestListWriter::create(self.disk, &location, of, self.rng)?;
        for manifest in manifests {
            writer.add(manifest)?;
        }
        let mut kept = Manifests::of(self.disk.as_ref(), table.current_snapshot(), self.account)?;
        while let Some((number, manifest)) = kept.next_manifest()? {
            if !self.of.vectors.manifests.contains(&number) && !manifest.is_empty_now() {
                writer.add(&manifest)?;
            }
        }
        Ok((location, writer.finish()?))
    }
}

fn summary(of: &SnapshotOf<'_>) -> BTreeMap<String, String> {
    let (prepared, vectors) = (of.prepared, of.vectors);
    let operation = match (prepared.files.is_empty(), vectors.added.is_empty()) {
        (_, true) => Operation::Append,
        (true, false) => Operation::Delete,
        (false, false) => Operation::Overwrite,
    };
    let before = of.table.current_snapshot().map(|snapshot| &snapshot.summary);
    let was = |key: &str| match before {
        Some(summary) => summary.get(key)?.parse::<i64>().ok(),
        None => Some(0),
    };
    let (files, rows) = (prepared.files.len() as i64, prepared.counts.rows as i64);
    let (added, removed) = (vectors.added.len() as i64, vectors.replaced.len() as i64);
    let deleted = vectors.rows as i64;
    let mut summary = BTreeMap::from([("operation".to_owned(), operation.text().to_owned())]);
    let mut put = |key: &str, value: Option<i64>| {
        summary.extend(value.map(|value| (key.to_owned(), value.to_string())));
    };
    let some = |value: i64| (value > 0).then_some(value);
    put("added-data-files", some(files));
    put("added-records", some(rows));
    put("added-files-size", some(prepared.counts.bytes as i64));
    put("added-delete-files", some(added));
    put("added-dvs", some(added));
    put("removed-delete-files", some(removed));
    put("removed-dvs", some(removed));
    put("added-position-deletes", some(deleted));
    put("total-data-files", was("total-data-files").map(|was| was + files));
    put("total-records", was("total-records").map(|was| was + rows));
    put("total-files-size", was("total-files-size").map(|was| was + prepared.counts.bytes as i64));
    put("total-delete-files", was("total-delete-files").map(|was| was + added - removed));
    put("total-position-deletes", was("total-position-deletes").map(|was| was + deleted));
    put("total-equality-deletes", was("total-equality-deletes"));
    summary.insert(JOB.to_owned(), of.job.to_owned());
    summary.insert(COMMIT.to_owned(), prepared.commit.clone());
    summary
}
