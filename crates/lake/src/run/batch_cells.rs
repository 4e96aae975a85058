//! From the columns of a batch to the cells of rows.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, Time64MicrosecondType, TimestampMicrosecondType, TimestampNanosecondType,
};
use arrow_array::{Array, ArrayRef, PrimitiveArray, RecordBatch};
use arrow_buffer::{ArrowNativeType, NullBuffer};
use arrow_schema::{DataType, TimeUnit};
use base::{Error, Result};
use rows::AbsentMask;

use super::cells::{ABSENT, Layout, NULL, VALUE};

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
            .schema()
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

    /// The bytes that [`Self::put_row`] appends, at most.
    pub fn row_bytes(&self, row: usize) -> usize {
        self.columns.iter().map(|column| column.bytes(row)).sum()
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
    /// The bytes of a cell with its tag, at most.
    fn bytes(&self, row: usize) -> usize {
        match &self.values {
            Values::Bool(_) => 2,
            Values::I8(_) | Values::I16(_) => 5,
            Values::Plain(_, width) | Values::BinaryOfLength(_, width) => 1 + width,
            Values::Utf8(array) => 5 + array.value_length(row) as usize,
            Values::Binary(array) => 5 + array.value_length(row) as usize,
            Values::FixedBinary(array) => 1 + array.value_length() as usize,
        }
    }

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
