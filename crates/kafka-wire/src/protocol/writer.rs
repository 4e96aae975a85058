//! Writes the protocol's primitive types; large byte fields are kept as they are, never copied.
//!
//! The layouts are those of the reader. A message becomes a list of parts: bytes written here, and between them the
//! record bytes that the caller handed over.

use bytes::Bytes;

use super::{Encode, TopicId, WireError};

/// Byte fields from this size on become parts of their own; below it one more part costs more than the copy.
const SHARE_FROM: usize = 2048;

/// Collects one frame.
#[derive(Debug, Default)]
pub struct Writer {
    parts: Vec<Bytes>,
    tail: Vec<u8>,
    flexible: bool,
    problem: Option<WireError>,
}

/// A tagged field with its bytes.
#[derive(Debug)]
pub struct TaggedField {
    tag: u32,
    bytes: Vec<u8>,
    problem: Option<WireError>,
}

impl TaggedField {
    /// The field `tag` as `write` writes it; its record bytes, if any, are copied.
    pub fn new(tag: u32, write: impl FnOnce(&mut Writer)) -> Self {
        let mut writer = Writer { flexible: true, ..Writer::default() };
        write(&mut writer);
        let bytes = writer.parts.iter().flat_map(|part| part.iter().copied()).chain(writer.tail).collect();
        Self { tag, bytes, problem: writer.problem }
    }
}

impl Writer {
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether strings and arrays are compact and structs end with tagged fields.
    pub fn set_flexible(&mut self, flexible: bool) {
        self.flexible = flexible;
    }

    /// The parts in order, or the first thing that the protocol could not carry.
    pub fn finish(mut self) -> Result<Vec<Bytes>, WireError> {
        if let Some(problem) = self.problem {
            return Err(problem);
        }
        if !self.tail.is_empty() {
            self.parts.push(self.tail.into());
        }
        Ok(self.parts)
    }

    /// Notes a value that cannot be written; the first one is reported.
    pub fn refuse(&mut self, problem: WireError) {
        self.problem.get_or_insert(problem);
    }

    pub fn i8(&mut self, value: i8) {
        self.tail.extend_from_slice(&value.to_be_bytes());
    }

    pub fn i16(&mut self, value: i16) {
        self.tail.extend_from_slice(&value.to_be_bytes());
    }

    pub fn i32(&mut self, value: i32) {
        self.tail.extend_from_slice(&value.to_be_bytes());
    }

    pub fn i64(&mut self, value: i64) {
        self.tail.extend_from_slice(&value.to_be_bytes());
    }

    pub fn bool(&mut self, value: bool) {
        self.i8(i8::from(value));
    }

    pub fn topic_id(&mut self, id: TopicId) {
        self.tail.extend_from_slice(&id.0);
    }

    /// An unsigned LEB128 integer.
    pub fn unsigned_varint(&mut self, mut value: u32) {
        while value >= 0x80 {
            self.tail.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.tail.push(value as u8);
    }

    /// Length + 1, and 0 for null.
    fn compact_length(&mut self, what: &'static str, length: Option<usize>) {
        match length.map_or(Some(0), |length| u32::try_from(length).ok()?.checked_add(1)) {
            Some(encoded) => self.unsigned_varint(encoded),
            None => self.refuse(WireError::TooLong { what, length: length.unwrap_or_default() }),
        }
    }

    fn classic_length(&mut self, what: &'static str, length: Option<usize>) {
        match length.map_or(Ok(-1), i32::try_from) {
            Ok(encoded) => self.i32(encoded),
            Err(_) => self.refuse(WireError::TooLong { what, length: length.unwrap_or_default() }),
        }
    }

    fn length(&mut self, what: &'static str, length: Option<usize>) {
        if self.flexible { self.compact_length(what, length) } else { self.classic_length(what, length) }
    }

    pub fn nullable_string(&mut self, value: Option<&str>) {
        let length = value.map(str::len);
        // The protocol's own limit, also where a varint could say more.
        match length.map_or(Ok(-1), i16::try_from) {
            Err(_) => return self.refuse(WireError::TooLong { what: "a string", length: length.unwrap_or_default() }),
            Ok(_) if self.flexible => self.compact_length("a string", length),
            Ok(classic) => self.i16(classic),
        }
        self.tail.extend_from_slice(value.unwrap_or_default().as_bytes());
    }

    pub fn string(&mut self, value: &str) {
        self.nullable_string(Some(value));
    }

    /// Bytes that become part of the frame without a copy if they are large.
    pub fn nullable_bytes(&mut self, value: Option<&Bytes>) {
        self.length("a bytes field", value.map(Bytes::len));
        let Some(bytes) = value else { return };
        if bytes.len() < SHARE_FROM {
            self.tail.extend_from_slice(bytes);
        } else {
            let before = std::mem::take(&mut self.tail);
            self.parts.extend([before.into(), bytes.clone()]);
        }
    }

    pub fn nullable_array<T: Encode>(&mut self, elements: Option<&[T]>, version: i16) {
        self.length("an array", elements.map(<[T]>::len));
        for element in elements.unwrap_or_default() {
            element.encode(self, version);
        }
    }

    pub fn array<T: Encode>(&mut self, elements: &[T], version: i16) {
        self.nullable_array(Some(elements), version);
    }

    pub fn i32_array(&mut self, elements: &[i32]) {
        self.length("an array", Some(elements.len()));
        for element in elements {
            self.i32(*element);
        }
    }

    pub fn string_array(&mut self, elements: &[String]) {
        self.nullable_string_array(Some(elements));
    }

    pub fn nullable_string_array(&mut self, elements: Option<&[String]>) {
        self.length("an array", elements.map(<[String]>::len));
        for element in elements.unwrap_or_default() {
            self.string(element);
        }
    }

    /// The end of a struct without tagged fields.
    pub fn end_struct(&mut self) {
        self.tagged_fields(Vec::new());
    }

    /// The end of a struct with `fields`, which must be in the order of their tags. Nothing in classic versions.
    pub fn tagged_fields(&mut self, fields: Vec<TaggedField>) {
        if !self.flexible {
            return;
        }
        self.unsigned_varint(fields.len() as u32);
        for field in fields {
            self.unsigned_varint(field.tag);
            self.unsigned_varint(field.bytes.len() as u32);
            self.tail.extend_from_slice(&field.bytes);
            if let Some(problem) = field.problem {
                self.refuse(problem);
            }
        }
    }
}
