//! What a kernel is given: operands, the rows that count, the type to give.

use arrow_array::{ArrayRef, new_null_array};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use rows::LogicalType;

use crate::error::RowError;
use crate::operators::Symbol;
use crate::value::{AllNull, Value};
use crate::zone::Zone;

/// What a kernel works within.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'a> {
    pub(crate) rows: usize,
    /// The rows that count; `None` is all.
    pub(crate) active: Option<&'a BooleanBuffer>,
    pub(crate) zone: Zone,
    /// No column of texts or bytes may grow beyond this.
    pub(crate) column_bytes_max: usize,
}

impl Frame<'_> {
    pub(crate) fn is_active(&self, row: usize) -> bool {
        self.active.is_none_or(|active| active.value(row))
    }
}

/// A function over columns. It may be given one row for all where every argument is constant.
pub(crate) type Kernel = fn(&Args<'_>) -> Result<ArrayRef, RowError>;

pub(crate) struct Args<'a> {
    pub(crate) values: &'a [Value],
    pub(crate) frame: Frame<'a>,
    pub(crate) ty: &'a LogicalType,
    pub(crate) symbol: Option<Symbol>,
}

impl Args<'_> {
    /// The nulls that any argument causes; `Err` if every row is NULL.
    pub(crate) fn nulls(&self) -> Result<Option<NullBuffer>, AllNull> {
        self.values.iter().try_fold(None, |nulls, value| Ok(NullBuffer::union(nulls.as_ref(), value.nulls()?)))
    }

    pub(crate) fn all_null(&self) -> ArrayRef {
        new_null_array(&self.ty.arrow(), self.frame.rows)
    }
}
