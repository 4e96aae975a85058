//! From the type a file has to the type that is wanted: Iceberg's promotions, and other spellings of one type.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, Time32MillisecondType, Time64MicrosecondType, Time64NanosecondType, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, UInt8Type, UInt16Type, UInt32Type,
};
use arrow_array::{Array, ArrayRef, BinaryArray, PrimitiveArray, StringArray};
use arrow_schema::{DataType, TimeUnit};

/// The same values in another type; `None` if that would not be the same values.
pub(super) fn cast(array: &ArrayRef, to: &DataType) -> Option<ArrayRef> {
    use DataType::{
        Binary, Date32, Decimal128, FixedSizeBinary, Float32, Float64, Int8, Int16, Int32, Int64, Time32, Time64,
        Timestamp, UInt8, UInt16, UInt32, Utf8,
    };
    if array.data_type() == to {
        return Some(array.clone());
    }
    match (array.data_type(), to) {
        (Int8, Int16 | Int32 | Int64) => whole::<Int8Type>(array, to),
        (Int16, Int8 | Int32 | Int64) => whole::<Int16Type>(array, to),
        (Int32, Int8 | Int16 | Int64) => whole::<Int32Type>(array, to),
        (UInt8, Int16 | Int32 | Int64) => whole::<UInt8Type>(array, to),
        (UInt16, Int32 | Int64) => whole::<UInt16Type>(array, to),
        (UInt32, Int64) => whole::<UInt32Type>(array, to),
        (Float32, Float64) => Some(Arc::new(array.as_primitive::<Float32Type>().unary::<_, Float64Type>(f64::from))),
        (Decimal128(from, scale), Decimal128(wide, same)) if scale == same && wide >= from => {
            let values = array.as_primitive::<Decimal128Type>().clone();
            Some(Arc::new(values.with_precision_and_scale(*wide, *same).ok()?))
        }
        (FixedSizeBinary(_), Binary) => Some(Arc::new(array.as_fixed_size_binary().iter().collect::<BinaryArray>())),
        (Binary, Utf8) => Some(Arc::new(StringArray::try_from_binary(array.as_binary::<i32>().clone()).ok()?)),
        (Utf8, Binary) => Some(Arc::new(BinaryArray::from(array.as_string::<i32>().clone()))),
        (Time32(TimeUnit::Millisecond), Time64(TimeUnit::Microsecond)) => {
            let values = array.as_primitive::<Time32MillisecondType>();
            Some(Arc::new(values.unary::<_, Time64MicrosecondType>(|millis| i64::from(millis) * 1000)))
        }
        (Time64(TimeUnit::Nanosecond), Time64(TimeUnit::Microsecond)) => {
            let values = array.as_primitive::<Time64NanosecondType>();
            Some(Arc::new(values.unary::<_, Time64MicrosecondType>(|nanos| nanos.div_euclid(1000))))
        }
        (Date32, Timestamp(..)) => {
            let days = array.as_primitive::<Date32Type>();
            timestamp(&days.unary::<_, Int64Type>(i64::from), 86_400 * 1_000_000, to)
        }
        (Timestamp(TimeUnit::Millisecond, _), Timestamp(..)) => {
            timestamp(&array.as_primitive::<TimestampMillisecondType>().reinterpret_cast(), 1000, to)
        }
        (Timestamp(TimeUnit::Microsecond, _), Timestamp(..)) => {
            timestamp(&array.as_primitive::<TimestampMicrosecondType>().reinterpret_cast(), 1, to)
        }
        // Spark's and Hive's INT96 come as nanoseconds.
        (Timestamp(TimeUnit::Nanosecond, _), Timestamp(unit, zone)) => {
            let values = array.as_primitive::<TimestampNanosecondType>();
            match unit {
                TimeUnit::Nanosecond => Some(Arc::new(values.clone().with_timezone_opt(zone.clone()))),
                TimeUnit::Microsecond => {
                    let micros = values.unary::<_, TimestampMicrosecondType>(|nanos| nanos.div_euclid(1000));
                    Some(Arc::new(micros.with_timezone_opt(zone.clone())))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// Whole numbers of another width; `None` if one does not fit.
fn whole<T: ArrowPrimitiveType>(array: &ArrayRef, to: &DataType) -> Option<ArrayRef>
where
    T::Native: Into<i64>,
{
    fn narrow<T: ArrowPrimitiveType, O: ArrowPrimitiveType>(values: &PrimitiveArray<T>) -> Option<ArrayRef>
    where
        T::Native: Into<i64>,
        O::Native: TryFrom<i64>,
    {
        let narrowed = values.try_unary::<_, O, ()>(|value| O::Native::try_from(value.into()).map_err(|_| ()));
        narrowed.ok().map(|values| Arc::new(values) as ArrayRef)
    }
    let values = array.as_primitive::<T>();
    match to {
        DataType::Int8 => narrow::<T, Int8Type>(values),
        DataType::Int16 => narrow::<T, Int16Type>(values),
        DataType::Int32 => narrow::<T, Int32Type>(values),
        DataType::Int64 => narrow::<T, Int64Type>(values),
        _ => None,
    }
}

/// Timestamps from numbers of which one is `micros` microseconds; `None` on overflow.
fn timestamp(values: &PrimitiveArray<Int64Type>, micros: i64, to: &DataType) -> Option<ArrayRef> {
    let DataType::Timestamp(unit, zone) = to else { return None };
    let times = |factor: i64| move |value: i64| value.checked_mul(factor).ok_or(());
    Some(match unit {
        TimeUnit::Microsecond => {
            let values = values.try_unary::<_, TimestampMicrosecondType, ()>(times(micros)).ok()?;
            Arc::new(values.with_timezone_opt(zone.clone()))
        }
        TimeUnit::Nanosecond => {
            let values = values.try_unary::<_, TimestampNanosecondType, ()>(times(micros.checked_mul(1000)?)).ok()?;
            Arc::new(values.with_timezone_opt(zone.clone()))
        }
        _ => return None,
    })
}
