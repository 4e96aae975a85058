//! Decimals: exact arithmetic, then HALF_UP to the result's scale; a result of too many digits is NULL (here `None`).
//!
//! Values are unscaled `i128`s of at most 38 digits; products and shifted values go through 256 bits.

use std::cmp::Ordering;

use arrow_buffer::i256;
use rows::LogicalType;

/// Precision and scale of a result.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) precision: u8,
    pub(crate) scale: u8,
}

impl Shape {
    /// Of a decimal type; others count as integers of 38 digits.
    pub(crate) fn of(ty: &LogicalType) -> Self {
        match ty {
            LogicalType::Decimal { precision, scale } => Self { precision: *precision, scale: *scale },
            _ => Self { precision: 38, scale: 0 },
        }
    }

    fn check(self, value: i128) -> Option<i128> {
        (value.unsigned_abs() < pow10(self.precision) as u128).then_some(value)
    }

    fn check_wide(self, value: i256) -> Option<i128> {
        value.to_i128().and_then(|value| self.check(value))
    }
}

pub(crate) fn scale_of(ty: &LogicalType) -> u8 {
    Shape::of(ty).scale
}

/// 10^n for n up to 38; 10^38 for more.
pub(crate) fn pow10(n: u8) -> i128 {
    10_i128.pow(u32::from(n.min(38)))
}

fn wide(value: i128) -> i256 {
    i256::from_i128(value)
}

/// 10^n for n up to 76, the most digits that 256 bits hold twice over.
fn wide_pow10(n: u8) -> i256 {
    wide(pow10(n)).wrapping_mul(wide(pow10(n.saturating_sub(38))))
}

/// The value at another scale and within a precision.
pub(crate) fn rescale(value: i128, from: u8, to: Shape) -> Option<i128> {
    match to.scale.cmp(&from) {
        Ordering::Equal => to.check(value),
        Ordering::Greater => value.checked_mul(pow10(to.scale - from)).and_then(|value| to.check(value)),
        Ordering::Less => to.check(round_div(value, pow10(from - to.scale))),
    }
}

/// `n / d` rounded half away from zero (HALF_UP); `d` is positive.
fn round_div(n: i128, d: i128) -> i128 {
    let (quotient, remainder) = (n / d, n % d);
    if remainder.unsigned_abs() >= d.unsigned_abs() - remainder.unsigned_abs() {
        quotient + n.signum()
    } else {
        quotient
    }
}

/// As [`round_div`]; `d` is at most 10^76.
fn round_div_wide(n: i256, d: i256) -> i256 {
    let (quotient, remainder) = (n.wrapping_div(d), n.wrapping_rem(d));
    let twice = remainder.wrapping_abs().wrapping_add(remainder.wrapping_abs());
    if twice < d {
        quotient
    } else if n.is_negative() {
        quotient.wrapping_sub(i256::ONE)
    } else {
        quotient.wrapping_add(i256::ONE)
    }
}

fn rescale_wide(value: i256, from: u8, to: Shape) -> Option<i128> {
    match to.scale.cmp(&from) {
        Ordering::Equal => to.check_wide(value),
        Ordering::Greater => value.checked_mul(wide(pow10(to.scale - from))).and_then(|value| to.check_wide(value)),
        // In one step, whatever the distance: two roundings could go up where one goes down.
        Ordering::Less => to.check_wide(round_div_wide(value, wide_pow10(from - to.scale))),
    }
}

pub(crate) fn add(a: i128, a_scale: u8, b: i128, b_scale: u8, to: Shape) -> Option<i128> {
    if a_scale == b_scale
        && a_scale == to.scale
        && let Some(sum) = a.checked_add(b)
    {
        return to.check(sum);
    }
    let scale = a_scale.max(b_scale);
    let a = wide(a).wrapping_mul(wide(pow10(scale - a_scale)));
    let b = wide(b).wrapping_mul(wide(pow10(scale - b_scale)));
    rescale_wide(a.wrapping_add(b), scale, to)
}

pub(crate) fn multiply(a: i128, a_scale: u8, b: i128, b_scale: u8, to: Shape) -> Option<i128> {
    let scale = a_scale + b_scale;
    if scale == to.scale
        && let Some(product) = a.checked_mul(b)
    {
        return to.check(product);
    }
    rescale_wide(wide(a).wrapping_mul(wide(b)), scale, to)
}

