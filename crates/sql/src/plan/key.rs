//! Keys along a plan: which columns of an output are the key of its stream.

use rows::{LogicalType, Schema};

/// Whether a cast keeps different values different, so that a key stays a key.
pub(super) fn loses_nothing(from: &LogicalType, to: &LogicalType) -> bool {
    use LogicalType::{
        BigInt, Binary, Boolean, Char, Date, Decimal, Double, Float, Timestamp, TimestampLtz, Varbinary, Varchar,
    };
    if from == to {
        return true;
    }
    match (from, to) {
        (Char(n) | Varchar(n), Varchar(m)) => n <= m,
        (Binary(n) | Varbinary(n), Varbinary(m)) => n <= m,
        (Decimal { precision, scale }, Decimal { precision: wider, scale: finer }) => {
            scale <= finer && precision - scale <= wider - finer
        }
        (Float, Double) => true,
        (Timestamp(p), Timestamp(q)) | (TimestampLtz(p), TimestampLtz(q)) => p <= q,
        (Boolean | BigInt | Date, Varchar(n)) => *n >= 20,
        _ => match (integer_digits(from), to) {
            (Some(digits), Decimal { precision, scale }) => digits <= precision - scale,
            (Some(digits), Varchar(n)) => u32::from(digits) < *n,
            (Some(digits), _) => integer_digits(to).is_some_and(|wider| digits <= wider),
            (None, _) => false,
        },
    }
}

/// The decimal digits that an integer type may need.
fn integer_digits(ty: &LogicalType) -> Option<u8> {
    match ty {
        LogicalType::TinyInt => Some(3),
        LogicalType::SmallInt => Some(5),
        LogicalType::Int => Some(10),
        LogicalType::BigInt => Some(19),
        _ => None,
    }
}

/// The positions of the key's columns in an output, in the order of the key; `origins` has for each output column the
/// input column that it carries. `Err` has the key columns that the output lacks.
pub(super) fn carried_key(key: &[usize], origins: &[Option<usize>]) -> Result<Vec<usize>, Vec<usize>> {
    let position = |column: &usize| origins.iter().position(|origin| *origin == Some(*column));
    let missing: Vec<usize> = key.iter().copied().filter(|column| position(column).is_none()).collect();
    if missing.is_empty() { Ok(key.iter().filter_map(position).collect()) } else { Err(missing) }
}

/// Whether the columns `wanted` of an output carry the columns `key` of its input, one for one.
pub(super) fn same_key(wanted: &[usize], key: &[usize], origins: &[Option<usize>]) -> bool {
    let carried: Vec<Option<usize>> = wanted.iter().map(|at| origins.get(*at).copied().flatten()).collect();
    carried.len() == key.len() && key.iter().all(|column| carried.contains(&Some(*column)))
}

/// `id, line_no`
pub(super) fn names(schema: &Schema, columns: &[usize]) -> String {
    let names: Vec<&str> =
        columns.iter().filter_map(|at| schema.fields.get(*at)).map(|field| field.name.as_str()).collect();
    names.join(", ")
}
