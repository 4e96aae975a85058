//! From the cells of rows to one column.

use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, BooleanBuilder, FixedSizeBinaryBuilder, StringBuilder};
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int32Type, Int64Type,
    Time64MicrosecondType, TimestampMicrosecondType, TimestampNanosecondType,
};
use arrow_array::{ArrayRef, PrimitiveArray};
use arrow_buffer::{ArrowNativeType, BooleanBufferBuilder, NullBuffer, ScalarBuffer};
use arrow_schema::{DataType, TimeUnit};
use base::{Error, Result};

use super::cells::{Cell, CellKind, Layout};

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
        let ty = layout.schema().field(column).data_type().clone();
        let values = match (&ty, layout.kind(column)) {
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
