//! Rows that took cells from an old row which is no longer the one, because others changed the table meanwhile, are written
//! again: with the cells that they had and those of what is the old row now, in a file of their own. Where they were
//! written first they are deleted, and the index learns their new places.
//!
//! All is streamed through runs in the state folder, and rows are filled in the memory of preparing.

use std::path::{Path, PathBuf};

use base::{ByteCount, Error, Result};

use super::filled::{Filled, FilledReader};
use super::live::VectorsByFile;
use super::old_rows::{OldRows, Wanted};
use super::prepared::Prepared;
use super::row_files::{Filling, RowFiles};
use super::tools::PrepareWith;
use crate::files::deletion_vector;
use crate::files::durable::{disk_error, remove_if_there, reserve};
use crate::index::cursor::{CURSOR_BYTES, RunCursor};
use crate::index::{Entry, EntrySorter, IndexRun, IndexRunWriter, Lookup};
use crate::metadata::Snapshot;
use crate::run::cells::ABSENT;

/// Walks over runs, and a writer of the index.
const WALKS_BYTES: ByteCount = ByteCount(4 * CURSOR_BYTES as u64);

/// Fills rows again whose old row is not what it was when they were written; `attempt` counts the tries to commit. `with`
/// is for preparing.
///
/// # Errors
/// The disk fails; something is damaged; memory is not to be had.
pub fn refill(
    with: &PrepareWith,
    prepared: &mut Prepared,
    added: Option<&IndexRun>,
    head: &Snapshot,
    attempt: u32,
) -> Result<()> {
    let Some(filled) = prepared.filled.clone() else { return Ok(()) };
    let _walks = reserve(&with.account, WALKS_BYTES, "comparing filled rows")?;
    let prefix = {
        let state = with.shared.lock();
        let index = state.index.as_ref().ok_or_else(|| Error::internal("filled rows without an index"))?;
        index.dir().join(format!("again{attempt}"))
    };
    let Some(outdated) = outdated(with, &filled, added, head, &prefix)? else { return Ok(()) };
    let mut again = Again::begin(with, prepared, &prefix, attempt)?;
    let (mut rows, mut cursor) = (FilledReader::new(&filled)?, RunCursor::new(outdated.clone(), None)?);
    while let Some(row) = rows.next_row()? {
        cursor.seek(row.hash)?;
        if cursor.current().is_some_and(|entry| entry.hash == row.hash) {
            again.take(row, prepared)?;
        } else {
            again.keep(&row)?;
        }
    }
    again.finish(prepared)?;
    for run in [&filled, &outdated] {
        remove_if_there(with.disk.as_ref(), &run.path).map_err(|error| disk_error("remove", &run.path, error))?;
    }
    Ok(())
}

fn named(prefix: &Path, what: &str) -> PathBuf {
    let name = prefix.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    prefix.with_file_name(format!("{name}-{what}"))
}

/// The keys of rows whose old row is not what it was: others added one, or moved or deleted it. `None` if there is none.
fn outdated(
    with: &PrepareWith,
    filled: &IndexRun,
    added: Option<&IndexRun>,
    head: &Snapshot,
    prefix: &Path,
) -> Result<Option<IndexRun>> {
    let sorter = |what: &str| EntrySorter::new(with.disk.clone(), named(prefix, what), &with.account);
    let (mut keys, mut places) = (sorter("keys").borrowing(&with.more), sorter("places").borrowing(&with.more));
    let mut rows = FilledReader::new(filled)?;
    let mut added = added.map(|run| RunCursor::new(run.clone(), None)).transpose()?;
    while let Some(row) = rows.next_row()? {
        let mut is_outdated = false;
        if let Some(added) = &mut added {
            added.seek(row.hash)?;
            is_outdated = added.current().is_some_and(|entry| entry.hash == row.hash);
        }
        if let Some((file, position)) = row.old.filter(|_| !is_outdated) {
            let state = with.shared.lock();
            is_outdated = state.index.as_ref().is_none_or(|index| index.files.get(file).is_none());
            if !is_outdated {
                places.push(OldPlace { file, position, hash: row.hash }.into())?;
            }
        }
        if is_outdated {
            keys.push(key(row.hash))?;
        }
    }
    drop((rows, added));
    if let Some(places) = places.finish()? {
        let vectors = VectorsByFile::new(with.disk.as_ref(), Some(head), &with.account, &with.more);
        push_deleted(with, &vectors, &places, &mut keys)?;
        remove_if_there(with.disk.as_ref(), &places.path).map_err(|error| disk_error("remove", &places.path, error))?;
    }
    keys.finish()
}

fn key(hash: u128) -> Entry {
    Entry { hash, file: 0, position: 0 }
}

