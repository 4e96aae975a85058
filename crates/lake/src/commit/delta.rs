//! What others did to the table between the look-ups of a commit and its publication.
//!
//! The index is brought up to date first, which names the keys that they added. Of those, the ones that this commit also
//! changes lose their row; rows that took cells from an old row which is no longer the one are filled again, and their
//! data file is written anew.

use std::collections::HashMap;
use std::path::PathBuf;

use base::{Error, Result};
use ledger::Owned;
use roaring::RoaringTreemap;

use super::live::Vectors;
use super::old_rows::{OldRows, Wanted};
use super::prepared::{Filled, NewFile, Prepared};
use super::tools::PrepareWith;
use crate::files::deletion_vector;
use crate::files::durable::{disk_error, remove_if_there};
use crate::files::location::child_of;
use crate::index::cursor::RunCursor;
use crate::index::{Entry, EntrySorter, IndexRun, Lookup};
use crate::metadata::Snapshot;
use crate::parquet_write::{DataFileWriter, EncodeMemory, RowGroup};
use crate::read::{Rows, scan::FileScan};
use crate::run::{BatchCells, Cell};

/// The places of rows that others added and this commit replaces or deletes, in a run whose name begins with `path`.
///
/// # Errors
/// The disk fails; the index is damaged; the account is short.
pub fn added_and_changed(
    path: PathBuf,
    changes: &IndexRun,
    added: &IndexRun,
    with: &PrepareWith,
) -> Result<Option<IndexRun>> {
    let mut sorter = EntrySorter::new(with.disk.clone(), path, &with.account);
    let (mut changes, mut added) = (RunCursor::new(changes.clone(), None)?, RunCursor::new(added.clone(), None)?);
    while let (Some(change), Some(add)) = (changes.current(), added.current()) {
        match change.hash.cmp(&add.hash) {
            std::cmp::Ordering::Less => changes.seek(add.hash)?,
            std::cmp::Ordering::Greater => added.seek(change.hash)?,
            std::cmp::Ordering::Equal => {
                sorter.push(Entry::deletion(add.file, add.position))?;
                added.advance()?;
            }
        }
    }
    sorter.finish()
}

/// Fills rows again whose old row is not what it was when they were written; `attempt` counts the tries to commit.
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
    if prepared.is_filled_cut {
        return Err(Error::transient(
            "others changed the table while a commit of many rows that leave cells to their old ones was prepared",
        )
        .detail("there was no memory to remember all of those rows")
        .hint("the job tries again; if this repeats, lower 'millstream.commit.max-bytes' or give more with --memory"));
    }
    let mut outdated = take_outdated(with, prepared, added, head)?;
    if outdated.is_empty() {
        return Ok(());
    }
    // Rows were written by growing hash, file after file: one walk over the index serves them all.
    outdated.sort_unstable_by_key(|filled| (filled.file, filled.position));
    if !outdated.is_sorted_by_key(|filled| filled.hash) {
        return Err(Error::internal("the rows of a commit do not lie by their keys"));
    }
    let mut lookup = with.shared.lock().lookup(&with.account, &with.more)?;
    for of_file in outdated.chunk_by(|a, b| a.file == b.file) {
        rewrite(with, prepared, of_file, &mut lookup, attempt)?;
    }
    Ok(())
}

/// Takes the rows out of what is prepared whose old row is not what it was.
fn take_outdated(
    with: &PrepareWith,
    prepared: &mut Prepared,
    added: Option<&IndexRun>,
    head: &Snapshot,
) -> Result<Vec<Filled>> {
    let vectors = Vectors::read(with.disk.as_ref(), Some(head), &with.account, |_| true)?;
    let mut deleted: HashMap<u32, Option<Owned<RoaringTreemap>>> = HashMap::new();
    prepared.filled.sort_unstable_by_key(|filled| filled.hash);
    let mut cursor = added.map(|run| RunCursor::new(run.clone(), None)).transpose()?;
    let mut outdated = Vec::with_capacity(prepared.filled.len());
    for row in &prepared.filled {
        let mut is_added = false;
        if let Some(cursor) = &mut cursor {
            cursor.seek(row.hash)?;
            is_added = cursor.current().is_some_and(|entry| entry.hash == row.hash);
        }
        let is_gone = match row.old {
            None => false,
            Some((file, position)) => {
                let state = with.shared.lock();
                match state.index.as_ref().and_then(|index| index.files.get(file)) {
                    None => true,
                    Some(known) => {
                        let vector = match deleted.entry(file) {
                            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
                            std::collections::hash_map::Entry::Vacant(entry) => {
                                let vector = vectors.of(&known.location);
                                let read = |of| deletion_vector::read(with.disk.as_ref(), of, &with.account);
                                entry.insert(vector.map(read).transpose()?)
                            }
                        };
                        vector.as_ref().is_some_and(|vector| vector.contains(u64::from(position)))
                    }
                }
            }
        };
        outdated.push(is_added || is_gone);
    }
    let mut outdated = outdated.into_iter();
    Ok(prepared.filled.extract_if(.., |_| outdated.next() == Some(true)).collect())
}

