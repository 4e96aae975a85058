//! Numbers.

use rows::LogicalType;

use super::{Body, Function, Param};
use crate::build::{strict, wrong_arguments};
use crate::error::TypeError;
use crate::expr::{ArithmeticOp, Expr};
use crate::kernel::args::Kernel;
use crate::kernel::number;
use crate::typing::{is_integer, is_numeric};

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "ABS",
        signature: "ABS(numeric)",
        doc: "The absolute value.",
        params: &[Param::Number],
        required: 1,
        variadic: false,
        body: Body::Strict { result: same, kernel: number::abs, symbol: None },
    },
    Function {
        name: "SIGN",
        signature: "SIGN(numeric)",
        doc: "-1, 0 or 1 as the number is negative, zero or positive.",
        params: &[Param::Number],
        required: 1,
        variadic: false,
        body: Body::Strict { result: same, kernel: number::sign, symbol: None },
    },
    Function {
        name: "FLOOR",
        signature: "FLOOR(numeric)",
        doc: "The largest whole number not above; FLOOR(time TO unit) rounds a time down.",
        params: &[Param::Number],
        required: 1,
        variadic: false,
        body: Body::Strict { result: whole, kernel: number::floor, symbol: None },
    },
    Function {
        name: "CEIL",
        signature: "CEIL(numeric)",
        doc: "The smallest whole number not below; CEIL(time TO unit) rounds a time up.",
        params: &[Param::Number],
        required: 1,
        variadic: false,
        body: Body::Strict { result: whole, kernel: number::ceil, symbol: None },
    },
    Function {
        name: "CEILING",
        signature: "CEILING(numeric)",
        doc: "The smallest whole number not below.",
        params: &[Param::Number],
        required: 1,
        variadic: false,
        body: Body::Strict { result: whole, kernel: number::ceil, symbol: None },
    },
    Function {
        name: "ROUND",
        signature: "ROUND(numeric [, digits])",
        doc: "Rounded half away from zero to that many fractional digits.",
        params: &[Param::Number, Param::Int],
        required: 1,
        variadic: false,
        body: Body::Build(round),
    },
    Function {
        name: "TRUNCATE",
        signature: "TRUNCATE(numeric [, digits])",
        doc: "Cut to that many fractional digits.",
        params: &[Param::Number, Param::Int],
        required: 1,
        variadic: false,
        body: Body::Build(truncate),
    },
    Function {
        name: "MOD",
        signature: "MOD(numeric1, numeric2)",
        doc: "The remainder of a division, with the sign of the dividend.",
        params: &[Param::Number, Param::Number],
        required: 2,
        variadic: false,
        body: Body::Build(modulo),
    },
    Function {
        name: "POWER",
        signature: "POWER(numeric1, numeric2)",
        doc: "The first number raised to the second.",
        params: &[Param::Double, Param::Double],
        required: 2,
        variadic: false,
        body: Body::Strict { result: double, kernel: number::power, symbol: None },
    },
    Function {
        name: "SQRT",
        signature: "SQRT(numeric)",
        doc: "The square root.",
        params: &[Param::Double],
        required: 1,
        variadic: false,
        body: Body::Strict { result: double, kernel: number::sqrt, symbol: None },
    },
    Function {
        name: "EXP",
        signature: "EXP(numeric)",
        doc: "e raised to the number.",
        params: &[Param::Double],
        required: 1,
        variadic: false,
        body: Body::Strict { result: double, kernel: number::exp, symbol: None },
    },
    Function {
        name: "LN",
        signature: "LN(numeric)",
        doc: "The natural logarithm.",
        params: &[Param::Double],
        required: 1,
        variadic: false,
        body: Body::Strict { result: double, kernel: number::ln, symbol: None },
    },
    Function {
        name: "LOG10",
        signature: "LOG10(numeric)",
        doc: "The logarithm to base 10.",
        params: &[Param::Double],
        required: 1,
        variadic: false,
        body: Body::Strict { result: double, kernel: number::log10, symbol: None },
    },
    Function {
        name: "LOG2",
        signature: "LOG2(numeric)",
        doc: "The logarithm to base 2.",
        params: &[Param::Double],
        required: 1,
        variadic: false,
        body: Body::Strict { result: double, kernel: number::log2, symbol: None },
    },
    Function {
        name: "LOG",
        signature: "LOG([base,] numeric)",
        doc: "The natural logarithm, or the one to a base.",
        params: &[Param::Double, Param::Double],
        required: 1,
        variadic: false,
        body: Body::Strict { result: double, kernel: number::log, symbol: None },
    },
];

fn same(args: &[Expr]) -> LogicalType {
    args.first().map_or(LogicalType::Int, |arg| arg.ty.clone())
}

fn double(_: &[Expr]) -> LogicalType {
    LogicalType::Double
}

/// A decimal loses its fraction.
fn whole(args: &[Expr]) -> LogicalType {
    match same(args) {
        LogicalType::Decimal { precision, .. } => LogicalType::Decimal { precision, scale: 0 },
        other => other,
    }
}

fn modulo(mut args: Vec<Expr>) -> Result<Expr, TypeError> {
    match (args.pop(), args.pop()) {
        (Some(right), Some(left)) => Expr::arithmetic(ArithmeticOp::Modulo, left, right),
        _ => Err(wrong_arguments("MOD", &args, &["MOD(<EXACT_NUMERIC>, <EXACT_NUMERIC>)"])),
    }
}

fn round(args: Vec<Expr>) -> Result<Expr, TypeError> {
    rounding("ROUND", number::round, args)
}

fn truncate(args: Vec<Expr>) -> Result<Expr, TypeError> {
    rounding("TRUNCATE", number::truncate, args)
}

fn rounding(name: &'static str, kernel: Kernel, args: Vec<Expr>) -> Result<Expr, TypeError> {
    let wrong =
        wrong_arguments(name, &args, &[&format!("{name}(<NUMERIC>)"), &format!("{name}(<NUMERIC>, <INTEGER>)")]);
    let mut args = args.into_iter();
    let (Some(value), digits) = (args.next(), args.next().unwrap_or_else(|| Expr::int(0))) else { return Err(wrong) };
    if !is_numeric(&value.ty) || !is_integer(&digits.ty) {
        return Err(wrong);
    }
    let ty = match (&value.ty, digits.as_integer_literal()) {
        (LogicalType::Decimal { precision, scale }, Some(kept)) => rounded(*precision, *scale, kept),
        (ty, _) => ty.clone(),
    };
    Ok(strict(name, kernel, vec![value, digits.into_type(LogicalType::Int)], ty, None))
}

/// A decimal rounded to `kept` fractional digits: rounding may add one digit before the point.
fn rounded(precision: u8, scale: u8, kept: i64) -> LogicalType {
    let (p, s) = (i64::from(precision), i64::from(scale));
    if kept >= s {
        return LogicalType::Decimal { precision, scale };
    }
    let precision = (1 + p - s + kept.max(0)).clamp(1, 38);
    LogicalType::Decimal { precision: precision as u8, scale: kept.max(0) as u8 }
}
