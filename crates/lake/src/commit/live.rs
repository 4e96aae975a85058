//! The files of a snapshot: which data files are live, and which deletion vectors apply to them.

use std::collections::HashMap;

use base::{ByteCount, Disk, Error, Result};
use ledger::{Account, Reservation};

use crate::files::durable::grow_to;
use crate::files::manifest::{
    Columns, Content, DataFile, ManifestContent, ManifestFile, ManifestListReader, ManifestReader,
};
use crate::metadata::Snapshot;

/// The manifests of a snapshot, one after another; none of an empty table.
#[derive(Debug)]
pub struct Manifests {
    list: Option<ManifestListReader>,
    next: usize,
}

impl Manifests {
    /// # Errors
    /// The disk's; a list is damaged; the account is short.
    pub fn of(disk: &dyn Disk, snapshot: Option<&Snapshot>, account: &Account) -> Result<Self> {
        let Some(snapshot) = snapshot else { return Ok(Self { list: None, next: 0 }) };
        let Some(list) = &snapshot.manifest_list else {
            return Err(Error::user(format!(
                "snapshot {} lists its manifests in the old way of version 1",
                snapshot.snapshot_id
            ))
            .hint("rewrite the table's manifests with a newer writer"));
        };
        Ok(Self { list: Some(ManifestListReader::open(disk, list, account)?), next: 0 })
    }

    /// The next manifest with its number in the list, from 0; `None` after the last.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn next_manifest(&mut self) -> Result<Option<(usize, ManifestFile)>> {
        let next = self.list.as_mut().map_or(Ok(None), ManifestListReader::next_manifest)?;
        let number = self.next;
        self.next += 1;
        Ok(next.map(|manifest| (number, manifest)))
    }
}

/// Deletion vectors by the location of the data file that they are of.
#[derive(Debug)]
pub struct Vectors {
    by_file: HashMap<String, Vector>,
    paid: Reservation,
}

#[derive(Debug)]
struct Vector {
    entry: DataFile,
    /// The number of the manifest that lists it.
    manifest: usize,
}

impl Vectors {
    /// Those of the files that `wanted` chooses, in a snapshot. `account` pays for reading, `kept` for what is found.
    ///
    /// # Errors
    /// As [`Manifests::of`]; the table holds deletes of a kind that cannot be merged.
    pub fn read(
        disk: &dyn Disk,
        snapshot: Option<&Snapshot>,
        (account, kept): (&Account, &Account),
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Self> {
        let mut vectors = Self { by_file: HashMap::new(), paid: kept.empty() };
        let mut bytes = ByteCount::ZERO;
        let mut manifests = Manifests::of(disk, snapshot, account)?;
        while let Some((at, manifest)) = manifests.next_manifest()? {
            if manifest.content != ManifestContent::Deletes || manifest.is_empty_now() {
                continue;
            }
            let mut entries = ManifestReader::open(disk, &manifest, Columns::WithoutMetrics, account)?;
            while let Some(entry) = entries.next_live()? {
                check_kind(&entry.data_file)?;
                let Some(of) = entry.data_file.referenced_data_file.clone().filter(|of| wanted(of)) else { continue };
                bytes += entry.data_file.memory() + ByteCount::from(64 + of.len());
                grow_to(&mut vectors.paid, bytes, "the deletion vectors of a table")?;
                vectors.by_file.insert(of, Vector { entry: entry.data_file, manifest: at });
            }
        }
        Ok(vectors)
    }

    pub fn of(&self, file: &str) -> Option<&DataFile> {
        self.by_file.get(file).map(|vector| &vector.entry)
    }

    /// The number of the manifest that lists the vector of a file.
    pub fn manifest_of(&self, file: &str) -> Option<usize> {
        self.by_file.get(file).map(|vector| vector.manifest)
    }
}

/// The deletion vectors of a snapshot, asked for file by file: all are known at once where memory allows it, else each is
/// looked for when it is asked for.
#[derive(Debug)]
pub struct VectorsByFile {
    snapshot: Option<Snapshot>,
    all: Option<Vectors>,
}

impl VectorsByFile {
    /// `account` pays for reading, `more` for knowing all.
    pub fn new(disk: &dyn Disk, snapshot: Option<&Snapshot>, account: &Account, more: &Account) -> Self {
        // What is wrong with the table shows again when a file is asked for.
        let all = Vectors::read(disk, snapshot, (account, more), |_| true).ok();
        Self { snapshot: snapshot.cloned(), all }
    }

    /// That of a data file, if it has one.
    ///
    /// # Errors
    /// As [`Vectors::read`].
    pub fn of(&self, disk: &dyn Disk, file: &str, account: &Account) -> Result<Option<DataFile>> {
        if let Some(all) = &self.all {
            return Ok(all.of(file).cloned());
        }
        let found = Vectors::read(disk, self.snapshot.as_ref(), (account, account), |of| of == file)?;
        Ok(found.of(file).cloned())
    }
}

fn check_kind(file: &DataFile) -> Result<()> {
    match file.content {
        Content::EqualityDeletes => Err(Error::user(format!("the table has equality deletes ({})", file.file_path))
            .detail("Millstream neither writes nor resolves them")
            .hint("have their writer (Flink, say) stop, and rewrite the table's data files once, for instance with Spark's rewrite_data_files")),
        Content::PositionDeletes if !file.is_deletion_vector() => {
            Err(Error::user(format!("the table has position deletes of format version 2 ({})", file.file_path))
                .hint("rewrite the table's data files once, for instance with Spark's rewrite_data_files"))
        }
        Content::PositionDeletes | Content::Data => Ok(()),
    }
}
