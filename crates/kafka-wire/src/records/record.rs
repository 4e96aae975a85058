//! One record and its headers, as slices of the bytes they came in.
//!
//! ```text
//! length varint | attributes i8 | timestamp delta varlong | offset delta varint | key length varint, key
//! | value length varint, value | header count varint | per header: key length varint, key, value length varint, value
//! ```
//! A length of -1 is null; header keys are never null and may repeat.

use base::Offset;

use super::varint::{take_i32, take_i64};

/// The shortest record after its length: attributes, two deltas, two lengths and a count of one byte each.
pub(super) const BODY_BYTES_MIN: i32 = 6;

/// A record of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    pub offset: Offset,
    /// Milliseconds since 1970; -1 for none.
    pub timestamp: i64,
    pub key: Option<&'a [u8]>,
    /// `None` is a tombstone.
    pub value: Option<&'a [u8]>,
    pub headers: Headers<'a>,
}

impl Record<'_> {
    /// The bytes of key, value and headers together.
    pub fn bytes(&self) -> usize {
        self.key.map_or(0, <[u8]>::len) + self.value.map_or(0, <[u8]>::len) + self.headers.bytes.len()
    }
}

/// A header of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// UTF-8 by Kafka's rules; not checked here.
    pub key: &'a [u8],
    pub value: Option<&'a [u8]>,
}

/// The headers of a record in their order, repeated keys included; no memory of its own.
#[derive(Clone, Copy, Debug, Default)]
pub struct Headers<'a> {
    bytes: &'a [u8],
    left: usize,
}

impl<'a> Headers<'a> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.left
    }

    pub fn is_empty(&self) -> bool {
        self.left == 0
    }

    pub fn iter(&self) -> impl Iterator<Item = Header<'a>> + use<'a> {
        let mut bytes = self.bytes;
        (0..self.left).map_while(move |_| take_header(&mut bytes).ok())
    }
}

/// What the first bytes of a record say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deltas {
    pub(super) timestamp: i64,
    pub(super) offset: i32,
}

impl Deltas {
    /// How many bytes they take at most, after the length.
    pub(super) const BYTES_MAX: usize = 1 + 10 + 5;

    pub(super) fn take(input: &mut &[u8]) -> Result<Self, &'static str> {
        *input = input.split_first().ok_or("it is cut off")?.1;
        let timestamp = take_i64(input).ok_or("its timestamp cannot be read")?;
        let offset = take_i32(input).ok_or("its offset cannot be read")?;
        Ok(Self { timestamp, offset })
    }
}

/// The rest of a record, after the deltas; all of `input` must belong to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Body<'a> {
    pub(super) key: Option<&'a [u8]>,
    pub(super) value: Option<&'a [u8]>,
    pub(super) headers: Headers<'a>,
}

impl<'a> Body<'a> {
    pub(super) fn read(mut input: &'a [u8]) -> Result<Self, &'static str> {
        let key = take_nullable(&mut input).map_err(|Unreadable| "its key is longer than the record")?;
        let value = take_nullable(&mut input).map_err(|Unreadable| "its value is longer than the record")?;
        let count = take_i32(&mut input).ok_or("its header count cannot be read")?;
        // A header takes at least two bytes.
        let left = (usize::try_from(count).ok().filter(|count| *count <= input.len() / 2))
            .ok_or("it claims more headers than it can hold")?;
        let headers = Headers { bytes: input, left };
        for _ in 0..left {
            take_header(&mut input).map_err(|Unreadable| "a header is longer than the record")?;
        }
        if !input.is_empty() {
            return Err("bytes are left after its headers");
        }
        Ok(Self { key, value, headers })
    }
}

/// A length beyond the bytes that are there.
struct Unreadable;

fn take_header<'a>(input: &mut &'a [u8]) -> Result<Header<'a>, Unreadable> {
    let key = take_nullable(input)?.ok_or(Unreadable)?;
    Ok(Header { key, value: take_nullable(input)? })
}

fn take_nullable<'a>(input: &mut &'a [u8]) -> Result<Option<&'a [u8]>, Unreadable> {
    let len = take_i32(input).ok_or(Unreadable)?;
    if len == -1 {
        return Ok(None);
    }
    let len = usize::try_from(len).map_err(|_| Unreadable)?;
    let (bytes, rest) = input.split_at_checked(len).ok_or(Unreadable)?;
    *input = rest;
    Ok(Some(bytes))
}
