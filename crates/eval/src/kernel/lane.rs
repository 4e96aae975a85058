//! Operands as slices or single values, so that loops over numbers have no branch per row.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, PrimitiveArray};
use arrow_buffer::{ArrowNativeType, NullBuffer};
use rows::LogicalType;

use crate::value::Value;

/// The values of an operand, whatever its nulls.
#[derive(Clone, Copy)]
pub(crate) enum Lane<'a, T> {
    Many(&'a [T]),
    One(T),
}

impl<'a, T: ArrowNativeType> Lane<'a, T> {
    pub(crate) fn of<P: ArrowPrimitiveType<Native = T>>(value: &'a Value) -> Self {
        let values: &[T] = value.array.as_primitive::<P>().values();
        if value.constant { Self::One(values[0]) } else { Self::Many(values) }
    }

    pub(crate) fn get(&self, row: usize) -> T {
        match self {
            Self::Many(values) => values[row],
            Self::One(value) => *value,
        }
    }
}

/// Maps each value of a primitive column; nulls stay.
pub(crate) fn map<P: ArrowPrimitiveType, Q: ArrowPrimitiveType>(
    array: &dyn Array,
    ty: &LogicalType,
    f: impl Fn(P::Native) -> Q::Native,
) -> ArrayRef {
    let array = array.as_primitive::<P>();
    let values: Vec<Q::Native> = array.values().iter().map(|value| f(*value)).collect();
    column::<Q>(values, array.nulls().cloned(), ty)
}

/// Combines two operands value by value; `nulls` are those of the result.
pub(crate) fn zip<A: Copy, B: Copy, O>(
    left: Lane<'_, A>,
    right: Lane<'_, B>,
    rows: usize,
    f: impl Fn(A, B) -> O,
) -> Vec<O> {
    match (left, right) {
        (Lane::Many(a), Lane::Many(b)) => a.iter().zip(b).map(|(a, b)| f(*a, *b)).collect(),
        (Lane::Many(a), Lane::One(b)) => a.iter().map(|a| f(*a, b)).collect(),
        (Lane::One(a), Lane::Many(b)) => b.iter().map(|b| f(a, *b)).collect(),
        (Lane::One(a), Lane::One(b)) => (0..rows).map(|_| f(a, b)).collect(),
    }
}

pub(crate) fn column<P: ArrowPrimitiveType>(
    values: Vec<P::Native>,
    nulls: Option<NullBuffer>,
    ty: &LogicalType,
) -> ArrayRef {
    Arc::new(PrimitiveArray::<P>::new(values.into(), nulls).with_data_type(ty.arrow()))
}
