//! Records as lines of JSON: what `produce` reads, `consume` prints and dead letters are written as.
//!
//! `{"topic":…,"partition":…,"offset":…,"key":…,"value":…,"headers":{…},"timestamp":…}`. Bytes that are no UTF-8 stand
//! under the name with `_base64` at its end (`value_base64`), so that every record survives the way there and back.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rows::Header;

/// Appends `text` as a JSON string.
pub fn text(line: &mut String, text: &str) {
    line.push('"');
    for c in text.chars() {
        match c {
            '"' => line.push_str("\\\""),
            '\\' => line.push_str("\\\\"),
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\t' => line.push_str("\\t"),
            c if (c as u32) < 0x20 => line.push_str(&format!("\\u{:04x}", c as u32)),
            c => line.push(c),
        }
    }
    line.push('"');
}

/// Appends `,"name":…`: text, null, or base64 under `name_base64`.
pub fn bytes_field(line: &mut String, name: &str, bytes: Option<&[u8]>) {
    line.push(',');
    named(line, name, bytes);
}

/// Appends `,"headers":[…]`, in order; nothing where there are none.
pub fn headers_field(line: &mut String, headers: &[Header<'_>]) {
    if headers.is_empty() {
        return;
    }
    line.push_str(",\"headers\":[");
    for (index, header) in headers.iter().enumerate() {
        line.push_str(if index == 0 { "{\"key\":" } else { ",{\"key\":" });
        text(line, header.key);
        line.push(',');
        named(line, "value", header.value);
        line.push('}');
    }
    line.push(']');
}

fn named(line: &mut String, name: &str, bytes: Option<&[u8]>) {
    let utf8 = bytes.map(std::str::from_utf8);
    let suffix = if matches!(utf8, Some(Err(_))) { "_base64" } else { "" };
    line.push_str(&format!("\"{name}{suffix}\":"));
    match (utf8, bytes) {
        (Some(Ok(utf8)), _) => text(line, utf8),
        (Some(Err(_)), Some(bytes)) => text(line, &STANDARD.encode(bytes)),
        _ => line.push_str("null"),
    }
}
