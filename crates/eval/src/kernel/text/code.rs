//! Texts as codes and bytes: ASCII, CHR, HEX, Base64, character sets.

#![expect(clippy::unnecessary_wraps, reason = "kernels that cannot fail have the signature of those that can")]

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, BinaryArray};
use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};

use super::{Texts, each, each_int, written};
use crate::error::RowError;
use crate::kernel::args::Args;
use crate::kernel::lane::Lane;

/// The first byte as Java has it, signed.
pub(crate) fn ascii(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let texts = Texts::of(args, 0);
    Ok(each_int(args, |row| texts.get(row).bytes().next().map_or(0, |byte| i32::from(byte as i8))))
}

/// Nothing for negative codes, otherwise the character of the lowest byte.
pub(crate) fn chr(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let codes = Lane::of::<Int64Type>(&args.values[0]);
    each(args, |row, writer| {
        let code = codes.get(row);
        if code >= 0 {
            writer.push(row, char::from(code as u8).encode_utf8(&mut [0; 4]).as_bytes())?;
        }
        Ok(Some(()))
    })
}

pub(crate) fn hex_of_integer(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let numbers = Lane::of::<Int64Type>(&args.values[0]);
    each(args, |row, writer| writer.push(row, format!("{:X}", numbers.get(row)).as_bytes()).map(Some))
}

pub(crate) fn hex_of_text(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let texts = Texts::of(args, 0);
    each(args, |row, writer| {
        let bytes = texts.get(row).as_bytes();
        writer.room_for(row, bytes.len().saturating_mul(2))?;
        for byte in bytes {
            writer.out().extend_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
        Ok(Some(()))
    })
}

/// NULL for what are no pairs of hexadecimal digits.
pub(crate) fn unhex(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let texts = Texts::of(args, 0);
    let mut unhex = |row: usize, writer: &mut crate::kernel::writer::Writer| {
        let digits = texts.get(row).as_bytes();
        let value = |digit: u8| char::from(digit).to_digit(16).map(|value| value as u8);
        // An odd number of digits has an implied zero before it.
        let (first, pairs) = if digits.len() % 2 == 1 { digits.split_at(1) } else { digits.split_at(0) };
        writer.room_for(row, digits.len() / 2 + 1)?;
        for pair in [first].into_iter().filter(|first| !first.is_empty()).chain(pairs.chunks(2)) {
            let byte = pair.iter().try_fold(0_u8, |byte, digit| Some(byte << 4 | value(*digit)?));
            let Some(byte) = byte else { return Ok(None) };
            writer.out().push(byte);
        }
        Ok(Some(()))
    };
    written(args, &mut unhex)?.finish_bytes()
}

pub(crate) fn to_base64(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let (bytes, value) = bytes_of(args);
    each(args, |row, writer| {
        let bytes = bytes.value(value(row));
        writer.room_for(row, bytes.len().saturating_mul(4) / 3 + 4)?;
        writer.push(row, STANDARD.encode(bytes).as_bytes()).map(Some)
    })
}

/// As Java's decoder: padding may be missing.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Bytes that are no text become replacement characters.
pub(crate) fn from_base64(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let texts = Texts::of(args, 0);
    each(args, |row, writer| {
        let text = texts.get(row);
        let bytes =
            LENIENT.decode(text).map_err(|error| RowError::new(row, format!("'{text}' is not Base64: {error}")))?;
        writer.push(row, String::from_utf8_lossy(&bytes).as_bytes()).map(Some)
    })
}

fn bytes_of<'a>(args: &Args<'a>) -> (&'a BinaryArray, impl Fn(usize) -> usize + 'a) {
    let value = &args.values[0];
    (value.array.as_binary::<i32>(), |row| value.index(row))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Charset {
    Ascii,
    Latin1,
    Utf8,
    Utf16Be,
    Utf16Le,
    /// Big endian with a byte-order mark; either order when read.
    Utf16,
}

impl Charset {
    fn by_name(name: &str, row: usize) -> Result<Self, RowError> {
        match name.to_ascii_uppercase().as_str() {
            "US-ASCII" | "ASCII" => Ok(Self::Ascii),
            "ISO-8859-1" | "LATIN1" => Ok(Self::Latin1),
            "UTF-8" | "UTF8" => Ok(Self::Utf8),
            "UTF-16BE" => Ok(Self::Utf16Be),
            "UTF-16LE" => Ok(Self::Utf16Le),
            "UTF-16" | "UTF16" => Ok(Self::Utf16),
            _ => Err(RowError::new(row, format!("the character set '{name}' is not supported"))),
        }
    }
}

/// `ENCODE(text, charset)`; what the character set lacks becomes `?`.
pub(crate) fn encode(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let (texts, charsets) = (Texts::of(args, 0), Texts::of(args, 1));
    let mut encode = |row: usize, writer: &mut crate::kernel::writer::Writer| {
        let text = texts.get(row);
        let charset = Charset::by_name(charsets.get(row), row)?;
        writer.room_for(row, text.len().saturating_mul(2) + 2)?;
        let limit = if charset == Charset::Ascii { 0x80 } else { 0x100 };
        match charset {
            Charset::Utf8 => writer.out().extend_from_slice(text.as_bytes()),
            Charset::Ascii | Charset::Latin1 => {
                let byte = |c: char| if u32::from(c) < limit { u32::from(c) as u8 } else { b'?' };
                writer.out().extend(text.chars().map(byte));
            }
            Charset::Utf16Le => {
                text.encode_utf16().for_each(|unit| writer.out().extend_from_slice(&unit.to_le_bytes()));
            }
            Charset::Utf16Be | Charset::Utf16 => {
                if charset == Charset::Utf16 && !text.is_empty() {
                    writer.out().extend_from_slice(&[0xFE, 0xFF]);
                }
                text.encode_utf16().for_each(|unit| writer.out().extend_from_slice(&unit.to_be_bytes()));
            }
        }
        Ok(Some(()))
    };
    written(args, &mut encode)?.finish_bytes()
}

/// `DECODE(bytes, charset)`; bytes that mean nothing become replacement characters.
pub(crate) fn decode(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let (bytes, value) = bytes_of(args);
    let charsets = Texts::of(args, 1);
    each(args, |row, writer| {
        let bytes = bytes.value(value(row));
        let charset = Charset::by_name(charsets.get(row), row)?;
        // A byte gives at most a replacement character of three.
        writer.room_for(row, bytes.len().saturating_mul(3))?;
        let text = match charset {
            Charset::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
            Charset::Ascii => bytes
                .iter()
                .map(|byte| if byte.is_ascii() { char::from(*byte) } else { char::REPLACEMENT_CHARACTER })
                .collect(),
            Charset::Latin1 => bytes.iter().map(|byte| char::from(*byte)).collect(),
            Charset::Utf16Be => utf16(bytes, u16::from_be_bytes),
            Charset::Utf16Le => utf16(bytes, u16::from_le_bytes),
            Charset::Utf16 => match bytes {
                [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
                [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
                _ => utf16(bytes, u16::from_be_bytes),
            },
        };
        writer.push(row, text.as_bytes()).map(Some)
    })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let chunks = bytes.chunks_exact(2);
    let odd = !chunks.remainder().is_empty();
    let mut text: String = char::decode_utf16(chunks.map(|pair| unit([pair[0], pair[1]])))
        .map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    if odd {
        text.push(char::REPLACEMENT_CHARACTER);
    }
    text
}