/// `b` is not zero.
pub(crate) fn divide(a: i128, a_scale: u8, b: i128, b_scale: u8, to: Shape) -> Option<i128> {
    let exponent = i32::from(to.scale) + i32::from(b_scale) - i32::from(a_scale);
    let negative = (a < 0) != (b < 0);
    let (a, b) = (wide(a).wrapping_abs(), wide(b).wrapping_abs());
    let divisor = if exponent < 0 { b.checked_mul(wide(pow10(-exponent as u8)))? } else { b };
    let (mut quotient, mut remainder) = (a.wrapping_div(divisor), a.wrapping_rem(divisor));
    let mut digits = exponent.max(0) as u8;
    while digits > 0 {
        let step = digits.min(37);
        let factor = wide(pow10(step));
        let shifted = remainder.checked_mul(factor)?;
        quotient = quotient.checked_mul(factor)?.checked_add(shifted.wrapping_div(divisor))?;
        remainder = shifted.wrapping_rem(divisor);
        digits -= step;
    }
    // 2 r >= d, without leaving 256 bits.
    if remainder >= divisor.wrapping_sub(remainder) {
        quotient = quotient.checked_add(i256::ONE)?;
    }
    to.check_wide(if negative { quotient.wrapping_neg() } else { quotient })
}

/// The remainder with the sign of `a`; `b` is not zero.
pub(crate) fn remainder(a: i128, a_scale: u8, b: i128, b_scale: u8, to: Shape) -> Option<i128> {
    let scale = a_scale.max(b_scale);
    let a = wide(a).wrapping_mul(wide(pow10(scale - a_scale)));
    let b = wide(b).wrapping_mul(wide(pow10(scale - b_scale)));
    rescale_wide(a.wrapping_rem(b), scale, to)
}

pub(crate) fn compare(a: i128, a_scale: u8, b: i128, b_scale: u8) -> Ordering {
    let scale = a_scale.max(b_scale);
    let a = wide(a).wrapping_mul(wide(pow10(scale - a_scale)));
    let b = wide(b).wrapping_mul(wide(pow10(scale - b_scale)));
    a.cmp(&b)
}

/// Towards zero, wrapped to 64 bits as Java narrows.
pub(crate) fn to_i64(value: i128, scale: u8) -> i64 {
    (value / pow10(scale)) as i64
}

/// The nearest double to the decimal number.
pub(crate) fn to_f64(value: i128, scale: u8) -> f64 {
    // Both are exact in a double then, so their quotient is correctly rounded.
    if value.unsigned_abs() < 1 << 53 && scale <= 22 {
        return value as f64 / 10_f64.powi(i32::from(scale));
    }
    format!("{value}e-{scale}").parse().unwrap_or(f64::NAN)
}

/// From the digits that print the double, as Java's `BigDecimal.valueOf`.
pub(crate) fn from_f64(value: f64, to: Shape) -> Option<i128> {
    if !value.is_finite() {
        return None;
    }
    parse(&format!("{value:e}"), to).ok().flatten()
}

/// Reads `-12.5`, `+.5`, `1e3`. `Err` if the text is no number, `Ok(None)` if it has too many digits for the type.
pub(crate) fn parse(text: &str, to: Shape) -> Result<Option<i128>, NotANumber> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        None => (text, 0),
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().map_err(|_| NotANumber)?),
    };
    let (negative, digits) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let bytes = || whole.bytes().chain(fraction.bytes());
    if whole.len() + fraction.len() == 0 || !bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NotANumber);
    }
    // How many of the digits, from the left, lie before or at the last digit that the scale keeps.
    let kept = whole.len() as i64 + i64::from(exponent) + i64::from(to.scale);
    let mut value: i128 = 0;
    for byte in bytes().take(kept.max(0) as usize) {
        match value.checked_mul(10).and_then(|value| value.checked_add(i128::from(byte - b'0'))) {
            Some(next) => value = next,
            None => return Ok(None),
        }
    }
    let missing = kept - bytes().count() as i64;
    if value != 0 && missing > 0 {
        let Some(shifted) = u8::try_from(missing).ok().filter(|n| *n <= 38).and_then(|n| value.checked_mul(pow10(n)))
        else {
            return Ok(None);
        };
        value = shifted;
    }
    if kept >= 0 && bytes().nth(kept as usize).is_some_and(|next| next >= b'5') {
        match value.checked_add(1) {
            Some(rounded) => value = rounded,
            None => return Ok(None),
        }
    }
    Ok(to.check(if negative { -value } else { value }))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotANumber;

/// Plain notation with exactly `scale` fractional digits.
pub(crate) fn text(value: i128, scale: u8) -> String {
    let mut out = Vec::new();
    write_text(&mut out, value, scale);
    String::from_utf8_lossy(&out).into_owned()
}

pub(crate) fn write_text(out: &mut Vec<u8>, value: i128, scale: u8) {
    let mut digits = [b'0'; 40];
    let mut rest = value.unsigned_abs();
    let mut start = digits.len();
    let least = usize::from(scale) + 1;
    while rest > 0 || digits.len() - start < least {
        start -= 1;
        digits[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    if value < 0 {
        out.push(b'-');
    }
    let point = digits.len() - usize::from(scale);
    out.extend_from_slice(&digits[start..point]);
    if scale > 0 {
        out.push(b'.');
        out.extend_from_slice(&digits[point..]);
    }
}

#[cfg(test)]
mod tests;
