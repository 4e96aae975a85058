//! Bringing the key index up to date with a snapshot: over the files that came and went since, whoever wrote them.
//!
//! An index that shows nothing yet is built the same way: all files came.

use std::collections::HashSet;
use std::sync::Arc;

use base::{ByteCount, Disk, Error, Result};
use ledger::Account;

use crate::files::durable::grow_to;
use crate::index::{Entry, EntrySorter, IndexRun, IndexedFile, KeyIndex};
use crate::metadata::Snapshot;
use crate::read::files::ScanFile;
use crate::read::{Rows, SnapshotFiles, open_file};
use crate::run::{BatchCells, KeyHasher, Layout};
use crate::table::TableInfo;

/// What came of it.
#[derive(Debug, Default)]
pub struct Advanced {
    pub files_added: u64,
    pub files_gone: u64,
    /// The keys of the rows of the files that came; now part of the index.
    pub added: Option<IndexRun>,
}

/// Makes `index` show `snapshot`. Its caller saves it.
///
/// # Errors
/// The disk fails; something is damaged; the table holds what Millstream cannot read; the account is short.
pub fn advance(
    index: &mut KeyIndex,
    info: &TableInfo,
    snapshot: Option<&Snapshot>,
    disk: &Arc<dyn Disk>,
    account: &Account,
) -> Result<Advanced> {
    let mut advanced = Advanced::default();
    let mut seen: HashSet<u32> = HashSet::new();
    let mut paid = account.empty();
    let mut sorter = EntrySorter::new(disk.clone(), index.dir().join("added"), account);
    let keys = KeyScan::new(info, index.secret())?;
    if let Some(snapshot) = snapshot {
        let mut files = SnapshotFiles::open(disk.clone(), snapshot, account.clone())?;
        while let Some(file) = files.next_file()? {
            grow_to(&mut paid, ByteCount::from((seen.len() + 1) * 2 * size_of::<u64>()), "the files of a table")?;
            let location = &file.entry.data_file.file_path;
            let number = if let Some(number) = index.files.number_of(location) {
                number
            } else {
                let number = index.files.take_number();
                let rows = u64::try_from(file.entry.data_file.record_count).unwrap_or(0);
                index.files.insert(IndexedFile { number, location: location.as_str().into(), rows, own: false })?;
                keys.push_all(&file, number, disk.as_ref(), account, &mut sorter)?;
                advanced.files_added += 1;
                number
            };
            seen.insert(number);
        }
    }
    advanced.files_gone = index.files.retain(|file| seen.contains(&file.number));
    if let Some(run) = sorter.finish()? {
        let run = index.adopt(run)?;
        advanced.added = Some(run);
    }
    Ok(advanced)
}

/// Reads the keys of data files.
#[derive(Debug)]
struct KeyScan {
    projection: crate::read::Projection,
    layout: Layout,
    hasher: KeyHasher,
}

impl KeyScan {
    fn new(info: &TableInfo, secret: &[u8; 16]) -> Result<Self> {
        let mut columns = info.key_columns.clone();
        columns.sort_unstable();
        let layout = info.shape.layout.pick(&columns)?;
        let hasher = KeyHasher::new(layout.clone(), (0..columns.len()).collect(), secret);
        Ok(Self { projection: info.columns.pick(&columns), layout, hasher })
    }

    /// Hands the keys of all rows that are not deleted to the sorter.
    fn push_all(
        &self,
        file: &ScanFile,
        number: u32,
        disk: &dyn Disk,
        account: &Account,
        into: &mut EntrySorter,
    ) -> Result<()> {
        let location = &file.entry.data_file.file_path;
        let mut scan = open_file(disk, file, &self.projection, Rows::All, account)?;
        let (mut row, mut key) = (Vec::new(), Vec::new());
        while let Some(batch) = scan.next_batch()? {
            let cells = BatchCells::new(&self.layout, &batch.columns, None)?;
            for (at, position) in batch.positions.iter().enumerate() {
                row.clear();
                cells.put_row(at, &mut row)?;
                let hash = self.hasher.hash(&row, &mut key).map_err(|error| error.at(location))?;
                let position = u32::try_from(*position);
                let position =
                    position.map_err(|_| Error::user(format!("the data file {location} has more than 2^32 rows")))?;
                into.push(Entry { hash, file: number, position })?;
            }
        }
        Ok(())
    }
}
