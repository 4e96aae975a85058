//! Casts among numbers, as Java narrows and widens: integers wrap, doubles saturate, decimals that do not fit are NULL.

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType};
use rows::LogicalType;

use crate::kernel::args::Args;
use crate::kernel::arithmetic::decimal_column;
use crate::kernel::decimal::{self, Shape};
use crate::kernel::lane;

/// A Java number and its conversions.
trait Number: Copy {
    fn int(self) -> i32;
    fn long(self) -> i64;
    fn single(self) -> f32;
    fn double(self) -> f64;
}

impl Number for i8 {
    fn int(self) -> i32 {
        i32::from(self)
    }
    fn long(self) -> i64 {
        i64::from(self)
    }
    fn single(self) -> f32 {
        f32::from(self)
    }
    fn double(self) -> f64 {
        f64::from(self)
    }
}

impl Number for i16 {
    fn int(self) -> i32 {
        i32::from(self)
    }
    fn long(self) -> i64 {
        i64::from(self)
    }
    fn single(self) -> f32 {
        f32::from(self)
    }
    fn double(self) -> f64 {
        f64::from(self)
    }
}

impl Number for i32 {
    fn int(self) -> i32 {
        self
    }
    fn long(self) -> i64 {
        i64::from(self)
    }
    fn single(self) -> f32 {
        self as f32
    }
    fn double(self) -> f64 {
        f64::from(self)
    }
}

impl Number for i64 {
    fn int(self) -> i32 {
        self as i32
    }
    fn long(self) -> i64 {
        self
    }
    fn single(self) -> f32 {
        self as f32
    }
    fn double(self) -> f64 {
        self as f64
    }
}

impl Number for f32 {
    fn int(self) -> i32 {
        self as i32
    }
    fn long(self) -> i64 {
        self as i64
    }
    fn single(self) -> f32 {
        self
    }
    fn double(self) -> f64 {
        f64::from(self)
    }
}

impl Number for f64 {
    fn int(self) -> i32 {
        self as i32
    }
    fn long(self) -> i64 {
        self as i64
    }
    fn single(self) -> f32 {
        self as f32
    }
    fn double(self) -> f64 {
        self
    }
}

pub(super) fn cast(args: &Args<'_>, from: &LogicalType) -> ArrayRef {
    let array = &*args.values[0].array;
    match from {
        LogicalType::TinyInt => of::<Int8Type>(array, args.ty),
        LogicalType::SmallInt => of::<Int16Type>(array, args.ty),
        LogicalType::Int => of::<Int32Type>(array, args.ty),
        LogicalType::BigInt => of::<Int64Type>(array, args.ty),
        LogicalType::Float => of::<Float32Type>(array, args.ty),
        LogicalType::Double => of::<Float64Type>(array, args.ty),
        _ => of_decimals(array, decimal::scale_of(from), args.ty),
    }
}

fn of<P: ArrowPrimitiveType>(array: &dyn Array, to: &LogicalType) -> ArrayRef
where
    P::Native: Number,
{
    match to {
        // Java narrows a floating number to byte and short by way of int.
        LogicalType::TinyInt => lane::map::<P, Int8Type>(array, to, |value| value.int() as i8),
        LogicalType::SmallInt => lane::map::<P, Int16Type>(array, to, |value| value.int() as i16),
        LogicalType::Int => lane::map::<P, Int32Type>(array, to, Number::int),
        LogicalType::BigInt => lane::map::<P, Int64Type>(array, to, Number::long),
        LogicalType::Float => lane::map::<P, Float32Type>(array, to, Number::single),
        LogicalType::Double => lane::map::<P, Float64Type>(array, to, Number::double),
        _ => {
            let shape = Shape::of(to);
            let integer = P::DATA_TYPE.is_integer();
            let value = |value: P::Native| {
                if integer {
                    decimal::rescale(i128::from(value.long()), 0, shape)
                } else {
                    decimal::from_f64(value.double(), shape)
                }
            };
            let array = array.as_primitive::<P>();
            let values = array.values().iter().map(|number| value(*number)).collect();
            decimal_column(values, array.nulls().cloned(), to)
        }
    }
}

fn of_decimals(array: &dyn Array, scale: u8, to: &LogicalType) -> ArrayRef {
    type P = Decimal128Type;
    match to {
        LogicalType::TinyInt => lane::map::<P, Int8Type>(array, to, |value| decimal::to_i64(value, scale) as i8),
        LogicalType::SmallInt => lane::map::<P, Int16Type>(array, to, |value| decimal::to_i64(value, scale) as i16),
        LogicalType::Int => lane::map::<P, Int32Type>(array, to, |value| decimal::to_i64(value, scale) as i32),
        LogicalType::BigInt => lane::map::<P, Int64Type>(array, to, |value| decimal::to_i64(value, scale)),
        LogicalType::Float => lane::map::<P, Float32Type>(array, to, |value| decimal::to_f64(value, scale) as f32),
        LogicalType::Double => lane::map::<P, Float64Type>(array, to, |value| decimal::to_f64(value, scale)),
        _ => {
            let shape = Shape::of(to);
            let array = array.as_primitive::<P>();
            let values = array.values().iter().map(|value| decimal::rescale(*value, scale, shape)).collect();
            decimal_column(values, array.nulls().cloned(), to)
        }
    }
}

pub(super) fn from_boolean(args: &Args<'_>) -> ArrayRef {
    let array = args.values[0].array.as_boolean();
    let bits: Vec<i32> = array.values().iter().map(i32::from).collect();
    let ints = lane::column::<Int32Type>(bits, array.nulls().cloned(), &LogicalType::Int);
    of::<Int32Type>(&*ints, args.ty)
}

/// The values as doubles, whatever is NULL.
pub(super) fn to_doubles(array: &ArrayRef, from: &LogicalType) -> Vec<f64> {
    let doubles = |array: ArrayRef| array.as_primitive::<Float64Type>().values().to_vec();
    match from {
        LogicalType::TinyInt => doubles(of::<Int8Type>(&**array, &LogicalType::Double)),
        LogicalType::SmallInt => doubles(of::<Int16Type>(&**array, &LogicalType::Double)),
        LogicalType::Int => doubles(of::<Int32Type>(&**array, &LogicalType::Double)),
        LogicalType::BigInt => doubles(of::<Int64Type>(&**array, &LogicalType::Double)),
        LogicalType::Float => doubles(of::<Float32Type>(&**array, &LogicalType::Double)),
        _ => doubles(array.clone()),
    }
}
