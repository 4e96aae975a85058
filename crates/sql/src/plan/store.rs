//! What INSERT converts by itself.

use eval::Expr;
use rows::LogicalType;

/// Whether a value of a type goes into a column of another without a CAST: Flink's `LogicalTypeCasts.supportsImplicitCast`,
/// as Flink 2.3 answers for each pair.
pub(super) fn converts(from: &LogicalType, to: &LogicalType) -> bool {
    use LogicalType::{
        BigInt, Binary, Char, Date, Decimal, Double, Float, Int, Null, SmallInt, Time, Timestamp, TimestampLtz,
        TinyInt, Varbinary, Varchar,
    };
    match (from, to) {
        (Null, _) => true,
        (TinyInt, SmallInt | Int | BigInt) | (SmallInt, Int | BigInt) | (Int, BigInt) => true,
        (TinyInt | SmallInt | Int | BigInt | Decimal { .. }, Float | Double | Decimal { .. }) => true,
        (Float, Double | Decimal { .. }) | (Double, Decimal { .. }) => true,
        (Char(_), Char(_) | Varchar(_)) | (Varchar(_), Varchar(_)) => true,
        (Binary(_), Binary(_) | Varbinary(_)) | (Varbinary(_), Varbinary(_)) => true,
        (Time(_), Time(_)) | (Timestamp(_), Date | Time(_)) => true,
        (Timestamp(_) | TimestampLtz(_), Timestamp(_) | TimestampLtz(_)) => true,
        _ => from == to,
    }
}

/// The value in the column's type. `Err` has what the user can do.
pub(super) fn stored(value: &Expr, to: &LogicalType) -> Result<Expr, Option<String>> {
    let cure = || Some(format!("cast it: CAST(… AS {to})"));
    if !converts(value.ty(), to) {
        return Err(cure());
    }
    value.clone().cast(to.clone()).map_err(|error| error.hint.or_else(cure))
}
