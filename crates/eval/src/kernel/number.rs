//! Functions over numbers.

#![expect(clippy::unnecessary_wraps, reason = "kernels that cannot fail have the signature of those that can")]

use arrow_array::types::{Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use rows::LogicalType;

use super::arithmetic::decimal_column;
use super::decimal::{self, Shape, pow10};
use super::lane::{self, Lane};
use crate::error::RowError;
use crate::kernel::args::Args;

/// One operation for every numeric type: a column of the same type.
struct Each {
    integer: fn(i64) -> i64,
    double: fn(f64) -> f64,
    /// Of the unscaled value, its scale and the result's shape.
    decimal: fn(i128, u8, Shape) -> Option<i128>,
}

impl Each {
    fn apply(&self, args: &Args<'_>) -> ArrayRef {
        let value = &args.values[0];
        let array = &*value.array;
        if value.nulls().is_err() {
            return args.all_null();
        }
        let integer = self.integer;
        let double = self.double;
        match args.ty {
            LogicalType::TinyInt => lane::map::<Int8Type, Int8Type>(array, args.ty, |v| integer(v.into()) as i8),
            LogicalType::SmallInt => lane::map::<Int16Type, Int16Type>(array, args.ty, |v| integer(v.into()) as i16),
            LogicalType::Int => lane::map::<Int32Type, Int32Type>(array, args.ty, |v| integer(v.into()) as i32),
            LogicalType::BigInt => lane::map::<Int64Type, Int64Type>(array, args.ty, integer),
            LogicalType::Float => lane::map::<Float32Type, Float32Type>(array, args.ty, |v| double(v.into()) as f32),
            LogicalType::Double => lane::map::<Float64Type, Float64Type>(array, args.ty, double),
            _ => {
                let scale = scale_of(array);
                let values = Lane::of::<Decimal128Type>(value);
                let shape = Shape::of(args.ty);
                let values = (0..array.len()).map(|row| (self.decimal)(values.get(row), scale, shape)).collect();
                decimal_column(values, array.nulls().cloned(), args.ty)
            }
        }
    }
}

fn scale_of(array: &dyn Array) -> u8 {
    match array.data_type() {
        arrow_schema::DataType::Decimal128(_, scale) => *scale as u8,
        _ => 0,
    }
}

pub(crate) fn abs(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let each = Each { integer: i64::wrapping_abs, double: f64::abs, decimal: |value, _, _| Some(value.abs()) };
    Ok(each.apply(args))
}

pub(crate) fn sign(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let each = Each {
        integer: i64::signum,
        double: |value| if value == 0.0 || value.is_nan() { value } else { value.signum() },
        decimal: |value, scale, shape| decimal::rescale(value.signum() * pow10(scale), scale, shape),
    };
    Ok(each.apply(args))
}

pub(crate) fn floor(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let each = Each {
        integer: |value| value,
        double: f64::floor,
        decimal: |value, scale, shape| decimal::rescale(value.div_euclid(pow10(scale)), 0, shape),
    };
    Ok(each.apply(args))
}

pub(crate) fn ceil(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let each = Each {
        integer: |value| value,
        double: f64::ceil,
        decimal: |value, scale, shape| decimal::rescale(-(-value).div_euclid(pow10(scale)), 0, shape),
    };
    Ok(each.apply(args))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Rounding {
    HalfUp,
    Down,
}

/// `ROUND(value, digits)`
pub(crate) fn round(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    Ok(rounded(args, Rounding::HalfUp))
}

/// `TRUNCATE(value, digits)`
pub(crate) fn truncate(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    Ok(rounded(args, Rounding::Down))
}

fn rounded(args: &Args<'_>, rounding: Rounding) -> ArrayRef {
    let Ok(nulls) = args.nulls() else { return args.all_null() };
    let value = &args.values[0];
    let digits = Lane::of::<Int32Type>(&args.values[1]);
    let rows = args.frame.rows;
    let integer = |value: i64, digits: i32| to_digits(i128::from(value), 0, digits, rounding) as i64;
    match args.ty {
        LogicalType::TinyInt => {
            let values = lane::zip(Lane::of::<Int8Type>(value), digits, rows, |v, d| integer(v.into(), d) as i8);
            lane::column::<Int8Type>(values, nulls, args.ty)
        }
        LogicalType::SmallInt => {
            let values = lane::zip(Lane::of::<Int16Type>(value), digits, rows, |v, d| integer(v.into(), d) as i16);
            lane::column::<Int16Type>(values, nulls, args.ty)
        }
        LogicalType::Int => {
            let values = lane::zip(Lane::of::<Int32Type>(value), digits, rows, |v, d| integer(v.into(), d) as i32);
            lane::column::<Int32Type>(values, nulls, args.ty)
        }
        LogicalType::BigInt => {
            let values = lane::zip(Lane::of::<Int64Type>(value), digits, rows, integer);
            lane::column::<Int64Type>(values, nulls, args.ty)
        }
        LogicalType::Float => {
            let values = lane::zip(Lane::of::<Float32Type>(value), digits, rows, |v, d| {
                double(&super::double_text::float(v), f64::from(v), d, rounding) as f32
            });
            lane::column::<Float32Type>(values, nulls, args.ty)
        }
        LogicalType::Double => {
            let values = lane::zip(Lane::of::<Float64Type>(value), digits, rows, |v, d| {
                double(&super::double_text::double(v), v, d, rounding)
            });
            lane::column::<Float64Type>(values, nulls, args.ty)
        }
        _ => {
            let scale = scale_of(&*value.array);
            let shape = Shape::of(args.ty);
            let values = lane::zip(Lane::of::<Decimal128Type>(value), digits, rows, |v, d| {
                decimal::rescale(to_digits(v, scale, d, rounding), scale, shape)
            });
            decimal_column(values, nulls, args.ty)
        }
    }
}

/// The unscaled value with nothing but zeros after `digits` fractional digits, of `scale`.
fn to_digits(value: i128, scale: u8, digits: i32, rounding: Rounding) -> i128 {
    let dropped = i64::from(scale) - i64::from(digits);
    if dropped <= 0 {
        return value;
    }
    if dropped > 38 {
        return 0;
    }
    let unit = pow10(dropped as u8);
    let (whole, rest) = (value / unit, value % unit);
    let up = rounding == Rounding::HalfUp && rest.unsigned_abs() >= unit.unsigned_abs() - rest.unsigned_abs();
    (if up { whole + value.signum() } else { whole }).saturating_mul(unit)
}

/// Rounds the digits that print the double, as Java's `BigDecimal.valueOf` sees it.
fn double(text: &str, value: f64, digits: i32, rounding: Rounding) -> f64 {
    if !value.is_finite() || value == 0.0 {
        return value;
    }
    let scientific = text.replace('E', "e");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let fraction = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len()) as i32;
    let unscaled: i128 = mantissa.replace('.', "").parse().unwrap_or(0);
    let scale = fraction - exponent.parse::<i32>().unwrap_or(0);
    let dropped = i64::from(scale) - i64::from(digits);
    if dropped <= 0 {
        return value;
    }
    if dropped > 30 {
        return 0.0;
    }
    let kept = to_digits(unscaled, dropped as u8, 0, rounding);
    format!("{kept}e{}", -scale).parse().unwrap_or(value)
}

/// A function of doubles.
fn doubles(args: &Args<'_>, f: impl Fn(f64) -> f64) -> Result<ArrayRef, RowError> {
    if args.values[0].nulls().is_err() {
        return Ok(args.all_null());
    }
    Ok(lane::map::<Float64Type, Float64Type>(&*args.values[0].array, args.ty, f))
}

pub(crate) fn sqrt(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    doubles(args, f64::sqrt)
}

pub(crate) fn exp(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    doubles(args, f64::exp)
}

pub(crate) fn ln(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    doubles(args, f64::ln)
}

pub(crate) fn log10(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    doubles(args, f64::log10)
}

pub(crate) fn log2(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    doubles(args, |value| value.ln() / 2_f64.ln())
}

pub(crate) fn power(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    of_two(args, f64::powf)
}

/// `LOG(value)` or `LOG(base, value)`
pub(crate) fn log(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    if args.values.len() == 1 { ln(args) } else { of_two(args, |base, value| value.ln() / base.ln()) }
}

fn of_two(args: &Args<'_>, f: impl Fn(f64, f64) -> f64) -> Result<ArrayRef, RowError> {
    let Ok(nulls) = args.nulls() else { return Ok(args.all_null()) };
    let (a, b) = (Lane::of::<Float64Type>(&args.values[0]), Lane::of::<Float64Type>(&args.values[1]));
    Ok(lane::column::<Float64Type>(lane::zip(a, b, args.frame.rows, f), nulls, args.ty))
}
