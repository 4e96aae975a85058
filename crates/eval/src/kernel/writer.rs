//! Columns of texts and bytes, written row by row into one buffer.

use std::sync::Arc;

use arrow_array::{ArrayRef, BinaryArray, StringArray};
use arrow_buffer::{Buffer, NullBuffer, NullBufferBuilder, OffsetBuffer, ScalarBuffer};

use crate::error::RowError;
use crate::kernel::args::Frame;

/// Collects the values of one column. What was pushed since the last row's end is the next row.
#[derive(Debug)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
    offsets: Vec<i32>,
    nulls: NullBufferBuilder,
    bytes_max: usize,
}

impl Writer {
    pub(crate) fn new(frame: Frame<'_>, bytes_guess: usize) -> Self {
        let mut offsets = Vec::with_capacity(frame.rows + 1);
        offsets.push(0);
        let bytes_max = frame.column_bytes_max.min(i32::MAX as usize);
        Self {
            bytes: Vec::with_capacity(bytes_guess.min(bytes_max)),
            offsets,
            nulls: NullBufferBuilder::new(frame.rows),
            bytes_max,
        }
    }

    /// The row under construction.
    pub(crate) fn out(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Where the row under construction begins.
    pub(crate) fn row_start(&self) -> usize {
        self.offsets.last().map_or(0, |offset| *offset as usize)
    }

    /// Fails if `bytes` more would be too many; to be asked before anything long is written.
    pub(crate) fn room_for(&self, row: usize, bytes: usize) -> Result<(), RowError> {
        if self.bytes.len().saturating_add(bytes) > self.bytes_max {
            return Err(RowError::new(
                row,
                format!("the results of one batch are larger than {}", base::ByteCount::from(self.bytes_max)),
            ));
        }
        Ok(())
    }

    pub(crate) fn end(&mut self, row: usize) -> Result<(), RowError> {
        self.room_for(row, 0)?;
        self.offsets.push(self.bytes.len() as i32);
        self.nulls.append_non_null();
        Ok(())
    }

    /// Ends the row as NULL, whatever was written.
    pub(crate) fn end_null(&mut self) {
        self.bytes.truncate(self.row_start());
        self.offsets.push(self.bytes.len() as i32);
        self.nulls.append_null();
    }

    pub(crate) fn push(&mut self, row: usize, bytes: &[u8]) -> Result<(), RowError> {
        self.room_for(row, bytes.len())?;
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn parts(mut self) -> (OffsetBuffer<i32>, Buffer, Option<NullBuffer>) {
        (OffsetBuffer::new(ScalarBuffer::from(self.offsets)), Buffer::from_vec(self.bytes), self.nulls.finish())
    }

    pub(crate) fn finish_text(self) -> Result<ArrayRef, RowError> {
        let (offsets, bytes, nulls) = self.parts();
        let array = StringArray::try_new(offsets, bytes, nulls).map_err(|error| RowError::new(0, error))?;
        Ok(Arc::new(array))
    }

    pub(crate) fn finish_bytes(self) -> Result<ArrayRef, RowError> {
        let (offsets, bytes, nulls) = self.parts();
        let array = BinaryArray::try_new(offsets, bytes, nulls).map_err(|error| RowError::new(0, error))?;
        Ok(Arc::new(array))
    }
}
