//! GREATEST and LEAST.

use arrow_array::ArrayRef;
use arrow_array::cast::AsArray;
use arrow_buffer::{BooleanBuffer, NullBuffer};

use super::choose::Choices;
use super::compare;
use crate::error::RowError;
use crate::kernel::args::{Args, Frame};
use crate::operators::CompareOp;

pub(crate) fn greatest(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    extreme(args, CompareOp::Greater)
}

pub(crate) fn least(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    extreme(args, CompareOp::Less)
}

/// All arguments are of the result's type.
fn extreme(args: &Args<'_>, better: CompareOp) -> Result<ArrayRef, RowError> {
    let Ok(nulls) = args.nulls() else { return Ok(args.all_null()) };
    let valid = nulls
        .as_ref()
        .map_or_else(|| BooleanBuffer::new_set(args.frame.rows), |nulls: &NullBuffer| nulls.inner().clone());
    // Per argument, the rows in which it is better than all before it; the last such one wins.
    let mut choices = Choices::new(args.frame.rows);
    let mut best = args.values[0].clone();
    choices.add(&valid, best.clone());
    for value in &args.values[1..] {
        let pair = [value.clone(), best.clone()];
        let frame = Frame { active: None, ..args.frame };
        let boolean = rows::LogicalType::Boolean;
        let inner = Args { values: &pair, frame, ty: &boolean, symbol: None };
        let wins = compare::compare(&inner, better, args.ty, args.ty);
        let wins = wins.as_boolean();
        let wins = wins.values() & &valid;
        choices.add(&wins, value.clone());
        best = crate::value::Value::column(choices.clone().into_array(args.ty)?);
    }
    choices.into_array(args.ty)
}
