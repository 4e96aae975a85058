//! One value, as literals hold it.

use std::sync::Arc;

use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Time64MicrosecondType, TimestampMicrosecondType, TimestampNanosecondType,
};
use arrow_array::{
    ArrayRef, ArrowPrimitiveType, BinaryArray, BooleanArray, NullArray, PrimitiveArray, StringArray, new_null_array,
};
use rows::LogicalType;

/// A value; its type is that of the expression that holds it.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    Null,
    Boolean(bool),
    TinyInt(i8),
    SmallInt(i16),
    Int(i32),
    BigInt(i64),
    Float(f32),
    Double(f64),
    /// Unscaled; the scale is the type's.
    Decimal(i128),
    Text(Arc<str>),
    Bytes(Arc<[u8]>),
    /// Days since 1970.
    Date(i32),
    /// Microseconds since midnight.
    Time(i64),
    /// In the unit of the type's column: microseconds up to precision 6, nanoseconds above.
    Timestamp(i64),
}

impl Scalar {
    /// A column of one row. A value that is not of the type's kind gives NULL: constructors rule that out.
    pub(crate) fn to_array(&self, ty: &LogicalType) -> ArrayRef {
        match (self, ty) {
            (_, LogicalType::Null) => Arc::new(NullArray::new(1)),
            (Self::Boolean(v), _) => Arc::new(BooleanArray::from(vec![*v])),
            (Self::TinyInt(v), _) => one::<Int8Type>(*v, ty),
            (Self::SmallInt(v), _) => one::<Int16Type>(*v, ty),
            (Self::Int(v), _) => one::<Int32Type>(*v, ty),
            (Self::BigInt(v), _) => one::<Int64Type>(*v, ty),
            (Self::Float(v), _) => one::<Float32Type>(*v, ty),
            (Self::Double(v), _) => one::<Float64Type>(*v, ty),
            (Self::Decimal(v), _) => one::<Decimal128Type>(*v, ty),
            (Self::Text(v), _) => Arc::new(StringArray::from(vec![&**v])),
            (Self::Bytes(v), _) => Arc::new(BinaryArray::from(vec![&**v])),
            (Self::Date(v), _) => one::<Date32Type>(*v, ty),
            (Self::Time(v), _) => one::<Time64MicrosecondType>(*v, ty),
            (Self::Timestamp(v), LogicalType::Timestamp(p) | LogicalType::TimestampLtz(p)) if *p > 6 => {
                one::<TimestampNanosecondType>(*v, ty)
            }
            (Self::Timestamp(v), _) => one::<TimestampMicrosecondType>(*v, ty),
            (Self::Null, _) => new_null_array(&ty.arrow(), 1),
        }
    }
}

fn one<T: ArrowPrimitiveType>(value: T::Native, ty: &LogicalType) -> ArrayRef {
    Arc::new(PrimitiveArray::<T>::from_iter_values([value]).with_data_type(ty.arrow()))
}
