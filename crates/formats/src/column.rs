//! One column under construction: plain vectors that become Arrow buffers without a copy, and that can drop the last
//! cells again, which Arrow's own builders cannot.
//!
//! Memory: `reserve` sizes all vectors for a batch like the last; beyond that those of fixed width double, those of text
//! grow by a half at most. [`Column::finish`]
//! leaves nothing behind and gives back what was reserved in vain.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, ArrowPrimitiveType, BinaryArray, BooleanArray, PrimitiveArray, StringArray, types as arrow,
};
use arrow_buffer::{BooleanBuffer, BooleanBufferBuilder, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::ArrowError;
use rows::LogicalType;

/// The cells of a column, NULLs as zeros.
#[derive(Debug)]
pub(crate) enum Values {
    Boolean(BooleanBufferBuilder),
    TinyInt(Vec<i8>),
    SmallInt(Vec<i16>),
    Int(Vec<i32>),
    BigInt(Vec<i64>),
    Float(Vec<f32>),
    Double(Vec<f64>),
    Decimal {
        cells: Vec<i128>,
        precision: u8,
        scale: u8,
    },
    Text(Bytes),
    Binary(Bytes),
    Date(Vec<i32>),
    /// Microseconds since midnight.
    Time(Vec<i64>),
    /// Since 1970; `nanos` or microseconds.
    Timestamp {
        cells: Vec<i64>,
        nanos: bool,
        zoned: bool,
    },
}

/// Cells of any length: cell `i` is `data[ends[i - 1]..ends[i]]`.
#[derive(Debug, Default)]
pub(crate) struct Bytes {
    ends: Vec<i32>,
    pub data: Vec<u8>,
}

/// Text grows by half, but by no more than this beyond what it needs.
const GROWTH_MAX: usize = 64 << 10;

impl Bytes {
    /// Makes room for a cell of at most `length` bytes.
    #[inline]
    pub(crate) fn grow(&mut self, length: usize) {
        if self.data.capacity() - self.data.len() < length {
            self.data.reserve_exact(length + (self.data.len() / 2).min(GROWTH_MAX));
        }
    }

    #[inline]
    pub(crate) fn append(&mut self, bytes: &[u8]) {
        self.grow(bytes.len());
        self.data.extend_from_slice(bytes);
    }

    /// Closes the cell that was written to the end of `data`.
    #[inline]
    pub(crate) fn end_cell(&mut self) {
        self.ends.push(self.data.len() as i32);
    }

    fn start(&self, row: usize) -> usize {
        row.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |&end| end as usize)
    }

    fn cell(&self, row: usize) -> &[u8] {
        let end = self.ends.get(row).map_or(0, |&end| end as usize);
        self.data.get(self.start(row)..end).unwrap_or_default()
    }

    fn truncate(&mut self, rows: usize) {
        self.data.truncate(self.start(rows));
        self.ends.truncate(rows);
    }
}

#[derive(Debug)]
pub(crate) struct Column {
    pub values: Values,
    rows: usize,
    /// Set = a value; `None` until the first NULL.
    valid: Option<BooleanBufferBuilder>,
    /// Set = absent; `None` until the first.
    absent: Option<BooleanBufferBuilder>,
}

impl Column {
    /// A column for `ty`; `None` if formats cannot hold that type.
    pub(crate) fn new(ty: &LogicalType) -> Option<Self> {
        let values = match *ty {
            LogicalType::Boolean => Values::Boolean(BooleanBufferBuilder::new(0)),
            LogicalType::TinyInt => Values::TinyInt(Vec::new()),
            LogicalType::SmallInt => Values::SmallInt(Vec::new()),
            LogicalType::Int => Values::Int(Vec::new()),
            LogicalType::BigInt => Values::BigInt(Vec::new()),
            LogicalType::Float => Values::Float(Vec::new()),
            LogicalType::Double => Values::Double(Vec::new()),
            LogicalType::Decimal { precision, scale } => Values::Decimal { cells: Vec::new(), precision, scale },
            LogicalType::Char(_) | LogicalType::Varchar(_) => Values::Text(Bytes::default()),
            LogicalType::Binary(_) | LogicalType::Varbinary(_) => Values::Binary(Bytes::default()),
            LogicalType::Date => Values::Date(Vec::new()),
            LogicalType::Time(_) => Values::Time(Vec::new()),
            LogicalType::Timestamp(digits) => Values::Timestamp { cells: Vec::new(), nanos: digits > 6, zoned: false },
            LogicalType::TimestampLtz(digits) => {
                Values::Timestamp { cells: Vec::new(), nanos: digits > 6, zoned: true }
            }
            LogicalType::Map(..) | LogicalType::Array(_) | LogicalType::Null => return None,
        };
        Some(Self { values, rows: 0, valid: None, absent: None })
    }

