//! Single values as bytes (spec, appendix D, "Binary single-value serialization"): how manifests store the bounds of
//! columns. Numbers are little endian; decimals the shortest big-endian two's complement of their unscaled value.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Time64MicrosecondType, TimestampMicrosecondType, TimestampNanosecondType,
};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType};
use arrow_schema::{DataType, TimeUnit};

/// Strings and bytes of bounds are cut to so many characters or bytes, as Iceberg's default metrics mode
/// `truncate(16)` does.
pub const BOUND_LENGTH_MAX: usize = 16;

/// The smallest and the largest value of a column, as manifests store them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    pub lower: Option<Vec<u8>>,
    /// `None` also where the largest value cannot be cut: nothing of the length is larger.
    pub upper: Option<Vec<u8>>,
}

/// The bytes of a non-null cell; `None` for types without a serialisation here.
///
/// `TINYINT` and `SMALLINT` become an `int`, as in the table.
pub fn single_value(array: &dyn Array, row: usize) -> Option<Vec<u8>> {
    if array.is_null(row) {
        return None;
    }
    Some(match array.data_type() {
        DataType::Boolean => vec![u8::from(array.as_boolean().value(row))],
        DataType::Int8 => i32::from(number::<Int8Type>(array, row)).to_le_bytes().to_vec(),
        DataType::Int16 => i32::from(number::<Int16Type>(array, row)).to_le_bytes().to_vec(),
        DataType::Int32 => number::<Int32Type>(array, row).to_le_bytes().to_vec(),
        DataType::Int64 => number::<Int64Type>(array, row).to_le_bytes().to_vec(),
        DataType::Float32 => number::<Float32Type>(array, row).to_le_bytes().to_vec(),
        DataType::Float64 => number::<Float64Type>(array, row).to_le_bytes().to_vec(),
        DataType::Decimal128(..) => shortest(number::<Decimal128Type>(array, row)),
        DataType::Date32 => number::<Date32Type>(array, row).to_le_bytes().to_vec(),
        DataType::Time64(TimeUnit::Microsecond) => number::<Time64MicrosecondType>(array, row).to_le_bytes().to_vec(),
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            number::<TimestampMicrosecondType>(array, row).to_le_bytes().to_vec()
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            number::<TimestampNanosecondType>(array, row).to_le_bytes().to_vec()
        }
        DataType::Utf8 => array.as_string::<i32>().value(row).as_bytes().to_vec(),
        DataType::Binary => array.as_binary::<i32>().value(row).to_vec(),
        DataType::FixedSizeBinary(_) => array.as_fixed_size_binary().value(row).to_vec(),
        _ => return None,
    })
}

fn number<T: ArrowPrimitiveType>(array: &dyn Array, row: usize) -> T::Native {
    array.as_primitive::<T>().value(row)
}

fn shortest(unscaled: i128) -> Vec<u8> {
    let bytes = unscaled.to_be_bytes();
    let filler = if unscaled < 0 { 0xff } else { 0 };
    let sign_differs = |byte: u8| (byte ^ filler) & 0x80 != 0;
    let mut start = 0;
    while start + 1 < bytes.len() && bytes[start] == filler && !sign_differs(bytes[start + 1]) {
        start += 1;
    }
    bytes[start..].to_vec()
}

/// Collects the bounds of a column over any number of arrays of one type, in the order of the type's values.
#[derive(Debug, Default)]
pub struct BoundsBuilder {
    lower: Option<ArrayRef>,
    upper: Option<ArrayRef>,
    is_nan_seen: bool,
}

impl BoundsBuilder {
    /// Takes the non-null values of `array` into account. Keeps copies of single values, not the array.
    pub fn add(&mut self, array: &ArrayRef) {
        let (mut lowest, mut highest) = (None, None);
        for row in 0..array.len() {
            if array.is_null(row) {
                continue;
            }
            if is_nan(array.as_ref(), row) {
                self.is_nan_seen = true;
                continue;
            }
            if lowest.is_none_or(|lowest| less(array.as_ref(), row, array.as_ref(), lowest)) {
                lowest = Some(row);
            }
            if highest.is_none_or(|highest| less(array.as_ref(), highest, array.as_ref(), row)) {
                highest = Some(row);
            }
        }
        if let Some(row) = lowest
            && self.lower.as_ref().is_none_or(|lower| less(array.as_ref(), row, lower.as_ref(), 0))
        {
            self.lower = copy_of(array, row);
        }
        if let Some(row) = highest
            && self.upper.as_ref().is_none_or(|upper| less(upper.as_ref(), 0, array.as_ref(), row))
        {
            self.upper = copy_of(array, row);
        }
    }

