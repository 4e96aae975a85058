//! Cells as the oracle prints them: Java's `toString` of Flink's external objects.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Time64MicrosecondType, TimestampMicrosecondType, TimestampNanosecondType,
};
use arrow_array::{Array, ArrayRef};
use rows::LogicalType;

pub(crate) fn cell(column: &ArrayRef, ty: &LogicalType, row: usize) -> String {
    if column.is_null(row) {
        return "NULL".to_owned();
    }
    match ty {
        LogicalType::Boolean => column.as_boolean().value(row).to_string(),
        LogicalType::TinyInt => column.as_primitive::<Int8Type>().value(row).to_string(),
        LogicalType::SmallInt => column.as_primitive::<Int16Type>().value(row).to_string(),
        LogicalType::Int => column.as_primitive::<Int32Type>().value(row).to_string(),
        LogicalType::BigInt => column.as_primitive::<Int64Type>().value(row).to_string(),
        LogicalType::Float => java(f64::from(column.as_primitive::<Float32Type>().value(row)), |digits| {
            digits.parse() == Ok(column.as_primitive::<Float32Type>().value(row))
        }),
        LogicalType::Double => {
            let value = column.as_primitive::<Float64Type>().value(row);
            java(value, |digits| digits.parse() == Ok(value))
        }
        LogicalType::Decimal { scale, .. } => decimal(column.as_primitive::<Decimal128Type>().value(row), *scale),
        LogicalType::Char(_) | LogicalType::Varchar(_) => text(column.as_string::<i32>().value(row)),
        LogicalType::Binary(_) | LogicalType::Varbinary(_) => {
            let bytes = column.as_binary::<i32>().value(row);
            bytes.iter().fold("x".to_owned(), |text, byte| format!("{text}{byte:02x}"))
        }
        LogicalType::Date => date(i64::from(column.as_primitive::<Date32Type>().value(row))),
        LogicalType::Time(_) => time(column.as_primitive::<Time64MicrosecondType>().value(row) * 1000),
        LogicalType::Timestamp(p) => timestamp(column, *p, row),
        LogicalType::TimestampLtz(p) => instant(column, *p, row),
        other => panic!("no cells of {other}"),
    }
}

/// The shortest digits that read back, found by trying; an independent check of our own printing.
fn java(value: f64, reads_back: impl Fn(&str) -> bool) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    if value == 0.0 {
        return if value.is_sign_negative() { "-0.0" } else { "0.0" }.to_owned();
    }
    let shortest =
        (1..18).map(|digits| format!("{value:.digits$e}")).find(|text| reads_back(text)).expect("17 digits read back");
    let (mantissa, exponent) = shortest.split_once('e').expect("an exponent");
    let exponent: i32 = exponent.parse().expect("a number");
    let sign = if value < 0.0 { "-" } else { "" };
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_end_matches('0');
    let point = |digits: String, at: usize| {
        let padded = format!("{digits:0<width$}", width = at + 1);
        let (whole, fraction) = padded.split_at(at);
        format!("{sign}{whole}.{fraction}")
    };
    match exponent {
        -3..=-1 => point(format!("{}{digits}", "0".repeat(-exponent as usize)), 1),
        0..=6 => point(digits.to_owned(), exponent as usize + 1),
        _ => format!("{}E{exponent}", point(digits.to_owned(), 1)),
    }
}

fn decimal(value: i128, scale: u8) -> String {
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = usize::from(scale) + 1);
    let (whole, fraction) = digits.split_at(digits.len() - usize::from(scale));
    let sign = if value < 0 { "-" } else { "" };
    if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

fn text(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\0', "\\0");
    format!("'{escaped}'")
}

/// Day by day: slow, and right by its simplicity.
fn date(day: i64) -> String {
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let (mut year, mut rest) = (1970, day);
    while rest < 0 {
        year -= 1;
        rest += if leap(year) { 366 } else { 365 };
    }
    while rest >= if leap(year) { 366 } else { 365 } {
        rest -= if leap(year) { 366 } else { 365 };
        year += 1;
    }
    let lengths = [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while rest >= lengths[month] {
        rest -= lengths[month];
        month += 1;
    }
    format!("{year:04}-{:02}-{:02}", month + 1, rest + 1)
}

/// As `LocalTime`: no seconds where they are zero, fractions by three digits.
fn time(nanos: i64) -> String {
    let (seconds, fraction) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    let mut text = format!("{:02}:{:02}", seconds / 3600, seconds / 60 % 60);
    if seconds % 60 != 0 || fraction != 0 {
        text.push_str(&format!(":{:02}", seconds % 60));
    }
    text.push_str(&fraction_text(fraction));
    text
}

fn fraction_text(nanos: i64) -> String {
    match nanos {
        0 => String::new(),
        _ if nanos % 1_000_000 == 0 => format!(".{:03}", nanos / 1_000_000),
        _ if nanos % 1000 == 0 => format!(".{:06}", nanos / 1000),
        _ => format!(".{nanos:09}"),
    }
}

fn nanos_since_1970(column: &ArrayRef, precision: u8, row: usize) -> i128 {
    if precision <= 6 {
        i128::from(column.as_primitive::<TimestampMicrosecondType>().value(row)) * 1000
    } else {
        i128::from(column.as_primitive::<TimestampNanosecondType>().value(row))
    }
}

fn timestamp(column: &ArrayRef, precision: u8, row: usize) -> String {
    const DAY: i128 = 86_400_000_000_000;
    let nanos = nanos_since_1970(column, precision, row);
    format!("{}T{}", date(nanos.div_euclid(DAY) as i64), time(nanos.rem_euclid(DAY) as i64))
}

/// As `Instant`: always with seconds.
fn instant(column: &ArrayRef, precision: u8, row: usize) -> String {
    const DAY: i128 = 86_400_000_000_000;
    let nanos = nanos_since_1970(column, precision, row);
    let of_day = nanos.rem_euclid(DAY) as i64;
    let seconds = of_day / 1_000_000_000;
    format!(
        "{}T{:02}:{:02}:{:02}{}Z",
        date(nanos.div_euclid(DAY) as i64),
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        fraction_text(of_day % 1_000_000_000)
    )
}
