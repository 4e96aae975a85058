//! What absent cells keep: the cells of old rows, fetched before the new ones are written.
//!
//! How long a value is shows only when it is there, so rows are filled a few at a time, as many as there seems to be room
//! for. When the room is used up, the rows before the first that is not yet filled are written, and make room.

use base::{ByteCount, Error, Result};

use super::live::Vectors;
use super::prepared::{Filled, Prepared};
use super::tools::PrepareWith;
use crate::files::deletion_vector;
use crate::index::Entry;
use crate::parquet_write::{DataFileWriter, EncodeMemory, RowGroup, row_bytes};
use crate::read::fetch_rows;
use crate::run::{BatchCells, Cell, KeyHasher, Layout};

/// Reading one column of one file: a page and a dictionary, packed and unpacked, and the values of one row group's rows.
pub const FETCH_BYTES: ByteCount = ByteCount::mib(5);

/// A row of a row group with absent cells that nothing in its commit resolves.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Its number in the row group.
    pub row: usize,
    pub hash: u128,
    /// Where it will be.
    pub file: u32,
    pub position: u32,
    /// Where its key may be now, newest first.
    pub old: Vec<Entry>,
    /// Its absent columns, once they were looked for.
    pub columns: Vec<u16>,
}

impl Wanted {
    /// What one costs in memory, with its places while it is filled, and the vector that holds it twice as it grows.
    pub const BYTES: usize = 3 * size_of::<Self>() + 2 * size_of::<Entry>() + 32;
}

/// Fetches old rows; remembers which deletion vectors apply to the snapshot it reads.
#[derive(Debug, Default)]
pub struct OldRows {
    vectors: Option<Vectors>,
    rows_filled: usize,
    bytes_filled: usize,
}

/// What a filled row is taken to hold before one was seen: databases keep values out of line from some 2 KiB on.
const FILLED_BYTES: usize = 4 << 10;
/// So many rows tell how long the others may be.
const ROWS_TELLING: usize = 16;
/// So many are filled together before any was seen.
const ROWS_FIRST: usize = 4;

/// A place to be fetched, and for which of the wanted rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    file: u32,
    position: u32,
    wanted: usize,
}

/// What becomes of rows that are filled together.
struct Filling {
    /// Where their old rows were.
    found: Vec<Option<(u32, u32)>>,
    /// There was no room for all that they take; some cells may be filled.
    short: Vec<bool>,
    /// They get more room than there is.
    is_due: bool,
}

impl OldRows {
    /// About how long a row is once it is filled, for leaving room.
    pub fn bytes_expected(&self) -> usize {
        if self.rows_filled < ROWS_TELLING { FILLED_BYTES } else { self.bytes_filled / self.rows_filled * 5 / 4 }
    }

    /// Writes the rows of a row group and uses them up, the absent cells of the wanted ones filled. Where there is no
    /// old row they stay absent, and are counted: NULL is written.
    ///
    /// # Errors
    /// The disk fails; something is damaged; memory is not to be had for a single row.
    pub fn write_filled(
        &mut self,
        with: &PrepareWith,
        hasher: &KeyHasher,
        mut wanted: Vec<Wanted>,
        (group, least): (&mut RowGroup, usize),
        (writer, encode): (&mut DataFileWriter, &EncodeMemory),
        prepared: &mut Prepared,
    ) -> Result<()> {
        while !wanted.is_empty() {
            wanted = self.fill(with, hasher, wanted, group, prepared)?;
            let ready = wanted.first().map_or(group.rows(), |first| first.row);
            writer.write_first(group, ready, encode)?;
            group.drop_first(&with.info.shape.layout, ready, least)?;
            for row in &mut wanted {
                row.row -= ready;
            }
        }
        writer.write(group, encode)?;
        group.clear(least);
        Ok(())
    }

