//! CAST and TRY_CAST.

mod from_text;
mod numbers;
mod times;
mod to_text;

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Decimal128Type;
use arrow_array::{Array, ArrayRef, BooleanArray};
use arrow_buffer::BooleanBuffer;
use rows::LogicalType;

use super::lane::Lane;
use crate::error::RowError;
use crate::kernel::args::Args;
use crate::operators::CastFailure;
use crate::typing::{is_bytes, is_numeric, is_text, same_layout};

/// From a column of type `from` to `args.ty`; the constructors let no other pair through than those that exist.
pub(crate) fn cast(args: &Args<'_>, from: &LogicalType, failure: CastFailure) -> Result<ArrayRef, RowError> {
    let to = args.ty;
    let array = &args.values[0].array;
    if *from == LogicalType::Null {
        return Ok(args.all_null());
    }
    if same_layout(from, to) {
        return Ok(array.clone());
    }
    match (from, to) {
        _ if is_text(to) => to_text::cast(args, from),
        _ if is_text(from) && is_bytes(to) => {
            to_text::bytes(args, |row| array.as_string::<i32>().value(row).as_bytes())
        }
        _ if is_bytes(to) => to_text::bytes(args, |row| array.as_binary::<i32>().value(row)),
        _ if is_text(from) => from_text::cast(args, failure),
        (LogicalType::Boolean, _) => Ok(numbers::from_boolean(args)),
        (_, LogicalType::Boolean) => Ok(is_not_zero(args, from)),
        _ if is_numeric(from) => Ok(numbers::cast(args, from)),
        _ => times::cast(args, from, failure),
    }
}

fn is_not_zero(args: &Args<'_>, from: &LogicalType) -> ArrayRef {
    let array = &args.values[0].array;
    let bits = if let LogicalType::Decimal { .. } = from {
        let lane = Lane::of::<Decimal128Type>(&args.values[0]);
        BooleanBuffer::collect_bool(array.len(), |row| lane.get(row) != 0)
    } else {
        let doubles = numbers::to_doubles(array, from);
        BooleanBuffer::collect_bool(array.len(), |row| doubles[row] != 0.0)
    };
    Arc::new(BooleanArray::new(bits, array.nulls().cloned()))
}