    #[inline]
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Bytes that a row costs besides the text or bytes of its cell.
    pub(crate) fn row_bytes(&self) -> usize {
        match &self.values {
            Values::Boolean(_) | Values::TinyInt(_) => 1,
            Values::SmallInt(_) => 2,
            Values::Int(_) | Values::Float(_) | Values::Date(_) | Values::Text(_) | Values::Binary(_) => 4,
            Values::BigInt(_) | Values::Double(_) | Values::Time(_) | Values::Timestamp { .. } => 8,
            Values::Decimal { .. } => 16,
        }
    }

    /// Bytes of text or bytes held.
    #[inline]
    pub(crate) fn data_bytes(&self) -> usize {
        match &self.values {
            Values::Text(cells) | Values::Binary(cells) => cells.data.len(),
            _ => 0,
        }
    }

    /// Makes room for `rows` rows and `data` bytes of text, so that a batch like the last one grows no vector.
    pub(crate) fn reserve(&mut self, rows: usize, data: usize) {
        match &mut self.values {
            Values::Boolean(cells) => cells.reserve(rows),
            Values::TinyInt(cells) => cells.reserve_exact(rows),
            Values::SmallInt(cells) => cells.reserve_exact(rows),
            Values::Int(cells) | Values::Date(cells) => cells.reserve_exact(rows),
            Values::BigInt(cells) | Values::Time(cells) | Values::Timestamp { cells, .. } => cells.reserve_exact(rows),
            Values::Float(cells) => cells.reserve_exact(rows),
            Values::Double(cells) => cells.reserve_exact(rows),
            Values::Decimal { cells, .. } => cells.reserve_exact(rows),
            Values::Text(cells) | Values::Binary(cells) => {
                cells.ends.reserve_exact(rows);
                cells.data.reserve_exact(data);
            }
        }
    }

    /// Counts the cell that was just written to `values`.
    #[inline]
    pub(crate) fn wrote(&mut self) {
        self.rows += 1;
        if let Some(valid) = &mut self.valid {
            valid.append(true);
        }
        if let Some(absent) = &mut self.absent {
            absent.append(false);
        }
    }

    #[inline]
    pub(crate) fn push_null(&mut self) {
        self.push_default();
        self.valid.get_or_insert_with(|| repeated(true, self.rows)).append(false);
        if let Some(absent) = &mut self.absent {
            absent.append(false);
        }
        self.rows += 1;
    }

    /// A cell that is neither a value nor NULL; it reads as NULL.
    pub(crate) fn push_absent(&mut self) {
        self.push_default();
        self.valid.get_or_insert_with(|| repeated(true, self.rows)).append(false);
        self.absent.get_or_insert_with(|| repeated(false, self.rows)).append(true);
        self.rows += 1;
    }

    fn push_default(&mut self) {
        match &mut self.values {
            Values::Boolean(cells) => cells.append(false),
            Values::TinyInt(cells) => cells.push(0),
            Values::SmallInt(cells) => cells.push(0),
            Values::Int(cells) | Values::Date(cells) => cells.push(0),
            Values::BigInt(cells) | Values::Time(cells) | Values::Timestamp { cells, .. } => cells.push(0),
            Values::Float(cells) => cells.push(0.0),
            Values::Double(cells) => cells.push(0.0),
            Values::Decimal { cells, .. } => cells.push(0),
            Values::Text(cells) | Values::Binary(cells) => cells.end_cell(),
        }
    }

