//! From positions of old rows to deletion vectors: one vector per data file, which holds what was deleted before, too.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use base::{ByteCount, Disk, Result};
use ledger::{Account, Owned, Reservation};
use roaring::RoaringTreemap;

use super::live::Vectors;
use super::prepared::NewFile;
use crate::files::deletion_vector;
use crate::files::durable::{grow_to, reserve};
use crate::files::manifest::DataFile;
use crate::files::puffin::PuffinWriter;
use crate::index::cursor::{CURSOR_BYTES, RunCursor};
use crate::index::{FileTable, IndexRun};
use crate::metadata::Snapshot;

/// New deletion vectors, and which old ones they replace.
#[derive(Debug)]
pub struct NewVectors {
    /// Entries for a manifest of deletes.
    pub added: Vec<DataFile>,
    /// Data files whose old vector is replaced.
    pub replaced: HashSet<String>,
    /// The numbers of the manifests that list those old vectors.
    pub manifests: BTreeSet<usize>,
    /// Rows that were live and are deleted now.
    pub rows: u64,
    paid: Reservation,
}

impl NewVectors {
    /// None yet; `account` pays for what is known of each.
    pub fn none(account: &Account) -> Self {
        let (added, replaced, manifests) = (Vec::new(), HashSet::new(), BTreeSet::new());
        Self { added, replaced, manifests, rows: 0, paid: account.empty() }
    }

    /// Pays for one more of the data file at `of`, whose own location is as long as that about.
    fn pay_for(&mut self, of: &str) -> Result<()> {
        let bytes = ByteCount::from(KNOWN_BYTES + 4 * of.len());
        let all = self.paid.bytes() + bytes;
        grow_to(&mut self.paid, all, "what is known of new deletion vectors")
    }
}

/// What is known of a vector beside locations: its entry, as lists that grow hold it, and places in sets.
const KNOWN_BYTES: usize = 3 * size_of::<DataFile>() + 128;
/// A number of a set that grows.
const TOUCHED_BYTES: usize = 4 * size_of::<u32>();

/// An inserted position costs at most so much in a bitmap and its copy while it is encoded, and a file this much at least.
const POSITION_BYTES: usize = 4;
const VECTOR_BYTES: usize = 4 << 10;

/// Writes the vectors for all `deletions` (runs sorted by file and position) of `files` and of the commit's `own`, each into a Puffin file of its own at
/// `location` of its number; the files made are added to `made`, also where it fails.
///
/// Several vectors may lie in one Puffin file, but DuckDB 1.5.5 then gives the vector of one data file for another (its cache
/// of external files), silently.
///
/// # Errors
/// The disk fails; something is damaged; the table holds deletes of a kind that cannot be merged; the account is short.
pub fn write_vectors(
    disk: &Arc<dyn Disk>,
    deletions: &[&IndexRun],
    (files, own): (&FileTable, &[NewFile]),
    head: Option<&Snapshot>,
    location: &dyn Fn(usize) -> String,
    made: &mut Vec<String>,
    account: &Account,
) -> Result<NewVectors> {
    let cursors = ByteCount::from(deletions.len() * CURSOR_BYTES);
    let _paid = reserve(account, cursors, "walking over deletions")?;
    let mut touched_paid = account.empty();
    let mut touched = HashSet::new();
    for run in deletions {
        let mut cursor = RunCursor::new((*run).clone(), None)?;
        while let Some(entry) = cursor.current() {
            let bytes = ByteCount::from((touched.len() + 1) * TOUCHED_BYTES);
            grow_to(&mut touched_paid, bytes, "the data files of which rows are deleted")?;
            touched.insert(entry.file);
            // Straight to the next file.
            cursor.seek((u128::from(entry.file) + 1) << 32)?;
        }
    }
    let is_touched = |of: &str| files.number_of(of).is_some_and(|number| touched.contains(&number));
    let old = Vectors::read(disk.as_ref(), head, (account, account), is_touched)?;
    let mut new = NewVectors::none(account);
    let mut walk = Walk::new(deletions)?;
    while let Some(number) = walk.file() {
        let theirs = files.get(number).map(|file| (&*file.location, file.rows));
        let ours = || own.iter().find(|new| new.number == number).map(NewFile::location_and_rows);
        let Some((file, rows)) = theirs.or_else(ours) else {
            walk.skip_file()?;
            continue;
        };
        let before = old.of(file);
        let Some((vector, added)) = merged(disk.as_ref(), before, &mut walk, rows, account)? else { continue };
        new.pay_for(file)?;
        let location = location(new.added.len());
        made.push(location.clone());
        let mut puffin = PuffinWriter::create(disk, &location)?;
        puffin.add(file, &vector)?;
        new.added.extend(puffin.finish()?);
        new.rows += added;
        if before.is_some() {
            new.replaced.insert(file.to_owned());
            new.manifests.extend(old.manifest_of(file));
        }
    }
    Ok(new)
}

/// What is deleted of the walk's current file now, and how many rows that is more; `None` if it is none.
fn merged(
    disk: &dyn Disk,
    before: Option<&DataFile>,
    walk: &mut Walk,
    rows: u64,
    account: &Account,
) -> Result<Option<(Owned<RoaringTreemap>, u64)>> {
    let mut vector = match before {
        Some(entry) => deletion_vector::read(disk, entry, account)?,
        None => Owned::new(RoaringTreemap::new(), account.empty()),
    };
    let base = vector.paid.bytes() + ByteCount::from(VECTOR_BYTES);
    let (file, mut added) = (walk.file(), 0);
    while let Some(position) = walk.next_of(file)? {
        if vector.value.insert(u64::from(position)) {
            added += 1;
            if added % 1024 == 1 {
                // Where many rows are deleted a bit stands for each, twice while it is encoded.
                let bits = ByteCount(rows / 4 + (rows / 65_536 + 1) * 128);
                let bytes = base + ByteCount::from((added as usize + 1024) * POSITION_BYTES).min(bits);
                grow_to(&mut vector.paid, bytes, "a deletion vector")?;
            }
        }
    }
    Ok((added > 0).then_some((vector, added)))
}

/// Runs of deletions walked together.
struct Walk(Vec<RunCursor>);

impl Walk {
    fn new(runs: &[&IndexRun]) -> Result<Self> {
        let cursors: Result<Vec<RunCursor>> = runs.iter().map(|run| RunCursor::new((*run).clone(), None)).collect();
        Ok(Self(cursors?))
    }

    fn least(&self) -> Option<(u32, u32, usize)> {
        let current =
            |(at, cursor): (usize, &RunCursor)| cursor.current().map(|entry| (entry.file, entry.position, at));
        self.0.iter().enumerate().filter_map(current).min()
    }

    fn file(&self) -> Option<u32> {
        self.least().map(|(file, _, _)| file)
    }

    fn next_of(&mut self, file: Option<u32>) -> Result<Option<u32>> {
        let Some((found, position, at)) = self.least().filter(|(found, _, _)| Some(*found) == file) else {
            return Ok(None);
        };
        debug_assert_eq!(Some(found), file);
        self.0[at].advance()?;
        Ok(Some(position))
    }

    fn skip_file(&mut self) -> Result<()> {
        let file = self.file();
        while self.next_of(file)?.is_some() {}
        Ok(())
    }
}
