//! `+ - * / %` and negation as Java computes them: integers wrap and divide towards zero, an integer or decimal division by zero
//! is an error, a floating one is infinite or not a number.

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type};
use arrow_array::{ArrayRef, ArrowNativeTypeOp, ArrowPrimitiveType, new_null_array};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use rows::LogicalType;

use super::decimal::{self, Shape};
use super::lane::{self, Lane};
use crate::error::RowError;
use crate::kernel::args::Args;
use crate::operators::ArithmeticOp;

/// Both operands are of one integer or approximate type, or both decimals.
pub(crate) fn arithmetic(
    args: &Args<'_>,
    op: ArithmeticOp,
    left: &LogicalType,
    right: &LogicalType,
) -> Result<ArrayRef, RowError> {
    match left {
        LogicalType::TinyInt => integers::<Int8Type>(args, op),
        LogicalType::SmallInt => integers::<Int16Type>(args, op),
        LogicalType::Int => integers::<Int32Type>(args, op),
        LogicalType::BigInt => integers::<Int64Type>(args, op),
        LogicalType::Float => Ok(floats::<Float32Type>(args, op)),
        LogicalType::Double => Ok(floats::<Float64Type>(args, op)),
        _ => decimals(args, op, decimal::scale_of(left), decimal::scale_of(right)),
    }
}

fn integers<P: ArrowPrimitiveType>(args: &Args<'_>, op: ArithmeticOp) -> Result<ArrayRef, RowError>
where
    P::Native: ArrowNativeTypeOp,
{
    let Ok(nulls) = args.nulls() else { return Ok(args.all_null()) };
    let (a, b) = (Lane::of::<P>(&args.values[0]), Lane::of::<P>(&args.values[1]));
    let rows = args.frame.rows;
    let values = match op {
        ArithmeticOp::Add => lane::zip(a, b, rows, P::Native::add_wrapping),
        ArithmeticOp::Subtract => lane::zip(a, b, rows, P::Native::sub_wrapping),
        ArithmeticOp::Multiply => lane::zip(a, b, rows, P::Native::mul_wrapping),
        ArithmeticOp::Divide | ArithmeticOp::Modulo => {
            no_zero(args, nulls.as_ref(), |row| b.get(row).is_zero())?;
            let divide = if op == ArithmeticOp::Divide { P::Native::div_wrapping } else { P::Native::mod_wrapping };
            lane::zip(a, b, rows, |a, b| if b.is_zero() { b } else { divide(a, b) })
        }
    };
    Ok(lane::column::<P>(values, nulls, args.ty))
}

/// Reports the first row that counts, is not NULL and would divide by zero.
fn no_zero(args: &Args<'_>, nulls: Option<&NullBuffer>, is_zero: impl Fn(usize) -> bool) -> Result<(), RowError> {
    let zero = (0..args.frame.rows)
        .find(|row| is_zero(*row) && args.frame.is_active(*row) && nulls.is_none_or(|nulls| nulls.is_valid(*row)));
    zero.map_or(Ok(()), |row| Err(RowError::new(row, "/ by zero")))
}

fn floats<P: ArrowPrimitiveType>(args: &Args<'_>, op: ArithmeticOp) -> ArrayRef
where
    P::Native: std::ops::Add<Output = P::Native>
        + std::ops::Sub<Output = P::Native>
        + std::ops::Mul<Output = P::Native>
        + std::ops::Div<Output = P::Native>
        + std::ops::Rem<Output = P::Native>,
{
    let Ok(nulls) = args.nulls() else { return args.all_null() };
    let (a, b) = (Lane::of::<P>(&args.values[0]), Lane::of::<P>(&args.values[1]));
    let rows = args.frame.rows;
    let values = match op {
        ArithmeticOp::Add => lane::zip(a, b, rows, |a, b| a + b),
        ArithmeticOp::Subtract => lane::zip(a, b, rows, |a, b| a - b),
        ArithmeticOp::Multiply => lane::zip(a, b, rows, |a, b| a * b),
        ArithmeticOp::Divide => lane::zip(a, b, rows, |a, b| a / b),
        ArithmeticOp::Modulo => lane::zip(a, b, rows, |a, b| a % b),
    };
    lane::column::<P>(values, nulls, args.ty)
}

fn decimals(args: &Args<'_>, op: ArithmeticOp, a_scale: u8, b_scale: u8) -> Result<ArrayRef, RowError> {
    let Ok(nulls) = args.nulls() else { return Ok(args.all_null()) };
    let (a, b) = (Lane::of::<Decimal128Type>(&args.values[0]), Lane::of::<Decimal128Type>(&args.values[1]));
    let rows = args.frame.rows;
    let to = Shape::of(args.ty);
    if matches!(op, ArithmeticOp::Divide | ArithmeticOp::Modulo) {
        no_zero(args, nulls.as_ref(), |row| b.get(row) == 0).map_err(|RowError { row, .. }| {
            RowError::new(row, if a.get(row) == 0 { "Division undefined" } else { "Division by zero" })
        })?;
    }
    let combine = |a: i128, b: i128| match op {
        ArithmeticOp::Add => decimal::add(a, a_scale, b, b_scale, to),
        ArithmeticOp::Subtract => decimal::add(a, a_scale, -b, b_scale, to),
        ArithmeticOp::Multiply => decimal::multiply(a, a_scale, b, b_scale, to),
        _ if b == 0 => None,
        ArithmeticOp::Divide => decimal::divide(a, a_scale, b, b_scale, to),
        ArithmeticOp::Modulo => decimal::remainder(a, a_scale, b, b_scale, to),
    };
    Ok(decimal_column(lane::zip(a, b, rows, combine), nulls, args.ty))
}

/// `None` is NULL, beside the nulls of the operands.
pub(crate) fn decimal_column(values: Vec<Option<i128>>, nulls: Option<NullBuffer>, ty: &LogicalType) -> ArrayRef {
    let nulls = if values.iter().all(Option::is_some) {
        nulls
    } else {
        let fits = NullBuffer::new(BooleanBuffer::collect_bool(values.len(), |row| values[row].is_some()));
        NullBuffer::union(nulls.as_ref(), Some(&fits))
    };
    lane::column::<Decimal128Type>(values.into_iter().map(Option::unwrap_or_default).collect(), nulls, ty)
}

pub(crate) fn negate(args: &Args<'_>) -> ArrayRef {
    let array = &*args.values[0].array;
    match args.ty {
        LogicalType::TinyInt => lane::map::<Int8Type, Int8Type>(array, args.ty, i8::wrapping_neg),
        LogicalType::SmallInt => lane::map::<Int16Type, Int16Type>(array, args.ty, i16::wrapping_neg),
        LogicalType::Int => lane::map::<Int32Type, Int32Type>(array, args.ty, i32::wrapping_neg),
        LogicalType::BigInt => lane::map::<Int64Type, Int64Type>(array, args.ty, i64::wrapping_neg),
        LogicalType::Float => lane::map::<Float32Type, Float32Type>(array, args.ty, |value| -value),
        LogicalType::Double => lane::map::<Float64Type, Float64Type>(array, args.ty, |value| -value),
        LogicalType::Decimal { .. } if array.as_primitive_opt::<Decimal128Type>().is_some() => {
            lane::map::<Decimal128Type, Decimal128Type>(array, args.ty, |value| -value)
        }
        _ => new_null_array(&args.ty.arrow(), array.len()),
    }
}