    /// Fills as many of the wanted rows as there is room for; answers the others, of which none is the group's first.
    ///
    /// # Errors
    /// As [`Self::write_filled`].
    pub fn fill(
        &mut self,
        with: &PrepareWith,
        hasher: &KeyHasher,
        mut wanted: Vec<Wanted>,
        group: &mut RowGroup,
        prepared: &mut Prepared,
    ) -> Result<Vec<Wanted>> {
        while let Some(first) = wanted.first() {
            // Nothing can be written before the group's first row is filled: it gets its room whatever the others hold.
            let is_due = first.row == 0;
            let count = if is_due { 1 } else { self.rows_at_once(group.free()) };
            let behind = wanted.split_off(count.min(wanted.len()));
            let mut left = self.fill_some(with, hasher, (wanted, is_due), group, prepared)?;
            let is_short = !left.is_empty();
            left.extend(behind);
            wanted = left;
            if is_short {
                break;
            }
        }
        Ok(wanted)
    }

    /// How many rows can be filled together, as far as the ones before tell.
    fn rows_at_once(&self, free: usize) -> usize {
        if self.rows_filled < ROWS_TELLING {
            return self.rows_filled.max(ROWS_FIRST);
        }
        (free / self.bytes_expected().max(1)).max(1)
    }

    /// Fills rows, those that are due whatever it takes; answers the ones for which there was no room.
    fn fill_some(
        &mut self,
        with: &PrepareWith,
        hasher: &KeyHasher,
        (mut wanted, is_due): (Vec<Wanted>, bool),
        group: &mut RowGroup,
        prepared: &mut Prepared,
    ) -> Result<Vec<Wanted>> {
        for row in wanted.iter_mut().filter(|row| row.columns.is_empty()) {
            row.columns = absent_columns(&with.info.shape.layout, group.row(row.row))?;
        }
        let mut columns: Vec<usize> =
            wanted.iter().flat_map(|row| &row.columns).map(|column| usize::from(*column)).collect();
        columns.sort_unstable();
        columns.dedup();
        let mut places: Vec<Place> = wanted
            .iter()
            .enumerate()
            .flat_map(|(at, row)| {
                row.old.iter().map(move |old| Place { file: old.file, position: old.position, wanted: at })
            })
            .collect();
        places.sort_unstable();
        let mut filling = Filling { found: vec![None; wanted.len()], short: vec![false; wanted.len()], is_due };
        for of_file in places.chunk_by(|a, b| a.file == b.file) {
            self.fill_from_file(with, &columns, of_file, &wanted, group, &mut filling)?;
        }
        let mut left = Vec::new();
        for (at, row) in wanted.into_iter().enumerate() {
            if filling.short[at] {
                left.push(row);
                continue;
            }
            let old = filling.found[at];
            if old.is_none() {
                prepared.counts.unknown(|| hasher.text(group.row(row.row)));
            }
            let Wanted { hash, file, position, columns, .. } = row;
            prepared.remember(Filled { hash, file, position, old, columns: columns.into() });
        }
        Ok(left)
    }

    fn fill_from_file(
        &mut self,
        with: &PrepareWith,
        columns: &[usize],
        places: &[Place],
        wanted: &[Wanted],
        group: &mut RowGroup,
        filling: &mut Filling,
    ) -> Result<()> {
        let Some(first) = places.first() else { return Ok(()) };
        let location = {
            let state = with.shared.lock();
            state.index.as_ref().and_then(|index| index.files.get(first.file)).map(|file| file.location.clone())
        };
        let Some(location) = location else { return Ok(()) };
        let live = self.live_places(with, &location, places)?;
        let mut positions: Vec<u64> = live.iter().map(|place| u64::from(place.position)).collect();
        positions.dedup();
        if positions.is_empty() {
            return Ok(());
        }
        for column in columns {
            fill_column(with, &location, *column, (&positions, &live), wanted, (group, filling))?;
        }
        // A key that others added twice has two live rows; one is as good as the other.
        for place in live.into_iter().filter(|place| !filling.short[place.wanted]) {
            let length = row_bytes(&with.info.shape.layout, group.row(wanted[place.wanted].row))?;
            self.rows_filled += 1;
            self.bytes_filled += length;
            filling.found[place.wanted].get_or_insert((place.file, place.position));
        }
        Ok(())
    }

