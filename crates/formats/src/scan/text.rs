//! Strings: found sixteen bytes at a time, copied only where they have escapes.

use super::chunk::{self, WIDTH};
use super::error::SyntaxError;

/// A string's extent.
pub(super) struct Span {
    /// The index of the closing quote.
    pub end: usize,
    pub escaped: bool,
}

/// Finds the end of the string whose first byte is at `start`, and checks its escapes' form and its UTF-8.
#[inline]
pub(super) fn span(bytes: &[u8], start: usize) -> Result<Span, SyntaxError> {
    let mut at = start;
    let mut high = 0;
    let mut escaped = false;
    loop {
        while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<WIDTH>()) {
            let masks = chunk::string(chunk);
            if masks.stops != 0 {
                let clear = masks.stops.trailing_zeros();
                high |= masks.high & !(u32::MAX << clear);
                at += clear as usize;
                break;
            }
            high |= masks.high;
            at += WIDTH;
        }
        match bytes.get(at) {
            Some(b'"') => break,
            Some(b'\\') => {
                escaped = true;
                at = escape_end(bytes, at)?;
            }
            Some(0..0x20) => return Err(SyntaxError { at, expected: "no control character inside a string" }),
            // Near the end of the record, byte by byte.
            Some(&byte) => {
                high |= u32::from(byte >> 7);
                at += 1;
            }
            None => return Err(SyntaxError { at, expected: "the end of a string" }),
        }
    }
    if high != 0 {
        check_utf8(bytes, start, at)?;
    }
    Ok(Span { end: at, escaped })
}

fn check_utf8(bytes: &[u8], start: usize, end: usize) -> Result<(), SyntaxError> {
    match std::str::from_utf8(bytes.get(start..end).unwrap_or_default()) {
        Ok(_) => Ok(()),
        Err(wrong) => Err(SyntaxError { at: start + wrong.valid_up_to(), expected: "valid UTF-8" }),
    }
}

/// The index after the escape that begins at `at`.
fn escape_end(bytes: &[u8], at: usize) -> Result<usize, SyntaxError> {
    match bytes.get(at + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'u') => hex(bytes, at + 2).map(|_| at + 6),
        _ => Err(SyntaxError { at, expected: "a valid escape" }),
    }
}

/// The four hex digits at `at`.
fn hex(bytes: &[u8], at: usize) -> Result<u32, SyntaxError> {
    let digits = bytes.get(at..at + 4).unwrap_or_default();
    let wrong = SyntaxError { at, expected: "four hex digits" };
    if digits.len() < 4 {
        return Err(wrong);
    }
    digits.iter().try_fold(0, |sum, &digit| Ok(sum << 4 | char::from(digit).to_digit(16).ok_or(wrong)?))
}

/// Resolves the escapes of `raw`, the inside of a string that [`span`] has passed, into `out`.
pub(super) fn unescape(raw: &[u8], out: &mut Vec<u8>) -> Result<(), SyntaxError> {
    out.clear();
    let mut rest = raw;
    while let Some(plain) = rest.iter().position(|&byte| byte == b'\\') {
        let (before, escape) = rest.split_at(plain);
        out.extend_from_slice(before);
        let at = raw.len() - escape.len();
        let mut length = 2;
        match escape.get(1) {
            Some(b'b') => out.push(0x08),
            Some(b'f') => out.push(0x0c),
            Some(b'n') => out.push(b'\n'),
            Some(b'r') => out.push(b'\r'),
            Some(b't') => out.push(b'\t'),
            Some(b'u') => {
                let (character, used) = unicode(raw, at)?;
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                length = used;
            }
            Some(&literal) => out.push(literal),
            None => return Err(SyntaxError { at, expected: "a valid escape" }),
        }
        rest = escape.get(length..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    Ok(())
}

/// The character of the `\u` escape at `at`, which may be a pair of surrogates, and the escape's length.
fn unicode(raw: &[u8], at: usize) -> Result<(char, usize), SyntaxError> {
    let lone = SyntaxError { at, expected: "a pair of surrogate escapes" };
    let first = hex(raw, at + 2)?;
    if let Some(character) = char::from_u32(first) {
        return Ok((character, 6));
    }
    let second_escape = raw.get(at + 6..at + 8).is_some_and(|escape| escape == b"\\u");
    if first >= 0xdc00 || !second_escape {
        return Err(lone);
    }
    let second = hex(raw, at + 8)?;
    if !(0xdc00..0xe000).contains(&second) {
        return Err(lone);
    }
    let code = 0x1_0000 + ((first - 0xd800) << 10 | (second - 0xdc00));
    char::from_u32(code).map(|character| (character, 12)).ok_or(lone)
}
