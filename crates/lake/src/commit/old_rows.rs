//! What absent cells keep: the cells of old rows, fetched before the new ones are written.
//!
//! How long a value is shows only when it is there, so rows are filled a few at a time, as many as there seems to be room
//! for. When the room is used up, the rows before the first that is not yet filled are written, and make room.

use std::path::PathBuf;

use base::{ByteCount, Error, Result};
use ledger::Reservation;

use super::filled::{Filled, FilledWriter};
use super::live::VectorsByFile;
use super::prepared::Counts;
use super::tools::PrepareWith;
use crate::files::deletion_vector;
use crate::files::durable::reserve;
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
    /// The columns that it takes from there, once they were looked for.
    pub columns: Vec<u16>,
    /// For a row that is written again: where it was written first, which has its other columns.
    pub written: Option<(u32, u32)>,
    /// It was counted as one for which there is no old row.
    pub was_unknown: bool,
}

impl Wanted {
    /// What one costs in memory, with its places while it is filled, and the vector that holds it twice as it grows.
    pub const BYTES: usize = 3 * size_of::<Self>() + 2 * size_of::<Entry>() + 32;

    /// A row that will be at `place` and whose key may be at `old` now, newest first.
    pub fn new(hash: u128, (file, position): (u32, u32), old: Vec<Entry>) -> Self {
        Self { row: 0, hash, file, position, old, columns: Vec::new(), written: None, was_unknown: false }
    }

    /// It was filled before, and is written again.
    #[must_use]
    pub fn again(self, before: Filled) -> Self {
        let written = Some((before.file, before.position));
        Self { columns: before.columns, written, was_unknown: before.old.is_none(), ..self }
    }

    /// How many rows may wait, and what pays for them.
    ///
    /// # Errors
    /// The account is short even for few.
    pub fn reserve(with: &PrepareWith) -> Result<(usize, [Reservation; 2])> {
        let bytes = |rows: usize| ByteCount::from(rows * Self::BYTES);
        let least = reserve(&with.account, bytes(WANTED_MAX_LEAST), "rows that need their old rows")?;
        Ok(match with.more.try_reserve(bytes(WANTED_MAX - WANTED_MAX_LEAST)) {
            Some(borrowed) => (WANTED_MAX, [least, borrowed]),
            None => (WANTED_MAX_LEAST, [least, with.more.empty()]),
        })
    }
}

/// So many rows of a group wait for their old rows at most, then they are filled; fewer where memory is short.
const WANTED_MAX: usize = 2048;
pub const WANTED_MAX_LEAST: usize = 256;

/// Fetches old rows; remembers which deletion vectors apply to the snapshot it reads.
#[derive(Debug)]
pub struct OldRows {
    vectors: Option<VectorsByFile>,
    /// Files of this commit by number, of which rows are written again.
    own: Vec<(u32, String)>,
    /// The rows that were filled.
    filled: FilledWriter,
    /// Of those, and of the rows for which there was no old row: how many, and how long they are.
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
    /// Keeps what was filled in a run whose name begins with `path`. `own` are the files of the commit of which rows are
    /// written again.
    pub fn new(with: &PrepareWith, path: PathBuf, own: Vec<(u32, String)>) -> Self {
        Self { vectors: None, own, filled: FilledWriter::new(with, path), rows_filled: 0, bytes_filled: 0 }
    }

    /// Keeps a row that was filled before and is still right.
    ///
    /// # Errors
    /// The disk fails; memory is not to be had.
    pub fn keep(&mut self, row: &Filled) -> Result<()> {
        self.filled.put(row)
    }

