//! Times.

use rows::LogicalType;

use super::{Body, Function, Param};
use crate::build::{strict, wrong_arguments};
use crate::error::TypeError;
use crate::expr::{Expr, TimeUnit};
use crate::kernel::time::convert;
use crate::typing::{is_approximate, is_integer, is_numeric, is_text, is_timestamp};

pub(super) const FUNCTIONS: &[Function] = &[
    part("YEAR", "YEAR(date)", "The year.", year),
    part("QUARTER", "QUARTER(date)", "The quarter of the year, 1 to 4.", quarter),
    part("MONTH", "MONTH(date)", "The month of the year, 1 to 12.", month),
    part("WEEK", "WEEK(date)", "The ISO week of the year, 1 to 53.", week),
    part("DAYOFYEAR", "DAYOFYEAR(date)", "The day of the year, 1 to 366.", day_of_year),
    part("DAYOFMONTH", "DAYOFMONTH(date)", "The day of the month, 1 to 31.", day_of_month),
    part("DAYOFWEEK", "DAYOFWEEK(date)", "The day of the week, 1 (Sunday) to 7.", day_of_week),
    part("HOUR", "HOUR(timestamp)", "The hour of the day, 0 to 23.", hour),
    part("MINUTE", "MINUTE(timestamp)", "The minute of the hour, 0 to 59.", minute),
    part("SECOND", "SECOND(timestamp)", "The second of the minute, 0 to 59.", second),
    Function {
        name: "DATE_FORMAT",
        signature: "DATE_FORMAT(timestamp, pattern)",
        doc: "The timestamp as text, by a pattern such as yyyy-MM-dd HH:mm:ss.",
        params: &[Param::Any, Param::Text],
        required: 2,
        variadic: false,
        body: Body::Build(date_format),
    },
    Function {
        name: "TO_DATE",
        signature: "TO_DATE(string [, pattern])",
        doc: "The date that a text stands for, yyyy-MM-dd by default; NULL where it is none.",
        params: &[Param::Text, Param::Text],
        required: 1,
        variadic: false,
        body: Body::Nullable { result: date, kernel: convert::to_date, symbol: None },
    },
    Function {
        name: "TO_TIMESTAMP",
        signature: "TO_TIMESTAMP(string [, pattern])",
        doc: "The timestamp that a text stands for, yyyy-MM-dd HH:mm:ss by default; NULL where it is none.",
        params: &[Param::Text, Param::Text],
        required: 1,
        variadic: false,
        body: Body::Nullable { result: timestamp, kernel: convert::to_timestamp, symbol: None },
    },
    Function {
        name: "TO_TIMESTAMP_LTZ",
        signature: "TO_TIMESTAMP_LTZ(number [, precision])",
        doc: "The moment so many seconds (precision 0), milliseconds (3, the default), microseconds (6) or nanoseconds (9) after 1970.",
        params: &[Param::Any, Param::Int],
        required: 1,
        variadic: false,
        body: Body::Build(to_timestamp_ltz),
    },
    Function {
        name: "UNIX_TIMESTAMP",
        signature: "UNIX_TIMESTAMP(string [, pattern])",
        doc: "The seconds since 1970 of a local time, yyyy-MM-dd HH:mm:ss by default.",
        params: &[Param::Text, Param::Text],
        required: 1,
        variadic: false,
        body: Body::Strict { result: big_int, kernel: convert::unix_timestamp, symbol: None },
    },
    Function {
        name: "FROM_UNIXTIME",
        signature: "FROM_UNIXTIME(seconds [, pattern])",
        doc: "The local time so many seconds after 1970 as text, yyyy-MM-dd HH:mm:ss by default.",
        params: &[Param::BigInt, Param::Text],
        required: 1,
        variadic: false,
        body: Body::Nullable { result: string, kernel: convert::from_unixtime, symbol: None },
    },
];

const fn part(
    name: &'static str,
    signature: &'static str,
    doc: &'static str,
    build: fn(Vec<Expr>) -> Result<Expr, TypeError>,
) -> Function {
    Function { name, signature, doc, params: &[Param::Any], required: 1, variadic: false, body: Body::Build(build) }
}

fn extract(mut args: Vec<Expr>, unit: TimeUnit) -> Result<Expr, TypeError> {
    match args.pop() {
        Some(arg) => arg.extract(unit),
        None => Err(wrong_arguments("EXTRACT", &[], &["EXTRACT(<DATETIME_INTERVAL> FROM <DATETIME>)"])),
    }
}

