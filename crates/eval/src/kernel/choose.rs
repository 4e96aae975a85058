//! Putting one column together from rows of several: what CASE needs.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, new_null_array};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use rows::LogicalType;

use crate::error::RowError;
use crate::value::Value;

/// For each row, which of the sources gives it; none gives NULL.
#[derive(Clone, Debug)]
pub(crate) struct Choices {
    sources: Vec<Value>,
    /// Per row the source, from 1, and the entry in it; source 0 is NULL.
    picks: Vec<(usize, usize)>,
}

impl Choices {
    pub(crate) fn new(rows: usize) -> Self {
        Self { sources: Vec::new(), picks: vec![(0, 0); rows] }
    }

    pub(crate) fn add(&mut self, rows: &BooleanBuffer, value: Value) {
        let source = self.sources.len() + 1;
        for row in rows.set_indices() {
            self.picks[row] = (source, value.index(row));
        }
        self.sources.push(value);
    }

    pub(crate) fn into_array(self, ty: &LogicalType) -> Result<ArrayRef, RowError> {
        let null = new_null_array(&ty.arrow(), 1);
        if self.picks.is_empty() {
            return Ok(null.slice(0, 0));
        }
        let arrays: Vec<&dyn Array> =
            std::iter::once(&*null).chain(self.sources.iter().map(|value| &*value.array)).collect();
        arrow_select::interleave::interleave(&arrays, &self.picks).map_err(|error| RowError::new(0, error))
    }
}

/// A column of `rows` times the one value.
pub(crate) fn repeat(array: &ArrayRef, rows: usize, bytes_max: usize) -> Result<ArrayRef, RowError> {
    let length = match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().value_length(0) as usize,
        DataType::Binary => array.as_binary::<i32>().value_length(0) as usize,
        _ => 0,
    };
    if rows > 0 && length > bytes_max.min(i32::MAX as usize) / rows {
        return Err(RowError::new(
            0,
            format!("the results of one batch are larger than {}", base::ByteCount::from(bytes_max)),
        ));
    }
    if rows == 0 {
        return Ok(array.slice(0, 0));
    }
    arrow_select::interleave::interleave(&[&**array], &vec![(0, 0); rows]).map_err(|error| RowError::new(0, error))
}
