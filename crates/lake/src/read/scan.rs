//! Rows of one data file, in batches with their positions, deleted ones left out.
//!
//! Row group by row group: of the wanted columns one page each is in memory, reserved by the sizes that the file's page
//! index tells, and one batch. With a list of positions, only pages that hold one of them are read.

use std::sync::Arc;

use arrow_array::{BooleanArray, RecordBatch, RecordBatchOptions, new_null_array};
use base::{ByteCount, Disk, Result};
use ledger::{Account, Owned, Reservation};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowSelection, RowSelector,
};
use roaring::RoaringTreemap;

use super::cast::cast;
use super::columns::{Place, Projection};
use super::parquet_file::{ParquetFile, damaged, guarded, parquet_error};
use crate::files::durable::{grow_to, reserve};

/// Rows per batch, at most.
pub const BATCH_ROWS: usize = 1024;
/// Bytes of a batch, about, if it has more than one row.
const BATCH_BYTES: u64 = 1 << 20;

/// Rows of a data file.
#[derive(Clone, Debug)]
pub struct ScanBatch {
    /// The data file's location, as its manifest entry has it.
    pub file: Arc<str>,
    /// The position of each row in the file, ascending.
    pub positions: Vec<u64>,
    /// In the order and the types of the projection.
    pub columns: RecordBatch,
}

/// Which rows of a file to read.
#[derive(Clone, Debug)]
pub enum Rows {
    All,
    /// Those at these positions, ascending and without repetition.
    At(Vec<u64>),
}

/// Reads one data file from front to back.
#[derive(Debug)]
pub struct FileScan {
    file: ParquetFile,
    location: Arc<str>,
    projection: Projection,
    places: Vec<Place>,
    rows: Rows,
    deleted: Option<Owned<RoaringTreemap>>,
    next_group: usize,
    /// The position of the first row of `next_group`.
    next_group_at: u64,
    group: Option<Group>,
    account: Account,
}

struct Group {
    reader: ParquetRecordBatchReader,
    /// The positions of the rows that the reader will give.
    positions: std::vec::IntoIter<std::ops::Range<u64>>,
    current: std::ops::Range<u64>,
    /// What the next batch is expected to take.
    batch_bytes: ByteCount,
    _paid: Reservation,
}

impl std::fmt::Debug for Group {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Group").field("current", &self.current).finish_non_exhaustive()
    }
}

impl FileScan {
    /// Opens a file; `deleted` rows are left out.
    ///
    /// # Errors
    /// The disk's; the file is damaged; its columns cannot be told apart; the account is short.
    pub fn open(
        disk: &dyn Disk,
        location: &str,
        projection: &Projection,
        rows: Rows,
        deleted: Option<Owned<RoaringTreemap>>,
        account: &Account,
    ) -> Result<Self> {
        let file = ParquetFile::open(disk, location, account)?;
        let places = projection.places(file.metadata.schema()).map_err(|error| error.at(file.path.display()))?;
        Ok(Self {
            file,
            location: location.into(),
            projection: projection.clone(),
            places,
            rows,
            deleted,
            next_group: 0,
            next_group_at: 0,
            group: None,
            account: account.clone(),
        })
    }

    /// The rows in the file, deleted ones too.
    pub fn row_count(&self) -> u64 {
        u64::try_from(self.file.metadata.metadata().file_metadata().num_rows()).unwrap_or(0)
    }

