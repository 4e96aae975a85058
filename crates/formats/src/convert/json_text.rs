//! Objects and arrays as the text of a STRING column: without whitespace, strings escaped as little as JSON allows.
//!
//! Numbers stay as they are written (Flink passes them through Java's double and may lose digits).

use super::form::Fault;
use crate::scan::{Scanner, SyntaxError, Token};

/// Appends the compact text of `raw`, a value that has been scanned already.
pub(super) fn compact(raw: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
    let mut scratch = Vec::new();
    let mut scanner = Scanner::new(raw);
    value(&mut scanner, &mut scratch, out).map_err(|_| Fault::Expected("text without lone surrogates"))
}

/// Recursion is as deep as the scanner lets values nest.
fn value(scanner: &mut Scanner<'_>, scratch: &mut Vec<u8>, out: &mut Vec<u8>) -> Result<(), SyntaxError> {
    match scanner.peek() {
        b'{' => object(scanner, scratch, out),
        b'[' => array(scanner, scratch, out),
        _ => {
            match scanner.value(scratch)? {
                Token::Text(text) => quote(text, out),
                Token::Number(number) => out.extend_from_slice(number.text),
                Token::Boolean(true) => out.extend_from_slice(b"true"),
                Token::Boolean(false) => out.extend_from_slice(b"false"),
                Token::Null | Token::Composite(_) => out.extend_from_slice(b"null"),
            }
            Ok(())
        }
    }
}

fn object(scanner: &mut Scanner<'_>, scratch: &mut Vec<u8>, out: &mut Vec<u8>) -> Result<(), SyntaxError> {
    scanner.open_object()?;
    out.push(b'{');
    let mut first = true;
    let mut separator: &[u8] = b"";
    while scanner.next_member(&mut first)? {
        out.extend_from_slice(separator);
        separator = b",";
        let key = scanner.key()?;
        if key.escaped {
            if let Token::Text(text) = Scanner::new(key.quoted).value(scratch)? {
                quote(text, out);
            }
        } else {
            out.extend_from_slice(key.quoted);
        }
        out.push(b':');
        value(scanner, scratch, out)?;
    }
    out.push(b'}');
    Ok(())
}

fn array(scanner: &mut Scanner<'_>, scratch: &mut Vec<u8>, out: &mut Vec<u8>) -> Result<(), SyntaxError> {
    scanner.open_array()?;
    out.push(b'[');
    let mut first = true;
    let mut separator: &[u8] = b"";
    while scanner.next_item(&mut first)? {
        out.extend_from_slice(separator);
        separator = b",";
        value(scanner, scratch, out)?;
    }
    out.push(b']');
    Ok(())
}

/// Appends `text` as a JSON string: quotes, backslashes and control characters escaped, nothing else (Jackson's way).
pub(crate) fn quote(text: &[u8], out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    out.push(b'"');
    for &byte in text {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            0..0x20 => {
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}
