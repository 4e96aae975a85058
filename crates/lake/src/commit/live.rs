//! The files of a snapshot: which data files are live, and which deletion vectors apply to them.

use std::collections::HashMap;

use base::{ByteCount, Disk, Error, Result};
use ledger::{Account, Reservation};

use crate::files::durable::grow_to;
use crate::files::manifest::{
    Columns, Content, DataFile, ManifestContent, ManifestFile, ManifestListReader, ManifestReader,
};
use crate::metadata::Snapshot;

/// The manifests of a snapshot; none of an empty table.
///
/// # Errors
/// The disk's; a list is damaged; the account is short.
pub fn manifests(disk: &dyn Disk, snapshot: Option<&Snapshot>, account: &Account) -> Result<Vec<ManifestFile>> {
    let Some(snapshot) = snapshot else { return Ok(Vec::new()) };
    let Some(list) = &snapshot.manifest_list else {
        return Err(Error::user(format!(
            "snapshot {} lists its manifests in the old way of version 1",
            snapshot.snapshot_id
        ))
        .hint("rewrite the table's manifests with a newer writer"));
    };
    ManifestListReader::open(disk, list, account)?.read_all()
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
    /// Which of the manifests lists it.
    manifest: usize,
}

impl Vectors {
    /// Those of the files that `wanted` chooses.
    ///
    /// # Errors
    /// As [`manifests`]; the table holds deletes of a kind that cannot be merged.
    pub fn read(
        disk: &dyn Disk,
        manifests: &[ManifestFile],
        account: &Account,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Self> {
        let mut vectors = Self { by_file: HashMap::new(), paid: account.empty() };
        let mut bytes = ByteCount::ZERO;
        for (at, manifest) in manifests.iter().enumerate() {
            if manifest.content != ManifestContent::Deletes || manifest.is_empty_now() {
                continue;
            }
            let mut entries = ManifestReader::open(disk, manifest, Columns::WithoutMetrics, account)?;
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

    /// Which of the manifests lists the vector of a file.
    pub fn manifest_of(&self, file: &str) -> Option<usize> {
        self.by_file.get(file).map(|vector| vector.manifest)
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
