//! Precision and scale of decimal results.
//!
//! Flink follows SQL Server and Hive: the exact result type where it fits 38 digits, otherwise fractional digits are given up,
//! but not below 6 (nor below what there were).

use rows::LogicalType;

pub(crate) const PRECISION_MAX: u8 = 38;
const SCALE_KEPT: i32 = 6;

/// Precision and scale of an exact number seen as a decimal; `None` for other types.
pub(crate) fn digits(ty: &LogicalType) -> Option<(i32, i32)> {
    match ty {
        LogicalType::TinyInt => Some((3, 0)),
        LogicalType::SmallInt => Some((5, 0)),
        LogicalType::Int => Some((10, 0)),
        LogicalType::BigInt => Some((19, 0)),
        LogicalType::Decimal { precision, scale } => Some((i32::from(*precision), i32::from(*scale))),
        _ => None,
    }
}

/// The decimal type that holds every value of an exact number type.
pub(crate) fn of(ty: &LogicalType) -> LogicalType {
    digits(ty).map_or_else(|| ty.clone(), |(precision, scale)| fitted(precision, scale))
}

pub(crate) fn sum((p1, s1): (i32, i32), (p2, s2): (i32, i32)) -> LogicalType {
    let scale = s1.max(s2);
    fitted((p1 - s1).max(p2 - s2) + scale + 1, scale)
}

pub(crate) fn product((p1, s1): (i32, i32), (p2, s2): (i32, i32)) -> LogicalType {
    fitted(p1 + p2 + 1, s1 + s2)
}

pub(crate) fn quotient((p1, s1): (i32, i32), (p2, s2): (i32, i32)) -> LogicalType {
    let scale = (s1 + p2 + 1).max(SCALE_KEPT);
    fitted(p1 - s1 + s2 + scale, scale)
}

pub(crate) fn remainder((p1, s1): (i32, i32), (p2, s2): (i32, i32)) -> LogicalType {
    let scale = s1.max(s2);
    fitted((p1 - s1).min(p2 - s2) + scale, scale)
}

/// The type that holds the values of both, as CASE and COALESCE need it. Here it is the whole digits that give way at 38.
pub(crate) fn union((p1, s1): (i32, i32), (p2, s2): (i32, i32)) -> LogicalType {
    let scale = s1.max(s2);
    let precision = ((p1 - s1).max(p2 - s2) + scale).min(i32::from(PRECISION_MAX));
    LogicalType::Decimal { precision: precision as u8, scale: scale as u8 }
}

fn fitted(precision: i32, scale: i32) -> LogicalType {
    let most = i32::from(PRECISION_MAX);
    if precision <= most {
        return LogicalType::Decimal { precision: precision.max(1) as u8, scale: scale as u8 };
    }
    let scale = (most - (precision - scale)).max(scale.min(SCALE_KEPT));
    LogicalType::Decimal { precision: PRECISION_MAX, scale: scale as u8 }
}
