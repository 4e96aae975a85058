//! Numbers: checked against the grammar, kept as text, read when somebody wants them.

use super::chunk::{self, WIDTH};
use super::error::SyntaxError;
use super::scanner::Scanner;

/// A number as it stands in the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number<'a> {
    /// ASCII.
    pub text: &'a [u8],
    /// Without fraction and exponent.
    pub integral: bool,
}

/// More digits could pass 2^63.
const SMALL_DIGITS: usize = 18;

impl<'a> Number<'a> {
    /// The value, if it is an integer within 64 bits.
    #[inline]
    pub(crate) fn integer(&self) -> Option<i64> {
        if !self.integral {
            return None;
        }
        let (negative, mut digits) = match self.text {
            [b'-', digits @ ..] => (true, digits),
            digits => (false, digits),
        };
        if digits.len() > SMALL_DIGITS {
            return self.as_str().parse().ok();
        }
        let mut value = 0;
        while let Some((eight, rest)) = digits.split_first_chunk() {
            value = value * 100_000_000 + eight_digits(*eight);
            digits = rest;
        }
        for digit in digits {
            value = value * 10 + i64::from(digit - b'0');
        }
        Some(if negative { -value } else { value })
    }

    pub(crate) fn as_str(&self) -> &'a str {
        std::str::from_utf8(self.text).unwrap_or_default()
    }
}

/// The value of eight digits, by adding neighbours up: bytes to pairs, pairs to fours, fours to eight.
#[inline]
fn eight_digits(digits: [u8; 8]) -> i64 {
    let ones = u64::from_le_bytes(digits) & 0x0f0f_0f0f_0f0f_0f0f;
    let pairs = (ones.wrapping_mul(10 * 0x100 + 1) >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100 * 0x1_0000 + 1) >> 16) & 0x0000_ffff_0000_ffff;
    (fours.wrapping_mul(10_000 * 0x1_0000_0000 + 1) >> 32) as i64
}

impl<'a> Scanner<'a> {
    #[inline]
    pub(super) fn number(&mut self) -> Result<Number<'a>, SyntaxError> {
        match self.natural() {
            Some(text) => Ok(Number { text, integral: true }),
            None => self.any_number(),
        }
    }

    /// Passes a number of up to 31 digits without sign, fraction and exponent, the ordinary case; otherwise stays.
    #[inline]
    fn natural(&mut self) -> Option<&'a [u8]> {
        let rest = self.bytes.get(self.at..)?;
        let (chunk, more) = rest.split_first_chunk::<WIDTH>()?;
        let digits = match chunk::no_digits(chunk) {
            0 => match chunk::no_digits(more.first_chunk()?) {
                0 => return None,
                others => WIDTH + others.trailing_zeros() as usize,
            },
            others => others.trailing_zeros() as usize,
        };
        let leading_zero = digits > 1 && chunk[0] == b'0';
        if digits == 0 || leading_zero || matches!(rest.get(digits), None | Some(b'.' | b'e' | b'E')) {
            return None;
        }
        self.at += digits;
        rest.get(..digits)
    }

    fn any_number(&mut self) -> Result<Number<'a>, SyntaxError> {
        let start = self.at;
        self.at += usize::from(self.bytes.get(self.at) == Some(&b'-'));
        let first = self.at;
        self.digits()?;
        if self.at - first > 1 && self.bytes.get(first) == Some(&b'0') {
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
        Ok(Number { text: self.since(start), integral })
    }

    /// Passes digits, at least one.
    #[inline]
    fn digits(&mut self) -> Result<(), SyntaxError> {
        let first = self.at;
        while let Some(chunk) = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<WIDTH>()) {
            let others = chunk::no_digits(chunk);
            if others != 0 {
                self.at += others.trailing_zeros() as usize;
                return self.some_digits(first);
            }
            self.at += WIDTH;
        }
        while let Some(b'0'..=b'9') = self.bytes.get(self.at) {
            self.at += 1;
        }
        self.some_digits(first)
    }

    #[inline]
    fn some_digits(&self, first: usize) -> Result<(), SyntaxError> {
        if self.at == first { Err(self.error("a digit")) } else { Ok(()) }
    }
}