/// Adds the keys whose old rows are deleted by now, file by file: one deletion vector is held at a time.
fn push_deleted(with: &PrepareWith, vectors: &VectorsByFile, places: &IndexRun, keys: &mut EntrySorter) -> Result<()> {
    let disk = with.disk.as_ref();
    let mut cursor = RunCursor::new(places.clone(), None)?;
    while let Some(file) = cursor.current().map(|entry| OldPlace::from(entry).file) {
        let location = {
            let state = with.shared.lock();
            let known = state.index.as_ref().and_then(|index| index.files.get(file));
            known.map(|known| known.location.clone()).ok_or_else(|| Error::internal("a file that is gone"))?
        };
        let vector = vectors.of(disk, &location, &with.account)?;
        let deleted = vector.map(|entry| deletion_vector::read(disk, &entry, &with.account)).transpose()?;
        while let Some(place) = cursor.current().map(OldPlace::from).filter(|place| place.file == file) {
            if deleted.as_ref().is_some_and(|deleted| deleted.contains(u64::from(place.position))) {
                keys.push(key(place.hash))?;
            }
            cursor.advance()?;
        }
    }
    Ok(())
}

/// Where the old row of a key was. As an entry it sorts by that: the upper half of the entry's hash is the place, what
/// follows is the key's hash.
struct OldPlace {
    file: u32,
    position: u32,
    hash: u128,
}

impl From<OldPlace> for Entry {
    fn from(place: OldPlace) -> Self {
        let at = (u128::from(place.file) << 32) | u128::from(place.position);
        let (high, low) = (place.hash >> 64, place.hash & u128::from(u64::MAX));
        Self { hash: (at << 64) | high, file: (low >> 32) as u32, position: low as u32 }
    }
}

impl From<Entry> for OldPlace {
    fn from(entry: Entry) -> Self {
        let low = (u128::from(entry.file) << 32) | u128::from(entry.position);
        let hash = ((entry.hash & u128::from(u64::MAX)) << 64) | low;
        Self { file: (entry.hash >> 96) as u32, position: (entry.hash >> 64) as u32, hash }
    }
}

/// Writes rows again.
struct Again<'a> {
    with: &'a PrepareWith,
    lookup: Lookup,
    files: RowFiles,
    /// A row of absent cells only.
    empty_row: Vec<u8>,
    /// The new places of the rows' keys.
    moved: IndexRunWriter,
    /// Where the rows were written first.
    deletions: EntrySorter,
}

impl<'a> Again<'a> {
    fn begin(with: &'a PrepareWith, prepared: &Prepared, prefix: &Path, attempt: u32) -> Result<Self> {
        let own = prepared.files.iter().map(|new| (new.number, new.file.file_path.clone())).collect();
        let (moved, lookup, hasher) = {
            let mut state = with.shared.lock();
            let index = state.index.as_mut().ok_or_else(|| Error::internal("filled rows without an index"))?;
            (index.new_run()?, index.lookup(&with.account, &with.more)?, with.info.hasher(index.secret()))
        };
        let deletions = EntrySorter::new(with.disk.clone(), named(prefix, "deletions"), &with.account);
        let filling = Filling::new(with, hasher, OldRows::new(with, named(prefix, "filled"), own))?;
        Ok(Self {
            lookup,
            // Last, since it borrows much.
            files: RowFiles::begin(with, format!("a{attempt}-again-"), Some(filling))?,
            empty_row: vec![ABSENT; with.info.shape.layout.columns()],
            moved,
            deletions: deletions.borrowing(&with.more),
            with,
        })
    }

    /// Keeps a row that is still right.
    fn keep(&mut self, row: &Filled) -> Result<()> {
        match self.files.filling() {
            Some(filling) => filling.old_rows.keep(row),
            None => Ok(()),
        }
    }

    /// Takes a row; rows come by growing hash.
    fn take(&mut self, row: Filled, prepared: &mut Prepared) -> Result<()> {
        if self.files.is_full_for(self.empty_row.len() + self.files.bytes_expected()) {
            self.files.write_group(self.with, prepared)?;
        }
        let (file, position) = self.files.push(self.with, prepared, &self.empty_row)?;
        prepared.counts.again += 1;
        let mut old = Vec::new();
        self.with.shared.lock().find(&mut self.lookup, row.hash, &mut old)?;
        self.deletions.push(Entry::deletion(row.file, row.position))?;
        self.moved.put(self.with.disk.as_ref(), Entry { hash: row.hash, file, position })?;
        let wanted = Wanted::new(row.hash, (file, position), old).again(row);
        self.files.fill_last(self.with, prepared, wanted)
    }

    fn finish(mut self, prepared: &mut Prepared) -> Result<()> {
        self.files.end(self.with, prepared)?;
        let Self { with, files, moved, deletions, lookup, .. } = self;
        let (old_rows, _fixed_paid) = files.into_old_rows();
        drop(lookup);
        prepared.moved.push(moved.finish(with.disk.as_ref())?);
        prepared.deltas.extend(deletions.finish()?);
        prepared.filled = match old_rows {
            Some(old_rows) => old_rows.into_filled().finish()?,
            None => None,
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_place_sorts_by_place_and_keeps_its_key() {
        let place = |file, position, hash| OldPlace { file, position, hash };
        let hash = 0x0123_4567_89ab_cdef_fedc_ba98_7654_3210;
        let entries =
            [place(1, 9, hash), place(1, 10, 3), place(2, 0, u128::MAX), place(u32::MAX, u32::MAX, 0)].map(Entry::from);
        assert!(entries.is_sorted());
        let back = OldPlace::from(entries[0]);
        assert_eq!((back.file, back.position, back.hash), (1, 9, hash));
        assert_eq!(OldPlace::from(entries[2]).hash, u128::MAX);
    }
}
