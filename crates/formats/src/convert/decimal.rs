//! Decimals: from digits with an exponent, and from Debezium's base64 of the unscaled value.

use super::base64::Alphabet;
use super::form::{DecimalForm, Fault};
use super::numbers::trim;
use crate::scan::{Scanner, Token};

const DIGITS: Fault = Fault::Expected("a decimal number");
const UNSCALED: Fault = Fault::Expected("base64 of an unscaled value (decimal.handling.mode 'precise')");

/// 10^0 to 10^38.
static POWERS: [u128; 39] = {
    let mut powers = [1; 39];
    let mut at = 1;
    while at < 39 {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

/// The unscaled value at the column's scale; `None` for NULL.
#[inline]
pub(super) fn read(token: Token<'_>, form: DecimalForm, precision: u8, scale: u8) -> Result<Option<i128>, Fault> {
    let value = match (token, form) {
        (Token::Text(text), DecimalForm::Unscaled { scale: found }) => {
            let unscaled = unscaled(text)?;
            rescale(unscaled, i64::from(found), scale)
        }
        (Token::Text(text), _) => digits(trim(text), scale)?,
        (Token::Number(number), _) => digits(number.text, scale)?,
        (Token::Composite(raw), DecimalForm::Unscaled { .. }) => {
            let (unscaled, found) = variable_scale(raw).ok_or(UNSCALED)??;
            rescale(unscaled, found, scale)
        }
        _ => return Err(if matches!(form, DecimalForm::Unscaled { .. }) { UNSCALED } else { DIGITS }),
    };
    let limit = POWERS[usize::from(precision.min(38))];
    let fits = value.filter(|value| value.unsigned_abs() < limit);
    if fits.is_none() && form != DecimalForm::Digits {
        return Err(Fault::OutOfRange);
    }
    Ok(fits)
}

/// Base64 of big-endian two's complement.
#[inline]
fn unscaled(text: &[u8]) -> Result<i128, Fault> {
    let body = Alphabet::Standard.unpadded(text).filter(|body| !body.is_empty()).ok_or(UNSCALED)?;
    // Digits hold 6 bits each; the bits below the last whole byte are padding.
    let padding = match body.len() % 4 {
        2 => 4,
        3 => 2,
        _ => 0,
    };
    let (&first, rest) = body.split_first().ok_or(UNSCALED)?;
    let first = i64::from(Alphabet::Standard.digit(first).ok_or(UNSCALED)?);
    // The highest bit is the sign.
    let first = if first >= 32 { first - 64 } else { first };
    if rest.len() < 10 {
        let mut value = first;
        for &byte in rest {
            value = value << 6 | i64::from(Alphabet::Standard.digit(byte).ok_or(UNSCALED)?);
        }
        return Ok(i128::from(value >> padding));
    }
    let mut value = i128::from(first);
    let mut fits = true;
    let (last, middle) = rest.split_last().ok_or(UNSCALED)?;
    for &byte in middle {
        fits &= (value << 6) >> 6 == value;
        value = value << 6 | i128::from(Alphabet::Standard.digit(byte).ok_or(UNSCALED)?);
    }
    let last = i128::from(Alphabet::Standard.digit(*last).ok_or(UNSCALED)?);
    let kept = 6 - padding;
    fits &= (value << kept) >> kept == value;
    value = value << kept | last >> padding;
    if fits { Ok(value) } else { Err(Fault::OutOfRange) }
}

/// Debezium's `VariableScaleDecimal`: `{"scale":2,"value":"base64"}`. `None` if it is not of that form.
fn variable_scale(raw: &[u8]) -> Option<Result<(i128, i64), Fault>> {
    let mut scanner = Scanner::new(raw);
    scanner.open_object().ok()?;
    let (mut scale, mut value) = (None, None);
    let (mut first, mut scratch) = (true, Vec::new());
    while scanner.next_member(&mut first).ok()? {
        let key = scanner.key().ok()?;
        match (key.quoted, scanner.value(&mut scratch).ok()?) {
            (b"\"scale\"", Token::Number(number)) => scale = Some(number.integer()?),
            (b"\"value\"", Token::Text(text)) => value = Some(unscaled(text)),
            _ => return None,
        }
    }
    let scale = scale?;
    Some(value?.map(|value| (value, scale)))
}

/// `unscaled * 10^-from` at scale `to`, rounded half up (away from zero) as Flink rounds; `None` if it has more than 38 digits.
#[inline]
fn rescale(unscaled: i128, from: i64, to: u8) -> Option<i128> {
    if from == i64::from(to) { Some(unscaled) } else { rescale_by(unscaled, from, to) }
}

fn rescale_by(unscaled: i128, from: i64, to: u8) -> Option<i128> {
    let by = i64::from(to).checked_sub(from)?;
    if unscaled == 0 {
        return Some(0);
    }
    match u32::try_from(by) {
        Ok(up @ ..=38) => unscaled.checked_mul(10_i128.pow(up)),
        Ok(_) => None,
        // Below -38 nothing but a rounded zero can be left.
        Err(_) if by < -39 => Some(0),
        Err(_) if by == -39 => Some(0),
        Err(_) => {
            let unit = 10_i128.pow(by.unsigned_abs() as u32);
            let (quotient, remainder) = (unscaled / unit, unscaled % unit);
            let up = remainder.unsigned_abs() >= unit.unsigned_abs().div_ceil(2);
            Some(quotient + if up { unscaled.signum() } else { 0 })
        }
    }
}

/// A number as Java's `BigDecimal` reads it, at `scale`, rounded half up; `None` if it has more than 38 digits.
pub(super) fn digits(text: &[u8], scale: u8) -> Result<Option<i128>, Fault> {
    let (negative, unsigned) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let mantissa_length = unsigned.iter().position(|byte| matches!(byte, b'e' | b'E')).unwrap_or(unsigned.len());
    let (mantissa, exponent) = unsigned.split_at(mantissa_length);
    let point = mantissa.iter().position(|&byte| byte == b'.').unwrap_or(mantissa.len());
    let count = mantissa.len() - usize::from(point < mantissa.len());
    let all_digits = mantissa.iter().enumerate().all(|(at, byte)| at == point || byte.is_ascii_digit());
    if count == 0 || !all_digits {
        return Err(DIGITS);
    }
    let exponent = if exponent.is_empty() { 0 } else { exponent_value(exponent)? };
    // So many digits from the left belong to the value at `scale`; the next one decides the rounding.
    let kept = point as i64 + exponent + i64::from(scale);
    let mut value: i128 = 0;
    let mut seen = 0;
    for digit in mantissa.iter().filter(|byte| byte.is_ascii_digit()).map(|byte| i128::from(byte - b'0')) {
        if seen >= kept {
            value += i128::from(seen == kept && digit >= 5);
            break;
        }
        match value.checked_mul(10).and_then(|value| value.checked_add(digit)) {
            Some(next) => value = next,
            None => return Ok(None),
        }
        seen += 1;
    }
    if value != 0 && seen < kept && seen == count as i64 {
        let zeros = u32::try_from(kept - seen).unwrap_or(u32::MAX);
        match 10_i128.checked_pow(zeros).and_then(|unit| value.checked_mul(unit)) {
            Some(shifted) => value = shifted,
            None => return Ok(None),
        }
    }
    Ok(Some(if negative { -value } else { value }))
}

/// The exponent behind `e`; beyond ten digits Java refuses, and so do we.
fn exponent_value(text: &[u8]) -> Result<i64, Fault> {
    let digits = text.get(1..).and_then(|digits| std::str::from_utf8(digits).ok()).ok_or(DIGITS)?;
    let value: i32 = digits.parse().map_err(|_| DIGITS)?;
    Ok(i64::from(value))
}
