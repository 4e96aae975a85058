//! The type that expressions of several types have in common (Calcite's least restrictive type, as Flink extends it).

use rows::LogicalType;

use super::{decimal, is_approximate, is_bytes, is_integer, is_numeric, is_text};

/// The common type of the branches of a CASE, the arguments of COALESCE and the like; `None` if there is none.
pub(crate) fn of_all<'a>(types: impl IntoIterator<Item = &'a LogicalType>) -> Option<LogicalType> {
    types.into_iter().try_fold(LogicalType::Null, |common, ty| of(&common, ty))
}

pub(crate) fn of(left: &LogicalType, right: &LogicalType) -> Option<LogicalType> {
    match (left, right) {
        (LogicalType::Null, other) | (other, LogicalType::Null) => Some(other.clone()),
        _ if left == right => Some(left.clone()),
        _ if is_numeric(left) && is_numeric(right) => Some(of_numbers(left, right)),
        _ if is_text(left) && is_text(right) => Some(LogicalType::Varchar(length(left).max(length(right)))),
        _ if is_bytes(left) && is_bytes(right) => Some(LogicalType::Varbinary(length(left).max(length(right)))),
        (LogicalType::Time(p), LogicalType::Time(q)) => Some(LogicalType::Time(*p.max(q))),
        (LogicalType::Timestamp(p), LogicalType::Timestamp(q)) => Some(LogicalType::Timestamp(*p.max(q))),
        (LogicalType::TimestampLtz(p), LogicalType::TimestampLtz(q) | LogicalType::Timestamp(q)) => {
            Some(LogicalType::TimestampLtz(*p.max(q)))
        }
        // The first decides whether the common type is local.
        (LogicalType::Timestamp(p), LogicalType::TimestampLtz(q)) => Some(LogicalType::Timestamp(*p.max(q))),
        _ => None,
    }
}

/// Of two different numeric types.
fn of_numbers(left: &LogicalType, right: &LogicalType) -> LogicalType {
    match (decimal::digits(left), decimal::digits(right)) {
        _ if is_integer(left) && is_integer(right) => wider_integer(left, right),
        (Some(l), Some(r)) => decimal::union(l, r),
        _ => approximate(left, right),
    }
}

pub(crate) fn wider_integer(left: &LogicalType, right: &LogicalType) -> LogicalType {
    if decimal::digits(left) >= decimal::digits(right) { left.clone() } else { right.clone() }
}

/// Where at least one side is approximate. A decimal makes it DOUBLE; otherwise the first approximate type wins, as in Calcite:
/// `FLOAT + DOUBLE` is FLOAT.
pub(crate) fn approximate(left: &LogicalType, right: &LogicalType) -> LogicalType {
    match (left, right) {
        (LogicalType::Decimal { .. }, _) | (_, LogicalType::Decimal { .. }) => LogicalType::Double,
        (first, _) if is_approximate(first) => first.clone(),
        (_, second) => second.clone(),
    }
}

/// The declared length of a text or byte type, 0 for others.
pub(crate) fn length(ty: &LogicalType) -> u32 {
    match ty {
        LogicalType::Char(n) | LogicalType::Varchar(n) | LogicalType::Binary(n) | LogicalType::Varbinary(n) => *n,
        _ => 0,
    }
}
