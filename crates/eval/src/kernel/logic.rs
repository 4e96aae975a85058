//! Three-valued logic on bitmaps.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BooleanArray};
use arrow_buffer::{BooleanBuffer, NullBuffer};

use crate::kernel::args::Args;
use crate::operators::Test;
use crate::value::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Junction {
    And,
    Or,
}

/// A column of true, false and unknown as two bitmaps; a row in neither is unknown.
#[derive(Clone, Debug)]
pub(crate) struct Truth {
    yes: BooleanBuffer,
    no: BooleanBuffer,
}

impl Truth {
    pub(crate) fn of(value: &Value, rows: usize) -> Self {
        let Some(array) = value.array.as_boolean_opt() else {
            return Self { yes: BooleanBuffer::new_unset(rows), no: BooleanBuffer::new_unset(rows) };
        };
        if value.constant {
            let fill = |wanted: bool| {
                let holds = array.is_valid(0) && array.value(0) == wanted;
                if holds { BooleanBuffer::new_set(rows) } else { BooleanBuffer::new_unset(rows) }
            };
            return Self { yes: fill(true), no: fill(false) };
        }
        match array.nulls() {
            None => Self { yes: array.values().clone(), no: !array.values() },
            Some(nulls) => Self { yes: array.values() & nulls.inner(), no: &!array.values() & nulls.inner() },
        }
    }

    pub(crate) fn is_true(&self) -> &BooleanBuffer {
        &self.yes
    }

    /// The rows among `active` whose result the next term can still change.
    pub(crate) fn undecided(&self, kind: Junction, active: Option<&BooleanBuffer>) -> BooleanBuffer {
        let open = match kind {
            Junction::And => !&self.no,
            Junction::Or => !&self.yes,
        };
        match active {
            None => open,
            Some(active) => &open & active,
        }
    }

    pub(crate) fn join(&self, kind: Junction, other: &Self) -> Self {
        match kind {
            Junction::And => Self { yes: &self.yes & &other.yes, no: &self.no | &other.no },
            Junction::Or => Self { yes: &self.yes | &other.yes, no: &self.no & &other.no },
        }
    }

    pub(crate) fn into_array(self) -> BooleanArray {
        let known = &self.yes | &self.no;
        let nulls = Some(NullBuffer::new(known)).filter(|nulls| nulls.null_count() > 0);
        BooleanArray::new(self.yes, nulls)
    }
}

pub(crate) fn not(args: &Args<'_>) -> ArrayRef {
    let Truth { yes, no } = Truth::of(&args.values[0], args.frame.rows);
    Arc::new(Truth { yes: no, no: yes }.into_array())
}

pub(crate) fn is(args: &Args<'_>, test: Test) -> ArrayRef {
    let value = &args.values[0];
    let rows = args.frame.rows;
    let valid = || match value.nulls() {
        Err(_) => BooleanBuffer::new_unset(rows),
        Ok(None) => BooleanBuffer::new_set(rows),
        Ok(Some(nulls)) => nulls.inner().clone(),
    };
    let bits = match test {
        Test::NotNull => valid(),
        Test::Null => !&valid(),
        Test::True => Truth::of(value, rows).yes,
        Test::NotTrue => !&Truth::of(value, rows).yes,
        Test::False => Truth::of(value, rows).no,
        Test::NotFalse => !&Truth::of(value, rows).no,
    };
    Arc::new(BooleanArray::new(bits, None))
}
