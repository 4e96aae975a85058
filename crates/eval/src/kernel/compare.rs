//! Comparisons. Operands are of the same kind; decimals may differ in scale, timestamps in unit.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Time64MicrosecondType,
};
use arrow_array::{ArrayRef, ArrowPrimitiveType, BooleanArray, new_null_array};
use arrow_buffer::BooleanBuffer;
use rows::LogicalType;

use super::decimal;
use super::lane::Lane;
use crate::calendar;
use crate::kernel::args::Args;
use crate::operators::CompareOp;
use crate::value::Value;

pub(crate) fn compare(args: &Args<'_>, op: CompareOp, left: &LogicalType, right: &LogicalType) -> ArrayRef {
    if matches!(op, CompareOp::Distinct | CompareOp::NotDistinct) {
        return distinct(args, op, left, right);
    }
    let Ok(nulls) = args.nulls() else {
        return new_null_array(&LogicalType::Boolean.arrow(), args.frame.rows);
    };
    Arc::new(BooleanArray::new(bits(args, op, left, right), nulls))
}

/// NULL equals NULL, and nothing else.
fn distinct(args: &Args<'_>, op: CompareOp, left: &LogicalType, right: &LogicalType) -> ArrayRef {
    let rows = args.frame.rows;
    let valid = |value: &Value| match value.nulls() {
        Err(_) => BooleanBuffer::new_unset(rows),
        Ok(None) => BooleanBuffer::new_set(rows),
        Ok(Some(nulls)) => nulls.inner().clone(),
    };
    let (l, r) = (valid(&args.values[0]), valid(&args.values[1]));
    let both = &l & &r;
    let neither = !&(&l | &r);
    let equal = if both.count_set_bits() == 0 { both } else { &both & &bits(args, CompareOp::Equal, left, right) };
    let same = &equal | &neither;
    Arc::new(BooleanArray::new(if op == CompareOp::Distinct { !&same } else { same }, None))
}

fn bits(args: &Args<'_>, op: CompareOp, left: &LogicalType, right: &LogicalType) -> BooleanBuffer {
    use LogicalType as T;
    let (l, r) = (&args.values[0], &args.values[1]);
    let rows = args.frame.rows;
    match (left, right) {
        (T::Boolean, _) => {
            let (a, b) = (l.array.as_boolean(), r.array.as_boolean());
            ordered(rows, op, |row| a.value(l.index(row)).cmp(&b.value(r.index(row))))
        }
        (T::TinyInt, _) => numbers::<Int8Type>(l, r, rows, op),
        (T::SmallInt, _) => numbers::<Int16Type>(l, r, rows, op),
        (T::Int, _) => numbers::<Int32Type>(l, r, rows, op),
        (T::BigInt, _) => numbers::<Int64Type>(l, r, rows, op),
        (T::Float, _) => numbers::<Float32Type>(l, r, rows, op),
        (T::Double, _) => numbers::<Float64Type>(l, r, rows, op),
        (T::Date, _) => numbers::<Date32Type>(l, r, rows, op),
        (T::Time(_), _) => numbers::<Time64MicrosecondType>(l, r, rows, op),
        (T::Decimal { scale: own, .. }, T::Decimal { scale: other, .. }) if own == other => {
            numbers::<Decimal128Type>(l, r, rows, op)
        }
        (T::Decimal { scale: own, .. }, T::Decimal { scale: other, .. }) => {
            let (a, b) = (Lane::of::<Decimal128Type>(l), Lane::of::<Decimal128Type>(r));
            ordered(rows, op, |row| decimal::compare(a.get(row), *own, b.get(row), *other))
        }
        (T::Timestamp(own) | T::TimestampLtz(own), T::Timestamp(other) | T::TimestampLtz(other)) => {
            let (a, b) = (calendar::lane(l, *own), calendar::lane(r, *other));
            let (own, other) = (calendar::per_second(*own), calendar::per_second(*other));
            ordered(rows, op, |row| (i128::from(a.get(row)) * other).cmp(&(i128::from(b.get(row)) * own)))
        }
        (T::Binary(_) | T::Varbinary(_), _) => {
            let (a, b) = (l.array.as_binary::<i32>(), r.array.as_binary::<i32>());
            ordered(rows, op, |row| a.value(l.index(row)).cmp(b.value(r.index(row))))
        }
        _ => {
            let (a, b) = (l.array.as_string::<i32>(), r.array.as_string::<i32>());
            ordered(rows, op, |row| a.value(l.index(row)).cmp(b.value(r.index(row))))
        }
    }
}

/// As Java compares numbers: NaN equals nothing, 0.0 equals -0.0.
fn numbers<P: ArrowPrimitiveType>(left: &Value, right: &Value, rows: usize, op: CompareOp) -> BooleanBuffer
where
    P::Native: PartialOrd,
{
    let (a, b) = (Lane::of::<P>(left), Lane::of::<P>(right));
    match op {
        CompareOp::Equal | CompareOp::NotDistinct => packed(a, b, rows, |a, b| a == b),
        CompareOp::NotEqual | CompareOp::Distinct => packed(a, b, rows, |a, b| a != b),
        CompareOp::Less => packed(a, b, rows, |a, b| a < b),
        CompareOp::LessOrEqual => packed(a, b, rows, |a, b| a <= b),
        CompareOp::Greater => packed(a, b, rows, |a, b| a > b),
        CompareOp::GreaterOrEqual => packed(a, b, rows, |a, b| a >= b),
    }
}

fn packed<T: Copy>(left: Lane<'_, T>, right: Lane<'_, T>, rows: usize, f: impl Fn(T, T) -> bool) -> BooleanBuffer {
    match (left, right) {
        (Lane::Many(a), Lane::Many(b)) => BooleanBuffer::collect_bool(rows, |row| f(a[row], b[row])),
        (Lane::Many(a), Lane::One(b)) => BooleanBuffer::collect_bool(rows, |row| f(a[row], b)),
        (Lane::One(a), Lane::Many(b)) => BooleanBuffer::collect_bool(rows, |row| f(a, b[row])),
        (Lane::One(a), Lane::One(b)) => BooleanBuffer::collect_bool(rows, |_| f(a, b)),
    }
}

fn ordered(rows: usize, op: CompareOp, order: impl Fn(usize) -> Ordering) -> BooleanBuffer {
    BooleanBuffer::collect_bool(rows, |row| {
        let order = order(row);
        match op {
            CompareOp::Equal | CompareOp::NotDistinct => order.is_eq(),
            CompareOp::NotEqual | CompareOp::Distinct => order.is_ne(),
            CompareOp::Less => order.is_lt(),
            CompareOp::LessOrEqual => order.is_le(),
            CompareOp::Greater => order.is_gt(),
            CompareOp::GreaterOrEqual => order.is_ge(),
        }
    })
}