    /// Drops all rows from `rows` on, and what was left of a cell half written.
    pub(crate) fn truncate(&mut self, rows: usize) {
        match &mut self.values {
            Values::Boolean(cells) => cells.truncate(rows),
            Values::TinyInt(cells) => cells.truncate(rows),
            Values::SmallInt(cells) => cells.truncate(rows),
            Values::Int(cells) | Values::Date(cells) => cells.truncate(rows),
            Values::BigInt(cells) | Values::Time(cells) | Values::Timestamp { cells, .. } => cells.truncate(rows),
            Values::Float(cells) => cells.truncate(rows),
            Values::Double(cells) => cells.truncate(rows),
            Values::Decimal { cells, .. } => cells.truncate(rows),
            Values::Text(cells) | Values::Binary(cells) => cells.truncate(rows),
        }
        if rows < self.rows {
            for bits in [&mut self.valid, &mut self.absent].into_iter().flatten() {
                bits.truncate(rows);
            }
            self.rows = rows;
        }
    }

    pub(crate) fn is_null(&self, row: usize) -> bool {
        self.valid.as_ref().is_some_and(|valid| !valid.get_bit(row))
    }

    /// Whether two rows hold the same value (NULL equals NULL).
    pub(crate) fn same(&self, row: usize, other: usize) -> bool {
        fn at<T: PartialEq>(cells: &[T], row: usize, other: usize) -> bool {
            cells.get(row) == cells.get(other)
        }
        if self.is_null(row) || self.is_null(other) {
            return self.is_null(row) && self.is_null(other);
        }
        match &self.values {
            Values::Boolean(cells) => cells.get_bit(row) == cells.get_bit(other),
            Values::TinyInt(cells) => at(cells, row, other),
            Values::SmallInt(cells) => at(cells, row, other),
            Values::Int(cells) | Values::Date(cells) => at(cells, row, other),
            Values::BigInt(cells) | Values::Time(cells) | Values::Timestamp { cells, .. } => at(cells, row, other),
            Values::Float(cells) => at(cells, row, other),
            Values::Double(cells) => at(cells, row, other),
            Values::Decimal { cells, .. } => at(cells, row, other),
            Values::Text(cells) | Values::Binary(cells) => cells.cell(row) == cells.cell(other),
        }
    }

    /// Takes the cells out as an Arrow array, with the absent ones' bitmap if there are any.
    pub(crate) fn finish(&mut self) -> Result<(ArrayRef, Option<BooleanBuffer>), ArrowError> {
        let nulls = self.valid.take().map(|mut valid| NullBuffer::new(valid.finish()));
        let absent = self.absent.take().map(|mut absent| absent.finish());
        self.rows = 0;
        let array: ArrayRef = match &mut self.values {
            Values::Boolean(cells) => {
                let cells = std::mem::replace(cells, BooleanBufferBuilder::new(0)).finish();
                Arc::new(BooleanArray::new(cells, nulls))
            }
            Values::TinyInt(cells) => Arc::new(primitive::<arrow::Int8Type>(cells, nulls)?),
            Values::SmallInt(cells) => Arc::new(primitive::<arrow::Int16Type>(cells, nulls)?),
            Values::Int(cells) => Arc::new(primitive::<arrow::Int32Type>(cells, nulls)?),
            Values::BigInt(cells) => Arc::new(primitive::<arrow::Int64Type>(cells, nulls)?),
            Values::Float(cells) => Arc::new(primitive::<arrow::Float32Type>(cells, nulls)?),
            Values::Double(cells) => Arc::new(primitive::<arrow::Float64Type>(cells, nulls)?),
            Values::Decimal { cells, precision, scale } => Arc::new(
                primitive::<arrow::Decimal128Type>(cells, nulls)?.with_precision_and_scale(*precision, *scale as i8)?,
            ),
            Values::Date(cells) => Arc::new(primitive::<arrow::Date32Type>(cells, nulls)?),
            Values::Time(cells) => Arc::new(primitive::<arrow::Time64MicrosecondType>(cells, nulls)?),
            Values::Timestamp { cells, nanos: false, zoned } => {
                let array = primitive::<arrow::TimestampMicrosecondType>(cells, nulls)?;
                Arc::new(array.with_timezone_opt(zoned.then_some("UTC")))
            }
            Values::Timestamp { cells, nanos: true, zoned } => {
                let array = primitive::<arrow::TimestampNanosecondType>(cells, nulls)?;
                Arc::new(array.with_timezone_opt(zoned.then_some("UTC")))
            }
            Values::Text(cells) => {
                let (offsets, data) = take_bytes(cells);
                Arc::new(StringArray::try_new(offsets, data.into(), nulls)?)
            }
            Values::Binary(cells) => {
                let (offsets, data) = take_bytes(cells);
                Arc::new(BinaryArray::try_new(offsets, data.into(), nulls)?)
            }
        };
        Ok((array, absent))
    }
}

