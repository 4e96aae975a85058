//! Base64 and hexadecimal text, decoded straight onto the end of a column's bytes.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alphabet {
    /// `+` and `/`, padded.
    Standard,
    /// `-` and `_`; padding may be missing.
    UrlSafe,
}

/// No digit of the alphabet.
const NONE: u8 = 0xff;

const fn table(plus: u8, slash: u8) -> [u8; 256] {
    let mut table = [NONE; 256];
    let mut digit = 0;
    while digit < 26 {
        table[(b'A' + digit) as usize] = digit;
        table[(b'a' + digit) as usize] = digit + 26;
        digit += 1;
    }
    digit = 0;
    while digit < 10 {
        table[(b'0' + digit) as usize] = digit + 52;
        digit += 1;
    }
    table[plus as usize] = 62;
    table[slash as usize] = 63;
    table
}

static STANDARD: [u8; 256] = table(b'+', b'/');
static URL_SAFE: [u8; 256] = table(b'-', b'_');

impl Alphabet {
    #[inline]
    pub(crate) fn digit(self, byte: u8) -> Option<u8> {
        let table = match self {
            Self::Standard => &STANDARD,
            Self::UrlSafe => &URL_SAFE,
        };
        let digit = table[byte as usize];
        (digit != NONE).then_some(digit)
    }

    /// The digits of `text` without their padding, if that is as it must be.
    #[inline]
    pub(crate) fn unpadded(self, text: &[u8]) -> Option<&[u8]> {
        let body = match text {
            [body @ .., b'=', b'='] | [body @ .., b'='] => body,
            body => body,
        };
        let padding = text.len() - body.len();
        match (body.len() % 4, padding) {
            (0, 0) | (2, 2) | (3, 1) => Some(body),
            (2 | 3, 0) if self == Self::UrlSafe => Some(body),
            _ => None,
        }
    }
}

/// Appends what `text` stands for to `out`; `None` (and perhaps some bytes appended) if it is no base64.
pub(crate) fn decode(text: &[u8], alphabet: Alphabet, out: &mut Vec<u8>) -> Option<()> {
    let body = alphabet.unpadded(text)?;
    for quad in body.chunks(4) {
        let mut bits: u32 = 0;
        for &byte in quad {
            bits = bits << 6 | u32::from(alphabet.digit(byte)?);
        }
        match quad.len() {
            4 => out.extend_from_slice(&bits.to_be_bytes()[1..]),
            3 => out.extend_from_slice(&(bits << 6).to_be_bytes()[1..3]),
            _ => out.push((bits >> 4) as u8),
        }
    }
    Some(())
}

/// Appends the bytes whose hexadecimal digits, in either case, are `text`.
pub(crate) fn decode_hex(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    if !text.len().is_multiple_of(2) {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    for pair in text.chunks_exact(2) {
        let &[high, low] = pair else { return None };
        out.push((digit(high)? << 4 | digit(low)?) as u8);
    }
    Some(())
}

/// The base64 text of `bytes`, appended to `out`.
pub(crate) fn encode(bytes: &[u8], alphabet: Alphabet, out: &mut Vec<u8>) {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let last = if alphabet == Alphabet::Standard { [b'+', b'/'] } else { [b'-', b'_'] };
    let letter = |digit: u32| match (digit & 63) as usize {
        digit @ ..62 => LETTERS[digit],
        digit => last[digit - 62],
    };
    for triple in bytes.chunks(3) {
        let mut padded = [0; 4];
        padded[1..=triple.len()].copy_from_slice(triple);
        let bits = u32::from_be_bytes(padded);
        let quad = [letter(bits >> 18), letter(bits >> 12), letter(bits >> 6), letter(bits)];
        out.extend_from_slice(&quad[..=triple.len()]);
        out.extend_from_slice(&b"=="[..3 - triple.len()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_decodes_again_in_both_alphabets() {
        for length in 0..40u8 {
            let bytes: Vec<u8> = (0..length).map(|i| i.wrapping_mul(97) ^ 0xfb).collect();
            for alphabet in [Alphabet::Standard, Alphabet::UrlSafe] {
                let (mut text, mut back) = (Vec::new(), vec![7]);
                encode(&bytes, alphabet, &mut text);
                decode(&text, alphabet, &mut back).unwrap();
                assert_eq!(back[1..], bytes);
            }
        }
    }

    #[test]
    fn what_is_no_base64_is_refused() {
        for text in ["a", "ab", "ab=", "abc", "abc==", "a===", "====", "ab!d", "ab=d", "abcd=", "abcd====", "-_-_"] {
            assert_eq!(decode(text.as_bytes(), Alphabet::Standard, &mut Vec::new()), None, "{text}");
        }
        for text in ["ab+d", "a", "a="] {
            assert_eq!(decode(text.as_bytes(), Alphabet::UrlSafe, &mut Vec::new()), None, "{text}");
        }
        for text in ["0", "0g", "é"] {
            assert_eq!(decode_hex(text.as_bytes(), &mut Vec::new()), None, "{text}");
        }
    }
}