    /// The next rows, at most [`BATCH_ROWS`]; `None` after the last. Never empty.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn next_batch(&mut self) -> Result<Option<Owned<ScanBatch>>> {
        loop {
            let Some(group) = &mut self.group else {
                if self.next_group == self.file.metadata.metadata().num_row_groups() {
                    return Ok(None);
                }
                self.group = self.open_group()?;
                continue;
            };
            let path = &self.file.path;
            let mut paid = reserve(&self.account, group.batch_bytes, "rows of a table")?;
            let next =
                guarded(path, || group.reader.next().transpose().map_err(|error| damaged(path, &error.to_string())));
            let Some(batch) = next? else {
                self.group = None;
                continue;
            };
            let positions = group.take(batch.num_rows());
            if positions.len() != batch.num_rows() {
                return Err(damaged(&self.file.path, "a row group has more rows than its footer says"));
            }
            let batch = self.arrange(&batch)?;
            let kept = self.without_deleted(batch, positions)?;
            if !kept.positions.is_empty() {
                let size = kept.columns.get_array_memory_size() + kept.positions.len() * 8;
                let size = ByteCount::from(size);
                grow_to(&mut paid, size, "rows of a table")?;
                paid.shrink_to(size);
                return Ok(Some(Owned::new(kept, paid)));
            }
        }
    }

    /// The next row group; `None` if no wanted row is in it.
    fn open_group(&mut self) -> Result<Option<Group>> {
        let index = self.next_group;
        let metadata = self.file.metadata.metadata().clone();
        let rows = u64::try_from(metadata.row_group(index).num_rows())
            .map_err(|_| damaged(&self.file.path, "a row group has no size"))?;
        let start = self.next_group_at;
        let end = start.checked_add(rows).ok_or_else(|| damaged(&self.file.path, "it has too many rows"))?;
        self.next_group += 1;
        self.next_group_at = end;
        let ranges = match &self.rows {
            Rows::All => std::iter::once(start..end).collect(),
            Rows::At(positions) => ranges(positions, start..end),
        };
        if rows == 0 || ranges.is_empty() {
            return Ok(None);
        }
        let mask = ProjectionMask::roots(self.file.metadata.parquet_schema(), self.roots());
        let mut paid = reserve(&self.account, ByteCount::ZERO, "reading a Parquet file")?;
        let leaves = (0..self.file.metadata.parquet_schema().num_columns()).filter(|leaf| mask.leaf_included(*leaf));
        let room: ByteCount = leaves.map(|leaf| self.file.room_of(index, leaf)).sum();
        grow_to(&mut paid, room, "reading a Parquet file")?;
        let wanted: u64 = ranges.iter().map(|range| range.end - range.start).sum();
        let (batch_rows, batch_bytes) = self.batch(index, &mask, rows, wanted);
        let builder =
            ParquetRecordBatchReaderBuilder::new_with_metadata(self.file.chunks.clone(), self.file.metadata.clone())
                .with_row_groups(vec![index])
                .with_projection(mask)
                .with_batch_size(batch_rows);
        let builder = match &self.rows {
            Rows::All => builder,
            Rows::At(_) => builder.with_row_selection(selection(&ranges, start, end)),
        };
        let path = &self.file.path;
        let reader = guarded(path, || builder.build().map_err(|error| parquet_error(path, error)))?;
        let mut positions = ranges.into_iter();
        let current = positions.next().unwrap_or(end..end);
        Ok(Some(Group { reader, positions, current, batch_bytes, _paid: paid }))
    }

    /// How many of a row group's rows to read together, and what they take, as its rows are long on average.
    fn batch(&self, group: usize, mask: &ProjectionMask, rows: u64, wanted: u64) -> (usize, ByteCount) {
        let group = self.file.metadata.metadata().row_group(group);
        let chunks = group.columns().iter().enumerate().filter(|(leaf, _)| mask.leaf_included(*leaf));
        let bytes: u64 = chunks
            .map(|(_, chunk)| {
                // Values of a dictionary are repeated in the batch, which only the length of all values tells.
                let plain = chunk.unencoded_byte_array_data_bytes().unwrap_or(0).max(chunk.uncompressed_size());
                u64::try_from(plain).unwrap_or(0)
            })
            .fold(0, u64::saturating_add);
        let of_row = bytes.div_ceil(rows).max(1);
        let count = (BATCH_BYTES / of_row).clamp(1, BATCH_ROWS as u64);
        (count as usize, ByteCount(of_row.saturating_mul(count.min(wanted))))
    }

    /// The roots of the file's schema that are read, ascending.
    fn roots(&self) -> Vec<usize> {
        let roots =
            self.places.iter().filter_map(|place| if let Place::Root(root) = place { Some(*root) } else { None });
        let mut roots: Vec<usize> = roots.collect();
        roots.sort_unstable();
        roots.dedup();
        roots
    }

    /// The wanted columns in the wanted order and types.
    fn arrange(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let read = self.roots();
        let mut columns = Vec::with_capacity(self.places.len());
        for (place, column) in self.places.iter().zip(&self.projection.columns) {
            let to = column.ty.arrow();
            columns.push(match place {
                Place::Missing => new_null_array(&to, batch.num_rows()),
                Place::Root(root) => {
                    // The batch has the wanted roots in the order of the file.
                    let found = read.iter().position(|one| one == root).and_then(|index| batch.columns().get(index));
                    let array = found.ok_or_else(|| damaged(&self.file.path, "a column is missing"))?;
                    cast(array, &to).ok_or_else(|| {
                        damaged(
                            &self.file.path,
                            &format!("column '{}' holds {}, not {}", column.name, array.data_type(), column.ty),
                        )
                    })?
                }
            });
        }
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(self.projection.arrow().clone(), columns, &options)
            .map_err(|error| damaged(&self.file.path, &error.to_string()))
    }

    fn without_deleted(&self, columns: RecordBatch, positions: Vec<u64>) -> Result<ScanBatch> {
        let file = self.location.clone();
        let Some(deleted) = &self.deleted else { return Ok(ScanBatch { file, positions, columns }) };
        let kept: BooleanArray = positions.iter().map(|position| Some(!deleted.value.contains(*position))).collect();
        if kept.true_count() == positions.len() {
            return Ok(ScanBatch { file, positions, columns });
        }
        let columns = arrow_select::filter::filter_record_batch(&columns, &kept)
            .map_err(|error| damaged(&self.file.path, &error.to_string()))?;
        let positions =
            positions.into_iter().zip(kept.values().iter()).filter(|(_, kept)| *kept).map(|(position, _)| position);
        Ok(ScanBatch { file, positions: positions.collect(), columns })
    }
}