fn repeated(bit: bool, count: usize) -> BooleanBufferBuilder {
    let mut bits = BooleanBufferBuilder::new(count + 64);
    bits.append_n(count, bit);
    bits
}

/// Takes the cells, giving back their spare capacity where it is more than an eighth.
fn take<T>(cells: &mut Vec<T>) -> Vec<T> {
    let mut taken = std::mem::take(cells);
    if taken.capacity() - taken.len() > taken.len() / 8 {
        taken.shrink_to_fit();
    }
    taken
}

fn primitive<T: ArrowPrimitiveType>(
    cells: &mut Vec<T::Native>,
    nulls: Option<NullBuffer>,
) -> Result<PrimitiveArray<T>, ArrowError> {
    PrimitiveArray::try_new(ScalarBuffer::from(take(cells)), nulls)
}

fn take_bytes(cells: &mut Bytes) -> (OffsetBuffer<i32>, Vec<u8>) {
    let mut offsets = Vec::with_capacity(cells.ends.len() + 1);
    offsets.push(0);
    offsets.append(&mut cells.ends);
    cells.ends = Vec::new();
    (OffsetBuffer::new(ScalarBuffer::from(offsets)), take(&mut cells.data))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_never_reserves_much_more_than_it_needs() {
        let mut cells = Bytes::default();
        for length in (0..2_000).chain([1 << 20, 1, 1 << 19, 3]) {
            cells.grow(length);
            cells.data.resize(cells.data.len() + length, b'x');
            cells.end_cell();
            let held = cells.data.len();
            assert!(cells.data.capacity() <= held + (held / 2).min(GROWTH_MAX), "{} for {held}", cells.data.capacity());
        }
    }

    #[test]
    fn rows_that_are_dropped_leave_no_trace() {
        let mut column = Column::new(&LogicalType::STRING).unwrap();
        let write = |column: &mut Column, text: &str| {
            let Values::Text(cells) = &mut column.values else { panic!("no text") };
            cells.data.extend_from_slice(text.as_bytes());
            cells.end_cell();
            column.wrote();
        };
        write(&mut column, "a");
        column.push_absent();
        write(&mut column, "bc");
        column.push_null();
        assert!(column.same(1, 3) && !column.same(0, 2) && !column.same(0, 1));
        column.truncate(1);
        // Half a cell.
        if let Values::Text(cells) = &mut column.values {
            cells.data.extend_from_slice(b"junk");
        }
        column.truncate(1);
        write(&mut column, "d");
        column.push_null();
        let (array, absent) = column.finish().unwrap();
        let cells: Vec<_> = arrow_array::cast::AsArray::as_string::<i32>(&array).iter().collect();
        assert_eq!(cells, [Some("a"), Some("d"), None]);
        assert_eq!(absent.map(|absent| absent.count_set_bits()), Some(0));
        assert_eq!((column.rows(), column.data_bytes()), (0, 0));
    }
}
