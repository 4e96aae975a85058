//! Which data files a snapshot is made of, and which deletes apply to each.
//!
//! Manifests of deletes are read first, whole: what they say is kept per data file (some 300 bytes a delete, reserved).
//! Then data manifests are streamed. A deletion vector replaces all position deletes of its file (spec, "Scan Planning").

use std::collections::HashMap;
use std::sync::Arc;

use base::{ByteCount, Disk, Error, Result};
use ledger::{Account, Reservation};

use crate::files::durable::{grow_to, reserve};
use crate::files::manifest::{
    Columns, Content, DataFile, ManifestContent, ManifestEntry, ManifestFile, ManifestListReader, ManifestReader,
    Metrics,
};
use crate::metadata::Snapshot;

/// The column of position-delete files that names the data file.
pub(super) const DELETE_PATH_FIELD: i32 = 2_147_483_546;
/// The column of position-delete files that names the row.
pub(super) const DELETE_POSITION_FIELD: i32 = 2_147_483_545;

/// A data file of a snapshot and the deletes that apply to it: one deletion vector, or any number of files of position
/// deletes.
#[derive(Clone, Debug)]
pub struct ScanFile {
    pub entry: ManifestEntry,
    pub deletes: Vec<DataFile>,
}

/// The data files of a snapshot, one after another.
#[derive(Debug)]
pub struct SnapshotFiles {
    disk: Arc<dyn Disk>,
    account: Account,
    /// Data manifests that are still to be read, the next one last.
    manifests: Vec<ManifestFile>,
    open: Option<ManifestReader>,
    deletes: Deletes,
}

#[derive(Debug)]
struct Delete {
    sequence_number: i64,
    file: DataFile,
}

#[derive(Debug)]
struct Deletes {
    by_file: HashMap<String, Vec<Delete>>,
    /// Files of position deletes of several data files.
    anywhere: Vec<Delete>,
    paid: Reservation,
}

impl SnapshotFiles {
    /// Reads the manifest list and the manifests of deletes.
    ///
    /// # Errors
    /// The disk's; something is damaged; the snapshot holds equality deletes; the account is short.
    pub fn open(disk: Arc<dyn Disk>, snapshot: &Snapshot, account: Account) -> Result<Self> {
        let list = snapshot.manifest_list.as_deref().ok_or_else(|| {
            Error::user(format!("snapshot {} has no manifest list", snapshot.snapshot_id))
                .hint("the table was written by a very old version of Iceberg; rewrite its manifests")
        })?;
        let mut deletes = Deletes {
            by_file: HashMap::new(),
            anywhere: Vec::new(),
            paid: reserve(&account, ByteCount::ZERO, "a scan")?,
        };
        let mut manifests = Vec::new();
        let mut lists = ManifestListReader::open(disk.as_ref(), list, &account)?;
        while let Some(manifest) = lists.next_manifest()? {
            if manifest.is_empty_now() {
                continue;
            }
            match manifest.content {
                ManifestContent::Data => {
                    let size = size_of::<ManifestFile>() + manifest.manifest_path.len();
                    deletes.pay(size)?;
                    manifests.push(manifest);
                }
                ManifestContent::Deletes => {
                    deletes.add_all(disk.as_ref(), &manifest, snapshot.snapshot_id, &account)?;
                }
            }
        }
        manifests.reverse();
        Ok(Self { disk, account, manifests, open: None, deletes })
    }

    /// The next data file; `None` after the last.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn next_file(&mut self) -> Result<Option<ScanFile>> {
        loop {
            if let Some(manifest) = &mut self.open
                && let Some(entry) = manifest.next_live()?
            {
                let deletes = self.deletes.of(&entry)?;
                return Ok(Some(ScanFile { entry, deletes }));
            }
            let Some(next) = self.manifests.pop() else {
                self.open = None;
                return Ok(None);
            };
            self.open = Some(ManifestReader::open(self.disk.as_ref(), &next, Columns::WithoutMetrics, &self.account)?);
        }
    }
}

impl Deletes {
    fn pay(&mut self, bytes: usize) -> Result<()> {
        let all = self.paid.bytes() + ByteCount::from(bytes);
        grow_to(&mut self.paid, all, "the list of a snapshot's files")
    }

    fn add_all(&mut self, disk: &dyn Disk, manifest: &ManifestFile, snapshot_id: i64, account: &Account) -> Result<()> {
        let mut entries = ManifestReader::open(disk, manifest, Columns::All, account)?;
        while let Some(entry) = entries.next_live()? {
            let sequence_number = entry.sequence_number.unwrap_or(0);
            let mut file = entry.data_file;
            if file.content == Content::EqualityDeletes {
                return Err(Error::user("the table holds equality deletes, which Millstream does not apply")
                    .detail(format!("{} in snapshot {snapshot_id}", file.file_path))
                    .hint("compact the table with the engine that wrote them (Flink: ConvertEqualityDeletes; Spark: rewrite_data_files)"));
            }
            let of = file.referenced_data_file.take().or_else(|| single_file(&file.metrics));
            file.metrics = Metrics::default();
            self.pay(file.memory().as_usize() + of.as_ref().map_or(0, |of| of.len() + 64))?;
            let delete = Delete { sequence_number, file };
            match of {
                Some(of) => self.by_file.entry(of).or_default().push(delete),
                None => self.anywhere.push(delete),
            }
        }
        Ok(())
    }

    fn of(&self, data: &ManifestEntry) -> Result<Vec<DataFile>> {
        let path = &data.data_file.file_path;
        let since = data.sequence_number.unwrap_or(0);
        let own = self.by_file.get(path).map_or(&[][..], Vec::as_slice);
        let applying = |delete: &&Delete| delete.sequence_number >= since;
        let mut vectors = own.iter().filter(applying).filter(|delete| delete.file.is_deletion_vector());
        let with_name = |delete: &Delete| DataFile { referenced_data_file: Some(path.clone()), ..delete.file.clone() };
        if let Some(vector) = vectors.next() {
            if let Some(other) = vectors.next() {
                return Err(Error::external(format!("the data file {path} has two deletion vectors"))
                    .detail(format!("one in {}, one in {}", vector.file.file_path, other.file.file_path)));
            }
            return Ok(vec![with_name(vector)]);
        }
        let own = own.iter().filter(applying).map(with_name);
        Ok(own.chain(self.anywhere.iter().filter(applying).map(|delete| delete.file.clone())).collect())
    }
}

/// Writers before Iceberg 1.7 do not say of which data file a delete file is, but bound its paths: equal bounds, one file.
fn single_file(metrics: &Metrics) -> Option<String> {
    let bound = |bounds: &[(i32, Vec<u8>)]| {
        bounds.iter().find(|(id, _)| *id == DELETE_PATH_FIELD).map(|(_, value)| value.clone())
    };
    let (lower, upper) = (bound(&metrics.lower_bounds)?, bound(&metrics.upper_bounds)?);
    if lower == upper { String::from_utf8(lower).ok() } else { None }
}
