//! Rows as bytes: how sort runs and row groups hold them.
//!
//! A row is its cells in the order of the table's columns. A cell is a tag (0 NULL, 1 value, 2 absent) and, after tag 1,
//! the value in the layout of the table's column: 1 byte for a boolean, 4, 8 or 16 bytes little-endian for numbers, as
//! many bytes as the type says for `fixed`, a 4-byte length and the bytes for strings and binaries. The narrower integers
//! of Flink are widened to the table's `int` on the way in.

use std::sync::Arc;

use arrow_schema::{DataType, SchemaRef, TimeUnit};
use base::{Error, Result};

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

    pub(super) fn kind(&self, column: usize) -> CellKind {
        self.kinds[column]
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

    /// The bytes that [`Self::put_cell`] appends.
    pub fn put_bytes(&self, column: usize, cell: Cell<'_>) -> usize {
        match (cell, self.kinds.get(column)) {
            (Cell::Value(value), Some(CellKind::Variable)) => 5 + value.len(),
            (Cell::Value(value), _) => 1 + value.len(),
            (Cell::Null | Cell::Absent, _) => 1,
        }
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
