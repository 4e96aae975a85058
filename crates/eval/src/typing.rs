//! Flink's rules about types: which one two have in common, what arithmetic gives, what casts to what.

pub(crate) mod castable;
pub(crate) mod common;
pub(crate) mod decimal;

use rows::LogicalType;

pub(crate) fn is_integer(ty: &LogicalType) -> bool {
    matches!(ty, LogicalType::TinyInt | LogicalType::SmallInt | LogicalType::Int | LogicalType::BigInt)
}

/// `FLOAT` and `DOUBLE`.
pub(crate) fn is_approximate(ty: &LogicalType) -> bool {
    matches!(ty, LogicalType::Float | LogicalType::Double)
}

pub(crate) fn is_decimal(ty: &LogicalType) -> bool {
    matches!(ty, LogicalType::Decimal { .. })
}

pub(crate) fn is_numeric(ty: &LogicalType) -> bool {
    is_integer(ty) || is_approximate(ty) || is_decimal(ty)
}

pub(crate) fn is_text(ty: &LogicalType) -> bool {
    matches!(ty, LogicalType::Char(_) | LogicalType::Varchar(_))
}

pub(crate) fn is_bytes(ty: &LogicalType) -> bool {
    matches!(ty, LogicalType::Binary(_) | LogicalType::Varbinary(_))
}

pub(crate) fn is_timestamp(ty: &LogicalType) -> bool {
    matches!(ty, LogicalType::Timestamp(_) | LogicalType::TimestampLtz(_))
}

pub(crate) fn is_datetime(ty: &LogicalType) -> bool {
    is_timestamp(ty) || matches!(ty, LogicalType::Date | LogicalType::Time(_))
}

/// Whether columns of both have the same bytes, so that a cast changes no value. Texts of a bound length are no such types.
pub(crate) fn same_layout(from: &LogicalType, to: &LogicalType) -> bool {
    match (from, to) {
        (LogicalType::Char(n) | LogicalType::Varchar(n), LogicalType::Varchar(m)) => n <= m,
        (LogicalType::Binary(n) | LogicalType::Varbinary(n), LogicalType::Varbinary(m)) => n <= m,
        _ => from == to,
    }
}

/// As Flink's validator names a type in its messages: `<INTEGER>`, `<CHAR(1)>`, `<VARCHAR(2147483647)>`.
pub(crate) fn validator_name(ty: &LogicalType) -> String {
    match ty {
        LogicalType::Int => "<INTEGER>".to_owned(),
        LogicalType::Varchar(n) => format!("<VARCHAR({n})>"),
        LogicalType::Varbinary(n) => format!("<VARBINARY({n})>"),
        LogicalType::TimestampLtz(p) => format!("<TIMESTAMP_WITH_LOCAL_TIME_ZONE({p})>"),
        other => format!("<{other}>"),
    }
}