    /// The rows that were filled.
    pub fn into_filled(self) -> FilledWriter {
        self.filled
    }

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
        counts: &mut Counts,
    ) -> Result<()> {
        while !wanted.is_empty() {
            wanted = self.fill(with, hasher, wanted, group, counts)?;
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
        counts: &mut Counts,
    ) -> Result<Vec<Wanted>> {
        while let Some(first) = wanted.first() {
            // Nothing can be written before the group's first row is filled: it gets its room whatever the others hold.
            let is_due = first.row == 0;
            let count = if is_due { 1 } else { self.rows_at_once(group.free()) };
            let behind = wanted.split_off(count.min(wanted.len()));
            let mut left = self.fill_some(with, hasher, (wanted, is_due), group, counts)?;
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
        counts: &mut Counts,
    ) -> Result<Vec<Wanted>> {
        for row in wanted.iter_mut().filter(|row| row.columns.is_empty()) {
            row.columns = absent_columns(&with.info.shape.layout, group.row(row.row))?;
        }
        let mut filling = Filling { found: vec![None; wanted.len()], short: vec![false; wanted.len()], is_due };
        self.fill_written(with, &wanted, group, &mut filling)?;
        let mut columns: Vec<usize> =
            wanted.iter().flat_map(|row| &row.columns).map(|column| usize::from(*column)).collect();
        columns.sort_unstable();
        columns.dedup();
        let old = wanted.iter().enumerate().flat_map(|(at, row)| row.old.iter().map(move |old| (at, old)));
        let places = sorted(old.map(|(wanted, old)| Place { file: old.file, position: old.position, wanted }));
        for of_file in places.chunk_by(|a, b| a.file == b.file) {
            self.fill_from_file(with, &columns, of_file, &wanted, group, &mut filling)?;
        }
        let mut left = Vec::new();
        for (at, row) in wanted.into_iter().enumerate() {
            if filling.short[at] {
                left.push(row);
                continue;
            }
            // Also one without an old row: it tells how many of the others can be filled together.
            self.rows_filled += 1;
            self.bytes_filled += row_bytes(&with.info.shape.layout, group.row(row.row))?;
            let old = filling.found[at];
            if row.was_unknown {
                counts.not_unknown(&hasher.text(group.row(row.row)));
            }
            if old.is_none() {
                counts.unknown(|| hasher.text(group.row(row.row)));
            }
            let Wanted { hash, file, position, columns, .. } = row;
            self.filled.put(&Filled { hash, file, position, old, columns })?;
        }
        Ok(left)
    }

    /// Gives rows that are written again the cells that they had and do not take from old rows.
    fn fill_written(
        &self,
        with: &PrepareWith,
        wanted: &[Wanted],
        group: &mut RowGroup,
        filling: &mut Filling,
    ) -> Result<()> {
        let written = wanted.iter().enumerate().filter_map(|(at, row)| Some((at, row.written?)));
        let places = sorted(written.map(|(wanted, (file, position))| Place { file, position, wanted }));
        for of_file in places.chunk_by(|a, b| a.file == b.file) {
            let number = of_file.first().map(|place| place.file);
            let own = self.own.iter().find(|(own, _)| Some(*own) == number);
            let (_, location) = own.ok_or_else(|| Error::internal("a filled row of another commit"))?;
            let mut positions: Vec<u64> = of_file.iter().map(|place| u64::from(place.position)).collect();
            positions.dedup();
            for column in 0..with.info.shape.layout.columns() {
                let from = Source { location, column, positions: &positions, places: of_file, is_old: false };
                fill_column(with, &from, wanted, (group, filling))?;
            }
        }
        Ok(())
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
            let from =
                Source { location: &location, column: *column, positions: &positions, places: &live, is_old: true };
            fill_column(with, &from, wanted, (group, filling))?;
        }
        // A key that others added twice has two live rows; one is as good as the other.
        for place in live.into_iter().filter(|place| !filling.short[place.wanted]) {
            filling.found[place.wanted].get_or_insert((place.file, place.position));
        }
        Ok(())
    }

    /// The places that no deletion vector has.
    fn live_places(&mut self, with: &PrepareWith, location: &str, places: &[Place]) -> Result<Vec<Place>> {
        let disk = with.disk.as_ref();
        let vectors = match &self.vectors {
            Some(vectors) => vectors,
            None => {
                let state = with.shared.lock();
                let vectors = VectorsByFile::new(disk, state.snapshot.as_ref(), &with.account, &with.more);
                self.vectors.insert(vectors)
            }
        };
        let Some(entry) = vectors.of(disk, location, &with.account)? else { return Ok(places.to_vec()) };
        let deleted = deletion_vector::read(disk, &entry, &with.account)?;
        Ok(places.iter().filter(|place| !deleted.contains(u64::from(place.position))).copied().collect())
    }
}

/// Places by file and position.
fn sorted(places: impl Iterator<Item = Place>) -> Vec<Place> {
    let mut places: Vec<Place> = places.collect();
    places.sort_unstable();
    places
}

/// A column of a file, at some positions.
struct Source<'a> {
    location: &'a str,
    column: usize,
    positions: &'a [u64],
    places: &'a [Place],
    /// Of old rows, from which rows take some of their columns; else of the rows themselves, which have the others.
    is_old: bool,
}

/// One column at a time: what reading takes does not grow with the columns.
fn fill_column(
    with: &PrepareWith,
    from: &Source<'_>,
    wanted: &[Wanted],
    (group, filling): (&mut RowGroup, &mut Filling),
) -> Result<()> {
    let Source { location, column, positions, places, is_old } = *from;
    let layout_of_rows = &with.info.shape.layout;
    let (projection, layout) = (with.info.columns.pick(&[column]), with.info.shape.layout.pick(&[column])?);
    let mut scan = fetch_rows(with.disk.as_ref(), location, positions.to_vec(), &projection, &with.account)?;
    let mut places = places.iter().peekable();
    while let Some(batch) = scan.next_batch()? {
        let cells = BatchCells::new(&layout, &batch.columns, None)?;
        for (at, position) in batch.positions.iter().enumerate() {
            while let Some(place) = places.next_if(|place| u64::from(place.position) == *position) {
                let Wanted { row, columns, .. } = &wanted[place.wanted];
                let row = *row;
                if columns.contains(&(column as u16)) != is_old {
                    continue;
                }
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
