//! Doubles and floats as Java prints them: the shortest digits that read back, at least one after the point, and an exponent
//! below 10^-3 and from 10^7.

pub(crate) fn double(value: f64) -> String {
    if value.is_finite() {
        let shortest = format!("{value:e}");
        // Java prefers two digits to one where both read back: 4.9E-324, not 5.0E-324.
        let two = format!("{value:.1e}");
        let better = !shortest.contains('.') && two.parse::<f64>() == Ok(value);
        return layout(if better { &two } else { &shortest });
    }
    special(value).to_owned()
}

pub(crate) fn float(value: f32) -> String {
    if value.is_finite() {
        let shortest = format!("{value:e}");
        let two = format!("{value:.1e}");
        let better = !shortest.contains('.') && two.parse::<f32>() == Ok(value);
        return layout(if better { &two } else { &shortest });
    }
    special(f64::from(value)).to_owned()
}

fn special(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

/// From `-1.25e7` to `-1.25E7`, from `1.25e2` to `125.0`.
fn layout(scientific: &str) -> String {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let (first, rest) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let rest = rest.trim_end_matches('0');
    let or_zero = |digits: &str| if digits.is_empty() { "0".to_owned() } else { digits.to_owned() };
    if first == "0" {
        return format!("{sign}0.0");
    }
    match exponent {
        -3..=-1 => format!("{sign}0.{}{first}{rest}", "0".repeat((-exponent - 1) as usize)),
        0..=6 => {
            let padded = format!("{rest:0<width$}", width = exponent as usize);
            let (whole, fraction) = padded.split_at(exponent as usize);
            format!("{sign}{first}{whole}.{}", or_zero(fraction))
        }
        _ => format!("{sign}{first}.{}E{exponent}", or_zero(rest)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_print_as_java_prints_them() {
        for (value, expected) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (100.0, "100.0"),
            (1.0e7, "1.0E7"),
            (9_999_999.0, "9999999.0"),
            (1_234_567.891, "1234567.891"),
            (123_456_789.123, "1.23456789123E8"),
            (0.001, "0.001"),
            (0.000_12, "1.2E-4"),
            (0.012_5, "0.0125"),
            (f64::MIN_POSITIVE, "2.2250738585072014E-308"),
            (5e-324, "4.9E-324"),
            (f64::MAX, "1.7976931348623157E308"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(double(value), expected);
        }
        assert_eq!(float(3.402_823_5e38), "3.4028235E38");
        assert_eq!(float(1e-45), "1.4E-45");
        assert_eq!(float(0.1), "0.1");
    }
}