    /// The places that no deletion vector has.
    fn live_places(&mut self, with: &PrepareWith, location: &str, places: &[Place]) -> Result<Vec<Place>> {
        let vectors = match &mut self.vectors {
            Some(vectors) => vectors,
            None => {
                let state = with.shared.lock();
                let snapshot = state.snapshot.as_ref();
                self.vectors.insert(Vectors::read(with.disk.as_ref(), snapshot, &with.account, |_| true)?)
            }
        };
        let Some(entry) = vectors.of(location) else { return Ok(places.to_vec()) };
        let deleted = deletion_vector::read(with.disk.as_ref(), entry, &with.account)?;
        Ok(places.iter().filter(|place| !deleted.contains(u64::from(place.position))).copied().collect())
    }
}

/// One column at a time: what reading takes does not grow with the columns.
fn fill_column(
    with: &PrepareWith,
    location: &str,
    column: usize,
    (positions, places): (&[u64], &[Place]),
    wanted: &[Wanted],
    (group, filling): (&mut RowGroup, &mut Filling),
) -> Result<()> {
    let layout_of_rows = &with.info.shape.layout;
    let (projection, layout) = (with.info.columns.pick(&[column]), with.info.shape.layout.pick(&[column])?);
    let mut scan = fetch_rows(with.disk.as_ref(), location, positions.to_vec(), &projection, &with.account)?;
    let mut places = places.iter().peekable();
    while let Some(batch) = scan.next_batch()? {
        let cells = BatchCells::new(&layout, &batch.columns, None)?;
        for (at, position) in batch.positions.iter().enumerate() {
            while let Some(place) = places.next_if(|place| u64::from(place.position) == *position) {
                let row = wanted[place.wanted].row;
                let Some(filled) = filled(layout_of_rows, group.row(row), column, &cells, at)? else { continue };
                if filling.is_due {
                    group.replace_beyond(layout_of_rows, row, &filled)?;
                } else if !group.replace(layout_of_rows, row, &filled)? {
                    filling.short[place.wanted] = true;
                }
            }
        }
    }
    Ok(())
}

/// The columns of a row's absent cells.
fn absent_columns(layout: &Layout, row: &[u8]) -> Result<Vec<u16>> {
    let mut absent = Vec::new();
    let mut rest = row;
    for column in 0..layout.columns() {
        let (cell, after) = layout.cell(column, rest).ok_or_else(torn)?;
        if cell == Cell::Absent {
            absent.push(column as u16);
        }
        rest = after;
    }
    Ok(absent)
}

/// A row with its absent cell in `column` taken from row `at` of what was fetched; `None` if it is not absent.
fn filled(layout: &Layout, row: &[u8], column: usize, fetched: &BatchCells<'_>, at: usize) -> Result<Option<Vec<u8>>> {
    let mut rest = row;
    for before in 0..column {
        rest = layout.cell(before, rest).ok_or_else(torn)?.1;
    }
    let kept = row.len() - rest.len();
    let (cell, after) = layout.cell(column, rest).ok_or_else(torn)?;
    if cell != Cell::Absent {
        return Ok(None);
    }
    let mut end = after;
    for behind in column + 1..layout.columns() {
        end = layout.cell(behind, end).ok_or_else(torn)?.1;
    }
    let mut out = row[..kept].to_vec();
    fetched.put_cell(0, at, &mut out)?;
    out.extend_from_slice(&after[..after.len() - end.len()]);
    Ok(Some(out))
}

fn torn() -> Error {
    Error::internal("a damaged row in a row group")
}
