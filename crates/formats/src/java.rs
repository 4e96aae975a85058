//! Numbers, dates and times as Java writes them, which is how Flink shows them.

use crate::convert::civil::{DAY_SECONDS, SECOND_NANOS, date};

/// `Double.toString`: the shortest digits that read back, with an exponent from 10^7 and below 10^-3.
pub(crate) fn double(value: f64, out: &mut String) {
    floating(&format!("{value:e}"), out);
}

/// `Float.toString`.
pub(crate) fn float(value: f32, out: &mut String) {
    floating(&format!("{value:e}"), out);
}

/// `rust` is Rust's scientific form: `-1.5e-7`, `-0e0`, `NaN`, `-inf`.
fn floating(rust: &str, out: &mut String) {
    let magnitude = rust.trim_start_matches('-');
    if magnitude.len() < rust.len() {
        out.push('-');
    }
    let Some((mantissa, exponent)) = magnitude.split_once('e') else {
        return out.push_str(if magnitude == "inf" { "Infinity" } else { magnitude });
    };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    if (-3..7).contains(&exponent) {
        place_point(&digits, exponent + 1, out);
    } else {
        place_point(&digits, 1, out);
        out.push_str(&format!("E{exponent}"));
    }
}

/// Writes `digits` with the point after `whole` of them, zeros filled in, and at least one digit on both sides.
fn place_point(digits: &str, whole: i32, out: &mut String) {
    let (zeros_before, whole) = (usize::try_from(-whole).unwrap_or(0), usize::try_from(whole).unwrap_or(0));
    if whole == 0 {
        out.push_str("0.");
        out.extend(std::iter::repeat_n('0', zeros_before));
        out.push_str(digits);
        return;
    }
    let (before, after) = digits.split_at(whole.min(digits.len()));
    out.push_str(before);
    out.extend(std::iter::repeat_n('0', whole - before.len()));
    out.push('.');
    out.push_str(if after.is_empty() { "0" } else { after });
}

/// `BigDecimal.toPlainString`.
pub(crate) fn decimal_plain(unscaled: i128, scale: u8, out: &mut String) {
    let (digits, scale) = (unscaled.unsigned_abs().to_string(), usize::from(scale));
    if unscaled < 0 {
        out.push('-');
    }
    if scale == 0 {
        return out.push_str(&digits);
    }
    let padded = format!("{digits:0>width$}", width = scale + 1);
    let (before, after) = padded.split_at(padded.len() - scale);
    out.push_str(before);
    out.push('.');
    out.push_str(after);
}

/// `BigDecimal.toString`: plain, unless that would begin with more than five zeros behind the point.
pub(crate) fn decimal(unscaled: i128, scale: u8, out: &mut String) {
    decimal_scaled(unscaled, i32::from(scale), out);
}

/// `BigDecimal.stripTrailingZeros().toString`, which makes 100 `1E+2`.
pub(crate) fn decimal_stripped(unscaled: i128, scale: u8, out: &mut String) {
    let (mut unscaled, mut scale) = (unscaled, i32::from(scale));
    if unscaled == 0 {
        scale = 0;
    }
    while unscaled != 0 && unscaled % 10 == 0 {
        unscaled /= 10;
        scale -= 1;
    }
    decimal_scaled(unscaled, scale, out);
}

fn decimal_scaled(unscaled: i128, scale: i32, out: &mut String) {
    let digits = unscaled.unsigned_abs().to_string();
    let exponent = digits.len() as i32 - 1 - scale;
    if scale >= 0 && exponent >= -6 {
        return decimal_plain(unscaled, scale as u8, out);
    }
    if unscaled < 0 {
        out.push('-');
    }
    let (first, rest) = digits.split_at(1);
    out.push_str(first);
    if !rest.is_empty() {
        out.push('.');
        out.push_str(rest);
    }
    if exponent != 0 {
        out.push_str(&format!("E{exponent:+}"));
    }
}

/// `LocalDate.toString`, of days since 1970.
pub(crate) fn local_date(days: i64, out: &mut String) {
    let (year, month, day) = date(days);
    match year {
        10_000.. => out.push_str(&format!("+{year}")),
        0.. => out.push_str(&format!("{year:04}")),
        _ => out.push_str(&format!("{year:05}")),
    }
    out.push_str(&format!("-{month:02}-{day:02}"));
}

/// How much of a time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeStyle {
    /// `LocalTime.toString`: seconds only if there are some, fractions in threes of digits.
    Shortest,
    /// `Instant.toString`: seconds always, fractions in threes of digits.
    Seconds,
    /// Flink's SQL form: seconds always, fractions without trailing zeros.
    Stripped,
}

