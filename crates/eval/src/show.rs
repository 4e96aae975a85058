//! Printing an expression as SQL.

use std::fmt;

use rows::LogicalType;

use crate::calendar;
use crate::expr::{Call, CastFailure, Expr, Node, Symbol, TrimSide};
use crate::kernel::{decimal, double_text};
use crate::scalar::Scalar;

/// Prints as SQL, with the parentheses and casts that make it unambiguous.
impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.node {
            Node::Column { name, .. } => f.write_str(name),
            Node::Literal(scalar) => literal(f, scalar, &self.ty),
            Node::Cast { input, failure: CastFailure::Error } => write!(f, "CAST({input} AS {})", self.ty),
            Node::Cast { input, failure: CastFailure::Null } => write!(f, "TRY_CAST({input} AS {})", self.ty),
            Node::Call(function) => call(f, function),
            Node::Case { branches, otherwise } => {
                f.write_str("CASE")?;
                for (when, then) in branches {
                    write!(f, " WHEN {when} THEN {then}")?;
                }
                write!(f, " ELSE {otherwise} END")
            }
            Node::Coalesce(terms) => {
                f.write_str("COALESCE")?;
                joined(f, terms, ", ")
            }
            Node::And(terms) => joined(f, terms, " AND "),
            Node::Or(terms) => joined(f, terms, " OR "),
            Node::Not(input) => write!(f, "NOT {input}"),
            Node::Is { input, test } => write!(f, "{input} {}", test.sql()),
            Node::Compare { op, left, right } => write!(f, "({left} {} {right})", op.sql()),
            Node::Arithmetic { op, left, right } => write!(f, "({left} {} {right})", op.sql()),
            Node::Negate(input) => write!(f, "-{input}"),
        }
    }
}

fn literal(f: &mut fmt::Formatter<'_>, scalar: &Scalar, ty: &LogicalType) -> fmt::Result {
    match scalar {
        Scalar::Null => f.write_str("NULL"),
        Scalar::Boolean(true) => f.write_str("TRUE"),
        Scalar::Boolean(false) => f.write_str("FALSE"),
        Scalar::TinyInt(v) => write!(f, "{v}"),
        Scalar::SmallInt(v) => write!(f, "{v}"),
        Scalar::Int(v) => write!(f, "{v}"),
        Scalar::BigInt(v) => write!(f, "{v}"),
        Scalar::Float(v) => f.write_str(&double_text::float(*v)),
        Scalar::Double(v) => f.write_str(&double_text::double(*v)),
        Scalar::Decimal(v) => f.write_str(&decimal::text(*v, decimal::scale_of(ty))),
        Scalar::Text(v) => write!(f, "'{}'", v.replace('\'', "''")),
        Scalar::Bytes(v) => {
            f.write_str("X'")?;
            v.iter().try_for_each(|byte| write!(f, "{byte:02X}"))?;
            f.write_str("'")
        }
        Scalar::Date(v) => write!(f, "DATE '{}'", calendar::date_text(*v)),
        Scalar::Time(v) => write!(f, "TIME '{}'", calendar::time_text(*v, 6)),
        Scalar::Timestamp(v) => {
            let precision = calendar::precision_of(ty);
            write!(f, "TIMESTAMP '{}'", calendar::Moment::unpack(*v, precision).text(precision))
        }
    }
}

fn call(f: &mut fmt::Formatter<'_>, call: &Call) -> fmt::Result {
    write!(f, "{}(", call.name)?;
    match call.symbol {
        Some(Symbol::Unit(unit)) => write!(f, "{} ", unit.name())?,
        Some(Symbol::Trim(TrimSide::Both)) => f.write_str("BOTH ")?,
        Some(Symbol::Trim(TrimSide::Leading)) => f.write_str("LEADING ")?,
        Some(Symbol::Trim(TrimSide::Trailing)) => f.write_str("TRAILING ")?,
        Some(Symbol::Escape(_)) | None => {}
    }
    for (index, arg) in call.args.iter().enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        write!(f, "{separator}{arg}")?;
    }
    f.write_str(")")
}

fn joined(f: &mut fmt::Formatter<'_>, terms: &[Expr], by: &str) -> fmt::Result {
    f.write_str("(")?;
    for (index, term) in terms.iter().enumerate() {
        let separator = if index == 0 { "" } else { by };
        write!(f, "{separator}{term}")?;
    }
    f.write_str(")")
}