/// Writes a data file anew, row for row at the same positions, with some rows filled again: `outdated`, by position.
fn rewrite(
    with: &PrepareWith,
    prepared: &mut Prepared,
    outdated: &[Filled],
    lookup: &mut Lookup,
    attempt: u32,
) -> Result<()> {
    let Some(number) = outdated.first().map(|filled| filled.file) else { return Ok(()) };
    let mut outdated = outdated.iter().peekable();
    let place = prepared.files.iter().position(|file| file.number == number);
    let place = place.ok_or_else(|| Error::internal("a filled row of another commit"))?;
    let old = (prepared.files[place].file.file_path.clone(), prepared.files[place].path.clone());
    let hasher = {
        let state = with.shared.lock();
        let index = state.index.as_ref().ok_or_else(|| Error::internal("a rewrite without an index"))?;
        with.info.hasher(index.secret())
    };
    let what = format!("a{attempt}-{number}-again.parquet");
    let name = with.names.name(prepared.epoch, &prepared.commit, &what);
    let path = with.info.data_dir.join(&name);
    let location = child_of(&with.info.data_location, &name);
    let mut writer = DataFileWriter::create(&with.disk, location, path.clone(), &with.info.shape)?;
    let mut old_rows = OldRows::default();
    let bytes = crate::options::ROW_GROUP_BYTES_MIN.as_usize();
    let mut group = RowGroup::new(&with.account, bytes)?;
    let encode = EncodeMemory::new(&with.account, &with.more);
    let mut scan = FileScan::open(with.disk.as_ref(), &old.0, &with.info.columns, Rows::All, None, &with.account)?;
    let mut wanted = Vec::new();
    let mut row = Vec::new();
    while let Some(batch) = scan.next_batch()? {
        let cells = BatchCells::new(&with.info.shape.layout, &batch.columns, None)?;
        for (at, position) in batch.positions.iter().enumerate() {
            row.clear();
            cells.put_row(at, &mut row)?;
            let again = outdated.next_if(|filled| u64::from(filled.position) == *position);
            if let Some(filled) = again {
                row = opened(with, &row, &filled.columns)?;
            }
            if group.is_full_for(row.len()) {
                let wanted = std::mem::take(&mut wanted);
                old_rows.write_filled(with, &hasher, wanted, (&mut group, bytes), (&mut writer, &encode), prepared)?;
            }
            if let Some(filled) = again {
                let mut old = Vec::new();
                with.shared.lock().find(lookup, filled.hash, &mut old)?;
                let (hash, file, position) = (filled.hash, number, filled.position);
                wanted.push(Wanted { row: group.rows(), hash, file, position, old, columns: Vec::new() });
            }
            group.push(&row)?;
        }
    }
    if !group.is_empty() {
        old_rows.write_filled(with, &hasher, wanted, (&mut group, bytes), (&mut writer, &encode), prepared)?;
    }
    let file = writer.finish()?;
    remove_if_there(with.disk.as_ref(), &old.1).map_err(|error| disk_error("remove", &old.1, error))?;
    prepared.files[place] = NewFile { number, path, file };
    Ok(())
}

/// The row with these columns absent again.
fn opened(with: &PrepareWith, row: &[u8], columns: &[u16]) -> Result<Vec<u8>> {
    let layout = &with.info.shape.layout;
    let mut out = Vec::with_capacity(row.len());
    let mut rest = row;
    for column in 0..layout.columns() {
        let (cell, after) = layout.cell(column, rest).ok_or_else(|| Error::internal("a torn row"))?;
        let cell = if columns.contains(&(column as u16)) { Cell::Absent } else { cell };
        layout.put_cell(column, cell, &mut out);
        rest = after;
    }
    Ok(out)
}