    /// A NaN was among the values; it counts for no bound.
    pub fn is_nan_seen(&self) -> bool {
        self.is_nan_seen
    }

    pub fn finish(&self) -> Bounds {
        let lower = self.lower.as_ref().and_then(|array| single_value(array.as_ref(), 0).map(|value| (array, value)));
        let upper = self.upper.as_ref().and_then(|array| single_value(array.as_ref(), 0).map(|value| (array, value)));
        Bounds {
            lower: lower.map(|(array, value)| cut_lower(array.data_type(), value)),
            upper: upper.and_then(|(array, value)| cut_upper(array.data_type(), value)),
        }
    }
}

/// A one-row copy, which does not keep the array alive.
fn copy_of(array: &ArrayRef, row: usize) -> Option<ArrayRef> {
    arrow_select::take::take(array.as_ref(), &arrow_array::UInt64Array::from_value(row as u64, 1), None).ok()
}

fn is_nan(array: &dyn Array, row: usize) -> bool {
    match array.data_type() {
        DataType::Float32 => number::<Float32Type>(array, row).is_nan(),
        DataType::Float64 => number::<Float64Type>(array, row).is_nan(),
        _ => false,
    }
}

/// Whether one cell is below another of the same type; false for types without an order here.
fn less(left: &dyn Array, l: usize, right: &dyn Array, r: usize) -> bool {
    fn below<T: ArrowPrimitiveType>(left: &dyn Array, l: usize, right: &dyn Array, r: usize) -> bool
    where
        T::Native: PartialOrd,
    {
        number::<T>(left, l) < number::<T>(right, r)
    }
    match left.data_type() {
        DataType::Boolean => !left.as_boolean().value(l) & right.as_boolean().value(r),
        DataType::Int8 => below::<Int8Type>(left, l, right, r),
        DataType::Int16 => below::<Int16Type>(left, l, right, r),
        DataType::Int32 => below::<Int32Type>(left, l, right, r),
        DataType::Int64 => below::<Int64Type>(left, l, right, r),
        DataType::Float32 => below::<Float32Type>(left, l, right, r),
        DataType::Float64 => below::<Float64Type>(left, l, right, r),
        DataType::Decimal128(..) => below::<Decimal128Type>(left, l, right, r),
        DataType::Date32 => below::<Date32Type>(left, l, right, r),
        DataType::Time64(TimeUnit::Microsecond) => below::<Time64MicrosecondType>(left, l, right, r),
        DataType::Timestamp(TimeUnit::Microsecond, _) => below::<TimestampMicrosecondType>(left, l, right, r),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => below::<TimestampNanosecondType>(left, l, right, r),
        DataType::Utf8 => left.as_string::<i32>().value(l) < right.as_string::<i32>().value(r),
        DataType::Binary => left.as_binary::<i32>().value(l) < right.as_binary::<i32>().value(r),
        DataType::FixedSizeBinary(_) => left.as_fixed_size_binary().value(l) < right.as_fixed_size_binary().value(r),
        _ => false,
    }
}

fn cut_lower(ty: &DataType, mut value: Vec<u8>) -> Vec<u8> {
    match ty {
        DataType::Utf8 => value.truncate(prefix_length(&value)),
        DataType::Binary => value.truncate(BOUND_LENGTH_MAX),
        _ => {}
    }
    value
}

/// The length in bytes of the first [`BOUND_LENGTH_MAX`] characters of UTF-8 text.
fn prefix_length(text: &[u8]) -> usize {
    let starts = text.iter().enumerate().filter(|(_, byte)| (**byte & 0xc0) != 0x80);
    starts.map(|(at, _)| at).nth(BOUND_LENGTH_MAX).unwrap_or(text.len())
}

/// The shortest value of the allowed length that is not below `value`.
fn cut_upper(ty: &DataType, mut value: Vec<u8>) -> Option<Vec<u8>> {
    match ty {
        DataType::Utf8 if prefix_length(&value) < value.len() => {
            value.truncate(prefix_length(&value));
            let mut characters: Vec<char> = String::from_utf8(value).ok()?.chars().collect();
            while let Some(last) = characters.pop() {
                // The code point after `last`, past the gap of the surrogates.
                let next = if last == '\u{d7ff}' { Some('\u{e000}') } else { char::from_u32(last as u32 + 1) };
                if let Some(next) = next {
                    characters.push(next);
                    return Some(characters.into_iter().collect::<String>().into_bytes());
                }
            }
            None
        }
        DataType::Binary if value.len() > BOUND_LENGTH_MAX => {
            value.truncate(BOUND_LENGTH_MAX);
            while let Some(last) = value.pop() {
                if last < u8::MAX {
                    value.push(last + 1);
                    return Some(value);
                }
            }
            None
        }
        _ => Some(value),
    }
}
