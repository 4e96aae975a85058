//! Numbers: checked against the grammar, kept as text, small integers read on the way.

use super::{Scanner, SyntaxError};

/// A number as it stands in the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number<'a> {
    /// ASCII.
    pub text: &'a [u8],
    /// Without fraction and exponent.
    pub integral: bool,
    /// The value, where it is integral and has at most 18 digits.
    small: Option<i64>,
}

impl<'a> Number<'a> {
    /// The value, if it is an integer within 64 bits.
    #[inline]
    pub(crate) fn integer(&self) -> Option<i64> {
        self.small.or_else(|| if self.integral { self.as_str().parse().ok() } else { None })
    }

    pub(crate) fn as_str(&self) -> &'a str {
        std::str::from_utf8(self.text).unwrap_or_default()
    }
}

/// More digits could pass 2^63.
const SMALL_DIGITS: usize = 18;

impl<'a> Scanner<'a> {
    #[inline]
    pub(super) fn number(&mut self) -> Result<Number<'a>, SyntaxError> {
        let start = self.at;
        let negative = self.bytes.get(self.at) == Some(&b'-');
        self.at += usize::from(negative);
        let first = self.at;
        let mut value: i64 = 0;
        while let Some(digit @ b'0'..=b'9') = self.bytes.get(self.at) {
            value = value.wrapping_mul(10).wrapping_add(i64::from(digit - b'0'));
            self.at += 1;
        }
        let digits = self.at - first;
        if digits == 0 {
            return Err(self.error("a digit"));
        }
        if digits > 1 && self.bytes.get(first) == Some(&b'0') {
            return Err(SyntaxError { at: first + 1, expected: "no digit after a leading 0" });
        }
        let mut integral = true;
        if self.bytes.get(self.at) == Some(&b'.') {
            integral = false;
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.bytes.get(self.at) {
            integral = false;
            self.at += 1;
            if let Some(b'+' | b'-') = self.bytes.get(self.at) {
                self.at += 1;
            }
            self.digits()?;
        }
        let small = (integral && digits <= SMALL_DIGITS).then_some(if negative { value.wrapping_neg() } else { value });
        Ok(Number { text: self.since(start), integral, small })
    }

    fn digits(&mut self) -> Result<(), SyntaxError> {
        let first = self.at;
        while let Some(b'0'..=b'9') = self.bytes.get(self.at) {
            self.at += 1;
        }
        if self.at == first { Err(self.error("a digit")) } else { Ok(()) }
    }
}