impl Group {
    /// The positions of the next `count` rows.
    fn take(&mut self, count: usize) -> Vec<u64> {
        let mut taken = Vec::with_capacity(count);
        while taken.len() < count {
            match self.current.next() {
                Some(position) => taken.push(position),
                None => match self.positions.next() {
                    Some(range) => self.current = range,
                    None => break,
                },
            }
        }
        taken
    }
}

/// The runs of neighbours among ascending positions that lie in a row group.
fn ranges(positions: &[u64], group: std::ops::Range<u64>) -> Vec<std::ops::Range<u64>> {
    let first = positions.partition_point(|position| *position < group.start);
    let mut ranges: Vec<std::ops::Range<u64>> = Vec::new();
    for position in positions[first..].iter().take_while(|position| **position < group.end) {
        match ranges.last_mut() {
            Some(last) if last.end >= *position => last.end = last.end.max(position + 1),
            _ => ranges.push(*position..position + 1),
        }
    }
    ranges
}

fn selection(ranges: &[std::ops::Range<u64>], start: u64, end: u64) -> RowSelection {
    let mut selectors = Vec::with_capacity(ranges.len() * 2 + 1);
    let mut at = start;
    for range in ranges {
        if range.start > at {
            selectors.push(RowSelector::skip((range.start - at) as usize));
        }
        selectors.push(RowSelector::select((range.end - range.start) as usize));
        at = range.end;
    }
    if end > at {
        selectors.push(RowSelector::skip((end - at) as usize));
    }
    selectors.into()
}
