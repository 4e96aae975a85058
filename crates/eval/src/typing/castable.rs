//! Which explicit casts exist.

use rows::LogicalType;

use super::{is_bytes, is_numeric, is_text, is_timestamp};

/// Whether `CAST(from AS to)` has a meaning in Flink.
pub(crate) fn explicitly(from: &LogicalType, to: &LogicalType) -> bool {
    use LogicalType::{Boolean, Date, Null, Time, Timestamp};
    match (from, to) {
        (_, Null) => false,
        (Null, _) => true,
        (LogicalType::Map(..) | LogicalType::Array(_), _) | (_, LogicalType::Map(..) | LogicalType::Array(_)) => {
            from == to
        }
        _ if is_text(from) => true,
        _ if is_text(to) => true,
        (_, _) if is_bytes(from) => is_bytes(to),
        (_, _) if is_bytes(to) => false,
        (Boolean, _) => matches!(to, Boolean) || is_numeric(to),
        (_, Boolean) => is_numeric(from),
        (_, _) if is_numeric(from) => is_numeric(to),
        (Date, _) => matches!(to, Date) || is_timestamp(to),
        (Time(_), _) => matches!(to, Time(_)) || matches!(to, Timestamp(_)),
        (_, _) if is_timestamp(from) => is_timestamp(to) || matches!(to, Date | Time(_)),
        _ => false,
    }
}
