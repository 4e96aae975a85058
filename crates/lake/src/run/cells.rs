//! Rows as bytes: how sort runs and row groups hold them.
//!
//! A row is its cells in the order of the table's columns. A cell is a tag (0 NULL, 1 value, 2 absent) and, after tag 1,
//! the value in the layout of the table's column: 1 byte for a boolean, 4, 8 or 16 bytes little-endian for numbers, as
//! many bytes as the type says for `fixed`, a 4-byte length and the bytes for strings and binaries. The narrower integers
//! of Flink are widened to the table's `int` on the way in.

use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, BooleanBuilder, FixedSizeBinaryBuilder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, Time64MicrosecondType, TimestampMicrosecondType, TimestampNanosecondType,
};
use arrow_array::{Array, ArrayRef, PrimitiveArray, RecordBatch};
use arrow_buffer::{ArrowNativeType, BooleanBufferBuilder, NullBuffer, ScalarBuffer};
use arrow_schema::{DataType, SchemaRef, TimeUnit};
use base::{Error, Result};
use rows::AbsentMask;

use super::bytes::Cursor;

pub const NULL: u8 = 0;
pub const VALUE: u8 = 1;
pub const ABSENT: u8 = 2;

/// How the values of a column lie in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellKind {
    Fixed(usize),
    Variable,
}

/// The columns of a table as rows hold them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Layout {
    schema: SchemaRef,
    kinds: Arc<[CellKind]>,
}

/// A cell of an encoded row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell<'a> {
    Null,
    Absent,
    Value(&'a [u8]),
}

impl Layout {
    /// The layout of tables with these Arrow columns.
    ///
    /// # Errors
    /// A column has a type that data files of ours never have.
    pub fn new(schema: SchemaRef) -> Result<Self> {
        let kinds: Result<Vec<CellKind>> =
            schema.fields().iter().map(|field| kind(field.name(), field.data_type())).collect();
        Ok(Self { kinds: kinds?.into(), schema })
    }

    /// The layout of some of these columns, in growing order.
    ///
    /// # Errors
    /// There is no such column.
    pub fn pick(&self, columns: &[usize]) -> Result<Self> {
        let schema = self.schema.project(columns);
        Self::new(Arc::new(schema.map_err(|error| Error::internal(format!("columns of a table: {error}")))?))
    }

    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    pub fn columns(&self) -> usize {
        self.kinds.len()
    }

    /// The bytes that the cell at `row`'s beginning takes, tag included; `None` if the row is torn.
    pub fn cell_bytes(&self, column: usize, row: &[u8]) -> Option<usize> {
        let mut at = Cursor::new(row);
        if at.u8()? != VALUE {
            return Some(1);
        }
        Some(match self.kinds.get(column)? {
            CellKind::Fixed(width) => 1 + width,
            CellKind::Variable => 5 + at.u32()? as usize,
        })
    }

    /// The cell at the beginning of `row`, and what follows it.
    pub fn cell<'a>(&self, column: usize, row: &'a [u8]) -> Option<(Cell<'a>, &'a [u8])> {
        let bytes = self.cell_bytes(column, row)?;
        let (cell, rest) = row.split_at_checked(bytes)?;
        let cell = match (cell.first()?, self.kinds.get(column)?) {
            (&VALUE, CellKind::Fixed(_)) => Cell::Value(cell.get(1..)?),
            (&VALUE, CellKind::Variable) => Cell::Value(cell.get(5..)?),
            (&ABSENT, _) => Cell::Absent,
            _ => Cell::Null,
        };
        Some((cell, rest))
    }

    /// Appends a cell.
    pub fn put_cell(&self, column: usize, cell: Cell<'_>, out: &mut Vec<u8>) {
        match cell {
            Cell::Null => out.push(NULL),
            Cell::Absent => out.push(ABSENT),
            Cell::Value(value) => {
                out.push(VALUE);
                if self.kinds.get(column) == Some(&CellKind::Variable) {
                    out.extend_from_slice(&(value.len() as u32).to_le_bytes());
                }
                out.extend_from_slice(value);
            }
        }
    }
}

