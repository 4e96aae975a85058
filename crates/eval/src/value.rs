//! An operand: what an expression has become over a batch.

use arrow_array::{Array, ArrayRef};
use arrow_buffer::NullBuffer;

/// A column, or one value that stands for all rows.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub(crate) array: ArrayRef,
    pub(crate) constant: bool,
}

impl Value {
    pub(crate) fn column(array: ArrayRef) -> Self {
        Self { array, constant: false }
    }

    /// Which entry of the array is the row's.
    pub(crate) fn index(&self, row: usize) -> usize {
        if self.constant { 0 } else { row }
    }

    pub(crate) fn is_null(&self, row: usize) -> bool {
        self.array.is_null(self.index(row))
    }

    /// The nulls of the rows; `Err` if every row is NULL (a constant NULL).
    pub(crate) fn nulls(&self) -> Result<Option<&NullBuffer>, AllNull> {
        match self.array.nulls() {
            _ if *self.array.data_type() == arrow_schema::DataType::Null => Err(AllNull),
            Some(nulls) if self.constant => {
                if nulls.is_null(0) {
                    Err(AllNull)
                } else {
                    Ok(None)
                }
            }
            nulls => Ok(nulls),
        }
    }
}

#[derive(Debug)]
pub(crate) struct AllNull;