fn year(args: Vec<Expr>) -> Result<Expr, TypeError> {
    extract(args, TimeUnit::Year)
}

fn quarter(args: Vec<Expr>) -> Result<Expr, TypeError> {
    extract(args, TimeUnit::Quarter)
}

fn month(args: Vec<Expr>) -> Result<Expr, TypeError> {
    extract(args, TimeUnit::Month)
}

fn week(args: Vec<Expr>) -> Result<Expr, TypeError> {
    extract(args, TimeUnit::Week)
}

fn day_of_year(args: Vec<Expr>) -> Result<Expr, TypeError> {
    extract(args, TimeUnit::DayOfYear)
}

fn day_of_month(args: Vec<Expr>) -> Result<Expr, TypeError> {
    extract(args, TimeUnit::Day)
}

fn day_of_week(args: Vec<Expr>) -> Result<Expr, TypeError> {
    extract(args, TimeUnit::DayOfWeek)
}

fn hour(args: Vec<Expr>) -> Result<Expr, TypeError> {
    extract(args, TimeUnit::Hour)
}

fn minute(args: Vec<Expr>) -> Result<Expr, TypeError> {
    extract(args, TimeUnit::Minute)
}

fn second(args: Vec<Expr>) -> Result<Expr, TypeError> {
    extract(args, TimeUnit::Second)
}

fn string(_: &[Expr]) -> LogicalType {
    LogicalType::STRING
}

fn date(_: &[Expr]) -> LogicalType {
    LogicalType::Date
}

fn timestamp(_: &[Expr]) -> LogicalType {
    LogicalType::Timestamp(3)
}

fn big_int(_: &[Expr]) -> LogicalType {
    LogicalType::BigInt
}

fn date_format(args: Vec<Expr>) -> Result<Expr, TypeError> {
    let kernel = match args.first().map(|arg| &arg.ty) {
        Some(ty) if is_timestamp(ty) => convert::date_format,
        Some(ty) if is_text(ty) => convert::date_format_of_text,
        _ => return Err(wrong_date_format(&args)),
    };
    if !args.get(1).is_some_and(|pattern| is_text(&pattern.ty)) {
        return Err(wrong_date_format(&args));
    }
    let mut expr = strict("DATE_FORMAT", kernel, args, LogicalType::STRING, None);
    expr.nullable = true;
    Ok(expr)
}

fn wrong_date_format(args: &[Expr]) -> TypeError {
    const FORMS: &[&str] = &["DATE_FORMAT(<TIMESTAMP>, <CHARACTER>)", "DATE_FORMAT(<CHARACTER>, <CHARACTER>)"];
    wrong_arguments("DATE_FORMAT", args, FORMS)
}

fn to_timestamp_ltz(args: Vec<Expr>) -> Result<Expr, TypeError> {
    const FORMS: &[&str] =
        &["TO_TIMESTAMP_LTZ(<NUMERIC>)", "TO_TIMESTAMP_LTZ(<NUMERIC>, <INTEGER>)", "TO_TIMESTAMP_LTZ(<CHARACTER>)"];
    let wrong = wrong_arguments("TO_TIMESTAMP_LTZ", &args, FORMS);
    let mut args = args.into_iter();
    let Some(value) = args.next() else { return Err(wrong) };
    let precision = args.next();
    if is_text(&value.ty) && precision.is_none() {
        let mut expr = strict(
            "TO_TIMESTAMP_LTZ",
            convert::to_timestamp_ltz_of_text,
            vec![value],
            LogicalType::TimestampLtz(3),
            None,
        );
        expr.nullable = true;
        return Ok(expr);
    }
    let precision = precision.unwrap_or_else(|| Expr::int(3));
    if !is_numeric(&value.ty) || !is_integer(&precision.ty) {
        return Err(wrong);
    }
    let Some(digits) = precision.as_integer_literal().filter(|digits| (0..=9).contains(digits)) else {
        return Err(TypeError::new("The precision of TO_TIMESTAMP_LTZ must be a literal from 0 to 9").argument(1));
    };
    let ty = LogicalType::TimestampLtz((digits as u8).max(3));
    let value = if is_integer(&value.ty) {
        value.into_type(LogicalType::BigInt)
    } else if is_approximate(&value.ty) {
        value.into_type(LogicalType::Double)
    } else {
        value
    };
    let args = vec![value, precision.into_type(LogicalType::Int)];
    let mut expr = strict("TO_TIMESTAMP_LTZ", convert::to_timestamp_ltz, args, ty, None);
    expr.nullable = true;
    Ok(expr)
}