fn kind(name: &str, ty: &DataType) -> Result<CellKind> {
    Ok(match ty {
        DataType::Boolean => CellKind::Fixed(1),
        DataType::Int32 | DataType::Float32 | DataType::Date32 => CellKind::Fixed(4),
        DataType::Int64
        | DataType::Float64
        | DataType::Time64(TimeUnit::Microsecond)
        | DataType::Timestamp(TimeUnit::Microsecond | TimeUnit::Nanosecond, _) => CellKind::Fixed(8),
        DataType::Decimal128(_, _) => CellKind::Fixed(16),
        DataType::FixedSizeBinary(width) => CellKind::Fixed(*width as usize),
        DataType::Utf8 | DataType::Binary => CellKind::Variable,
        other => {
            return Err(Error::user(format!(
                "column '{name}' has the type {other}, which cannot be written to Iceberg tables"
            ))
            .hint("cast the column to STRING, or leave it out"));
        }
    })
}

/// The columns of one batch, ready to be taken row by row. Each is given as the table's column that it fills.
#[derive(Debug)]
pub struct BatchCells<'a> {
    columns: Vec<Source<'a>>,
    absent: Option<&'a AbsentMask>,
}

#[derive(Debug)]
enum Values<'a> {
    Bool(&'a arrow_array::BooleanArray),
    /// Widened to 4 bytes.
    I8(&'a [i8]),
    I16(&'a [i16]),
    /// Little-endian values as they lie in memory, of this width.
    Plain(&'a [u8], usize),
    Utf8(&'a arrow_array::StringArray),
    Binary(&'a arrow_array::BinaryArray),
    FixedBinary(&'a arrow_array::FixedSizeBinaryArray),
    /// Binary of the batch for a `fixed` of the table.
    BinaryOfLength(&'a arrow_array::BinaryArray, usize),
}

#[derive(Debug)]
struct Source<'a> {
    name: &'a str,
    nulls: Option<&'a NullBuffer>,
    values: Values<'a>,
}

impl<'a> BatchCells<'a> {
    /// Column `i` of `batch` fills column `i` of `layout`.
    ///
    /// # Errors
    /// The batch does not fit the table: a bug of the planner.
    pub fn new(layout: &Layout, batch: &'a RecordBatch, absent: Option<&'a AbsentMask>) -> Result<Self> {
        if batch.num_columns() != layout.columns() {
            return Err(Error::internal(format!(
                "a batch of {} columns for a table of {}",
                batch.num_columns(),
                layout.columns()
            )));
        }
        let columns: Result<Vec<Source<'a>>> = layout
            .schema
            .fields()
            .iter()
            .zip(batch.columns())
            .map(|(field, array)| {
                let values = values(array, field.data_type()).ok_or_else(|| {
                    let (from, to) = (array.data_type(), field.data_type());
                    Error::internal(format!("column '{}' comes as {from} and the table has {to}", field.name()))
                })?;
                // The name belongs to the layout, which may not live as long; the batch has a schema of its own.
                Ok(Source { name: "", nulls: array.nulls(), values })
            })
            .collect();
        let mut columns = columns?;
        for (column, field) in columns.iter_mut().zip(batch.schema_ref().fields()) {
            column.name = field.name();
        }
        Ok(Self { columns, absent: absent.filter(|mask| mask.any()) })
    }

    /// Appends the cells of a row; answers whether one of them is absent.
    ///
    /// # Errors
    /// A `BINARY(n)` value does not have n bytes.
    pub fn put_row(&self, row: usize, out: &mut Vec<u8>) -> Result<bool> {
        let mut any_absent = false;
        for (index, column) in self.columns.iter().enumerate() {
            if self.absent.is_some_and(|mask| mask.is_absent(index, row)) {
                any_absent = true;
                out.push(ABSENT);
            } else {
                column.put(row, out)?;
            }
        }
        Ok(any_absent)
    }

    /// Appends one cell, never an absent one.
    ///
    /// # Errors
    /// As [`Self::put_row`].
    pub fn put_cell(&self, column: usize, row: usize, out: &mut Vec<u8>) -> Result<()> {
        self.columns[column].put(row, out)
    }
}

impl Source<'_> {
    fn put(&self, row: usize, out: &mut Vec<u8>) -> Result<()> {
        if self.nulls.is_some_and(|nulls| nulls.is_null(row)) {
            out.push(NULL);
            return Ok(());
        }
        out.push(VALUE);
        match &self.values {
            Values::Bool(array) => out.push(u8::from(array.value(row))),
            Values::I8(values) => out.extend_from_slice(&i32::from(values[row]).to_le_bytes()),
            Values::I16(values) => out.extend_from_slice(&i32::from(values[row]).to_le_bytes()),
            Values::Plain(bytes, width) => out.extend_from_slice(&bytes[row * width..(row + 1) * width]),
            Values::Utf8(array) => put_variable(array.value(row).as_bytes(), out),
            Values::Binary(array) => put_variable(array.value(row), out),
            Values::FixedBinary(array) => out.extend_from_slice(array.value(row)),
            Values::BinaryOfLength(array, width) => {
                let value = array.value(row);
                if value.len() != *width {
                    let message = format!(
                        "column '{}' holds {} bytes where the table has BINARY({width})",
                        self.name,
                        value.len()
                    );
                    return Err(Error::user(message).hint("declare the column as BYTES"));
                }
                out.extend_from_slice(value);
            }
        }
        Ok(())
    }
}

fn put_variable(value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&(value.len() as u32).to_le_bytes());
    out.extend_from_slice(value);
}

/// The bytes of a primitive array, from its first value on.
fn plain<T: ArrowPrimitiveType>(array: &dyn Array) -> Option<Values<'_>> {
    let array = array.as_any().downcast_ref::<PrimitiveArray<T>>()?;
    Some(Values::Plain(array.values().inner().as_slice(), T::Native::get_byte_width()))
}

fn values<'a>(array: &'a ArrayRef, table: &DataType) -> Option<Values<'a>> {
    let array: &dyn Array = array.as_ref();
    match (array.data_type(), table) {
        (DataType::Boolean, DataType::Boolean) => Some(Values::Bool(array.as_boolean())),
        (DataType::Int8, DataType::Int32) => Some(Values::I8(array.as_primitive::<Int8Type>().values())),
        (DataType::Int16, DataType::Int32) => Some(Values::I16(array.as_primitive::<Int16Type>().values())),
        (DataType::Int32, DataType::Int32) => plain::<Int32Type>(array),
        (DataType::Int64, DataType::Int64) => plain::<Int64Type>(array),
        (DataType::Float32, DataType::Float32) => plain::<Float32Type>(array),
        (DataType::Float64, DataType::Float64) => plain::<Float64Type>(array),
        (DataType::Date32, DataType::Date32) => plain::<Date32Type>(array),
        (DataType::Decimal128(_, from), DataType::Decimal128(_, to)) if from == to => plain::<Decimal128Type>(array),
        (DataType::Time64(TimeUnit::Microsecond), DataType::Time64(TimeUnit::Microsecond)) => {
            plain::<Time64MicrosecondType>(array)
        }
        (DataType::Timestamp(TimeUnit::Microsecond, from), DataType::Timestamp(TimeUnit::Microsecond, to))
            if from.is_some() == to.is_some() =>
        {
            plain::<TimestampMicrosecondType>(array)
        }
        (DataType::Timestamp(TimeUnit::Nanosecond, from), DataType::Timestamp(TimeUnit::Nanosecond, to))
            if from.is_some() == to.is_some() =>
        {
            plain::<TimestampNanosecondType>(array)
        }
        (DataType::Utf8, DataType::Utf8) => Some(Values::Utf8(array.as_string())),
        (DataType::Binary, DataType::Binary) => Some(Values::Binary(array.as_binary())),
        (DataType::FixedSizeBinary(from), DataType::FixedSizeBinary(to)) if from == to => {
            Some(Values::FixedBinary(array.as_fixed_size_binary()))
        }
        (DataType::Binary, DataType::FixedSizeBinary(width)) => {
            Some(Values::BinaryOfLength(array.as_binary(), *width as usize))
        }
        _ => None,
    }
}

/// Collects the cells of one column into an Arrow array of the table's type.
#[derive(Debug)]
pub struct ColumnBuilder {
    ty: DataType,
    rows: usize,
    values: Building,
}

#[derive(Debug)]
enum Building {
    Bool(BooleanBuilder),
    Plain { bytes: Vec<u8>, width: usize, valid: BooleanBufferBuilder },
    Utf8(StringBuilder),
    Binary(BinaryBuilder),
    FixedBinary(FixedSizeBinaryBuilder),
}

impl ColumnBuilder {
    /// Room for `rows` values, and for `bytes` of them where they vary in length.
    pub fn new(layout: &Layout, column: usize, rows: usize, bytes: usize) -> Self {
        let ty = layout.schema.field(column).data_type().clone();
        let values = match (&ty, layout.kinds[column]) {
            (DataType::Boolean, _) => Building::Bool(BooleanBuilder::with_capacity(rows)),
            (DataType::Utf8, _) => Building::Utf8(StringBuilder::with_capacity(rows, bytes)),
            (DataType::FixedSizeBinary(width), _) => {
                Building::FixedBinary(FixedSizeBinaryBuilder::with_capacity(rows, *width))
            }
            (_, CellKind::Fixed(width)) => Building::Plain {
                bytes: Vec::with_capacity(rows * width),
                width,
                valid: BooleanBufferBuilder::new(rows),
            },
            (_, CellKind::Variable) => Building::Binary(BinaryBuilder::with_capacity(rows, bytes)),
        };
        Self { ty, rows: 0, values }
    }

    /// Appends a cell; NULL for an absent one.
    ///
    /// # Errors
    /// The bytes are no value of the column: the row was damaged.
    pub fn push(&mut self, cell: Cell<'_>) -> Result<()> {
        self.rows += 1;
        let value = match cell {
            Cell::Value(value) => Some(value),
            Cell::Null | Cell::Absent => None,
        };
        match &mut self.values {
            Building::Bool(builder) => builder.append_option(value.map(|value| value.first() == Some(&1))),
            Building::Plain { bytes, width, valid } => {
                valid.append(value.is_some());
                match value {
                    Some(value) => bytes.extend_from_slice(value),
                    None => bytes.resize(bytes.len() + *width, 0),
                }
            }
            Building::Utf8(builder) => {
                let text = value.map(std::str::from_utf8).transpose();
                builder.append_option(text.map_err(|_| Error::internal("a string in a sort run is not UTF-8"))?);
            }
            Building::Binary(builder) => builder.append_option(value),
            Building::FixedBinary(builder) => match value {
                Some(value) => {
                    builder.append_value(value).map_err(|error| Error::internal(format!("a fixed value: {error}")))?;
                }
                None => builder.append_null(),
            },
        }
        Ok(())
    }

    /// The array, and how many of its values are NULL.
    ///
    /// # Errors
    /// A bug: the column has a type that the layout should have refused.
    pub fn finish(self) -> Result<ArrayRef> {
        Ok(match self.values {
            Building::Bool(mut builder) => Arc::new(builder.finish()),
            Building::Utf8(mut builder) => Arc::new(builder.finish()),
            Building::Binary(mut builder) => Arc::new(builder.finish()),
            Building::FixedBinary(mut builder) => Arc::new(builder.finish()),
            Building::Plain { bytes, mut valid, .. } => {
                let nulls = NullBuffer::new(valid.finish());
                let nulls = (nulls.null_count() > 0).then_some(nulls);
                numbers(&self.ty, bytes, nulls, self.rows)?
            }
        })
    }
}

fn numbers(ty: &DataType, bytes: Vec<u8>, nulls: Option<NullBuffer>, rows: usize) -> Result<ArrayRef> {
    fn array<T: ArrowPrimitiveType>(
        ty: &DataType,
        bytes: Vec<u8>,
        nulls: Option<NullBuffer>,
        rows: usize,
        decode: impl Fn(&[u8]) -> T::Native,
    ) -> ArrayRef {
        let width = T::Native::get_byte_width();
        let values: Vec<T::Native> = bytes.chunks_exact(width).map(decode).collect();
        debug_assert_eq!(values.len(), rows);
        Arc::new(PrimitiveArray::<T>::new(ScalarBuffer::from(values), nulls).with_data_type(ty.clone()))
    }
    let four = |value: &[u8]| i32::from_le_bytes(value.try_into().unwrap_or_default());
    let eight = |value: &[u8]| i64::from_le_bytes(value.try_into().unwrap_or_default());
    Ok(match ty {
        DataType::Int32 => array::<Int32Type>(ty, bytes, nulls, rows, four),
        DataType::Date32 => array::<Date32Type>(ty, bytes, nulls, rows, four),
        DataType::Float32 => array::<Float32Type>(ty, bytes, nulls, rows, |value| f32::from_bits(four(value) as u32)),
        DataType::Float64 => array::<Float64Type>(ty, bytes, nulls, rows, |value| f64::from_bits(eight(value) as u64)),
        DataType::Int64 => array::<Int64Type>(ty, bytes, nulls, rows, eight),
        DataType::Time64(TimeUnit::Microsecond) => array::<Time64MicrosecondType>(ty, bytes, nulls, rows, eight),
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            array::<TimestampMicrosecondType>(ty, bytes, nulls, rows, eight)
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => array::<TimestampNanosecondType>(ty, bytes, nulls, rows, eight),
        DataType::Decimal128(_, _) => array::<Decimal128Type>(ty, bytes, nulls, rows, |value| {
            i128::from_le_bytes(value.try_into().unwrap_or_default())
        }),
        other => return Err(Error::internal(format!("no column is laid out as {other}"))),
    })
}