/// A time of day.
pub(crate) fn local_time(seconds: i64, nanos: i64, style: TimeStyle, out: &mut String) {
    out.push_str(&format!("{:02}:{:02}", seconds / 3_600, seconds / 60 % 60));
    if style == TimeStyle::Shortest && seconds % 60 == 0 && nanos == 0 {
        return;
    }
    out.push_str(&format!(":{:02}", seconds % 60));
    if nanos == 0 {
        return;
    }
    let digits = format!("{nanos:09}");
    let shown = digits.trim_end_matches('0').len();
    let shown = if style == TimeStyle::Stripped { shown } else { shown.next_multiple_of(3) };
    out.push('.');
    out.extend(digits.chars().take(shown));
}

/// A timestamp, of seconds since 1970 and nanoseconds.
pub(crate) fn timestamp(seconds: i64, nanos: i64, separator: char, style: TimeStyle, out: &mut String) {
    local_date(seconds.div_euclid(DAY_SECONDS), out);
    out.push(separator);
    local_time(seconds.rem_euclid(DAY_SECONDS), nanos, style, out);
}

/// Seconds and nanoseconds of a count of parts of a second, `per_second` of them.
pub(crate) fn split(count: i64, per_second: i64) -> (i64, i64) {
    (count.div_euclid(per_second), count.rem_euclid(per_second) * (SECOND_NANOS / per_second))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut String)) -> String {
        let mut text = String::new();
        write(&mut text);
        text
    }

    /// As printed by Flink 2.3.
    #[test]
    fn floating_numbers_are_written_as_java_writes_them() {
        for (value, text) in [
            (0.001, "0.001"),
            (0.00099, "9.9E-4"),
            (9_999_999.0, "9999999.0"),
            (1e7, "1.0E7"),
            (12_345_678.9, "1.23456789E7"),
            (1e300, "1.0E300"),
            (0.002, "0.002"),
            (100.0, "100.0"),
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (-1.5, "-1.5"),
            (123_456_789_012_345_680.0, "1.2345678901234568E17"),
            (2.0000000000000004, "2.0000000000000004"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(written(|out| double(value, out)), text);
        }
        for (value, text) in [(0.1, "0.1"), (3.4e38, "3.4E38"), (16_777_216.0, "1.6777216E7"), (0.3, "0.3")] {
            assert_eq!(written(|out| float(value, out)), text);
        }
    }

    /// As printed by Flink 2.3: print, json, json with decimal-as-plain-number.
    #[test]
    fn decimals_are_written_as_java_writes_them() {
        for (unscaled, scale, shown, stripped, plain) in [
            (1_000, 10, "1.000E-7", "1E-7", "0.0000001000"),
            (0, 10, "0E-10", "0", "0.0000000000"),
            (0, 0, "0", "0", "0"),
            (0, 2, "0.00", "0", "0.00"),
            (-12_345, 10, "-0.0000012345", "-0.0000012345", "-0.0000012345"),
            (-1_000_000_000, 0, "-1000000000", "-1E+9", "-1000000000"),
            (1_230, 2, "12.30", "12.3", "12.30"),
            (10, 7, "0.0000010", "0.000001", "0.0000010"),
            (12_000_000_000, 7, "1200.0000000", "1.2E+3", "1200.0000000"),
            (9_999_999_999, 0, "9999999999", "9999999999", "9999999999"),
        ] {
            assert_eq!(written(|out| decimal(unscaled, scale, out)), shown);
            assert_eq!(written(|out| decimal_stripped(unscaled, scale, out)), stripped);
            assert_eq!(written(|out| decimal_plain(unscaled, scale, out)), plain);
        }
    }

    #[test]
    fn times_are_written_as_java_writes_them() {
        let check = |seconds, nanos, shortest: &str, with_seconds: &str, stripped: &str| {
            for (style, text) in
                [(TimeStyle::Shortest, shortest), (TimeStyle::Seconds, with_seconds), (TimeStyle::Stripped, stripped)]
            {
                assert_eq!(written(|out| timestamp(seconds, nanos, 'T', style, out)), text);
            }
        };
        check(1_704_067_200, 0, "2024-01-01T00:00", "2024-01-01T00:00:00", "2024-01-01T00:00:00");
        let tenth = "2024-01-01T12:13:00.100";
        check(1_704_111_180, 100_000_000, tenth, tenth, "2024-01-01T12:13:00.1");
        let nano = "2024-01-01T12:13:14.000000001";
        check(1_704_111_194, 1, nano, nano, nano);
        let before = "1969-12-31T23:59:59.999";
        check(-1, 999_000_000, before, before, before);
        check(-62_135_596_800, 0, "0001-01-01T00:00", "0001-01-01T00:00:00", "0001-01-01T00:00:00");
        assert_eq!(written(|out| local_date(-719_529, out)), "-0001-12-31");
        assert_eq!(written(|out| local_date(2_932_897, out)), "+10000-01-01");
    }
}
