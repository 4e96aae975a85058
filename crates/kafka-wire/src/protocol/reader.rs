//! Reads the protocol's primitive types from a frame, bounded by its bytes and by an allowance of memory.
//!
//! ```text
//! string          i16 length | bytes          compact: varint length + 1 | bytes     null: -1, compact 0
//! bytes           i32 length | bytes          compact: varint length + 1 | bytes     null: -1, compact 0
//! array           i32 count | elements        compact: varint count + 1 | elements   null: -1, compact 0
//! tagged fields   varint count | (varint tag | varint size | bytes)*                 flexible versions only
//! ```

use bytes::{Buf, Bytes};

use super::{Decode, TopicId, WireError};

/// What one decode of a frame of `frame_len` bytes may allocate beyond the frame: enough for every honest message
/// (the worst is a list of one-letter topic names, 2 bytes each on the wire and 40 in memory), and no more than 1 MiB
/// for a frame that is large because of its records.
pub const fn decode_allowance(frame_len: usize) -> usize {
    let proportional = frame_len.saturating_mul(24);
    if proportional < 1 << 20 { proportional } else { 1 << 20 }
}

/// A cursor over one frame.
#[derive(Debug)]
pub struct Reader {
    rest: Bytes,
    flexible: bool,
    allowance: usize,
}

impl Reader {
    /// Reads `bytes`; everything decoded allocates at most `allowance` bytes beyond them, which the caller has reserved.
    pub fn new(bytes: Bytes, allowance: usize) -> Self {
        Self { rest: bytes, flexible: false, allowance }
    }

    /// Whether strings and arrays are compact and structs end with tagged fields.
    pub fn set_flexible(&mut self, flexible: bool) {
        self.flexible = flexible;
    }

    /// How much of the allowance is left.
    pub fn allowance(&self) -> usize {
        self.allowance
    }

    pub fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// Fails if anything is left.
    pub fn finish(self) -> Result<(), WireError> {
        if self.rest.is_empty() { Ok(()) } else { Err(WireError::Trailing { left: self.rest.len() }) }
    }

    fn need(&self, wanted: usize) -> Result<(), WireError> {
        let left = self.rest.len();
        if wanted <= left { Ok(()) } else { Err(WireError::Truncated { wanted, left }) }
    }

    fn charge(&mut self, wanted: usize) -> Result<(), WireError> {
        let left = self.allowance;
        self.allowance = left.checked_sub(wanted).ok_or(WireError::AllowanceExceeded { wanted, left })?;
        Ok(())
    }

    pub fn i8(&mut self) -> Result<i8, WireError> {
        self.need(1)?;
        Ok(self.rest.get_i8())
    }

    pub fn i16(&mut self) -> Result<i16, WireError> {
        self.need(2)?;
        Ok(self.rest.get_i16())
    }

    pub fn i32(&mut self) -> Result<i32, WireError> {
        self.need(4)?;
        Ok(self.rest.get_i32())
    }

    pub fn i64(&mut self) -> Result<i64, WireError> {
        self.need(8)?;
        Ok(self.rest.get_i64())
    }

    /// Any byte but 0 is true, as Kafka reads it.
    pub fn bool(&mut self) -> Result<bool, WireError> {
        Ok(self.i8()? != 0)
    }

    pub fn topic_id(&mut self) -> Result<TopicId, WireError> {
        self.need(16)?;
        let mut id = [0; 16];
        self.rest.copy_to_slice(&mut id);
        Ok(TopicId(id))
    }

    /// An unsigned LEB128 integer of at most 32 bits.
    pub fn unsigned_varint(&mut self) -> Result<u32, WireError> {
        let mut value: u32 = 0;
        for shift in [0, 7, 14, 21, 28] {
            self.need(1)?;
            let byte = self.rest.get_u8();
            let bits = u32::from(byte & 0x7f);
            if shift == 28 && bits > 0x0f {
                return Err(WireError::BadVarint);
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(WireError::BadVarint)
    }

    /// A length in the form of this version; `None` for null.
    fn length(
        &mut self,
        classic: impl FnOnce(&mut Self) -> Result<i64, WireError>,
    ) -> Result<Option<usize>, WireError> {
        if self.flexible {
            return Ok((self.unsigned_varint()? as usize).checked_sub(1));
        }
        match classic(self)? {
            -1 => Ok(None),
            length => usize::try_from(length).map(Some).map_err(|_| WireError::BadLength(length)),
        }
    }

    pub fn nullable_string(&mut self) -> Result<Option<String>, WireError> {
        let length = self.length(|reader| Ok(i64::from(reader.i16()?)))?;
        length.map(|length| self.utf8(length)).transpose()
    }

    pub fn string(&mut self) -> Result<String, WireError> {
        self.nullable_string()?.ok_or(WireError::UnexpectedNull)
    }

    fn utf8(&mut self, length: usize) -> Result<String, WireError> {
        self.need(length)?;
        self.charge(length)?;
        let bytes = self.rest.split_to(length);
        std::str::from_utf8(&bytes).map(str::to_owned).map_err(|_| WireError::NotUtf8)
    }

    /// Bytes that share the frame.
    pub fn nullable_bytes(&mut self) -> Result<Option<Bytes>, WireError> {
        let Some(length) = self.length(|reader| Ok(i64::from(reader.i32()?)))? else { return Ok(None) };
        self.need(length)?;
        Ok(Some(self.rest.split_to(length)))
    }

    /// An array whose elements `element` reads, each at least `min_size` bytes long on the wire.
    pub fn nullable_array_with<T>(
        &mut self,
        min_size: usize,
        mut element: impl FnMut(&mut Self) -> Result<T, WireError>,
    ) -> Result<Option<Vec<T>>, WireError> {
        let Some(count) = self.length(|reader| Ok(i64::from(reader.i32()?)))? else { return Ok(None) };
        let left = self.rest.len();
        if count > left / min_size.max(1) {
            return Err(WireError::BadCount { count, left });
        }
        self.charge(count.saturating_mul(size_of::<T>()))?;
        let mut elements = Vec::with_capacity(count);
        for _ in 0..count {
            elements.push(element(self)?);
        }
        Ok(Some(elements))
    }

    pub fn nullable_array<T: Decode>(&mut self, version: i16) -> Result<Option<Vec<T>>, WireError> {
        self.nullable_array_with(T::MIN_SIZE, |reader| T::decode(reader, version))
    }

    pub fn array<T: Decode>(&mut self, version: i16) -> Result<Vec<T>, WireError> {
        self.nullable_array(version)?.ok_or(WireError::UnexpectedNull)
    }

    pub fn i32_array(&mut self) -> Result<Vec<i32>, WireError> {
        self.nullable_array_with(4, Self::i32)?.ok_or(WireError::UnexpectedNull)
    }

    pub fn string_array(&mut self) -> Result<Vec<String>, WireError> {
        self.nullable_array_with(1, Self::string)?.ok_or(WireError::UnexpectedNull)
    }

    /// The end of a struct that has no tagged field known here.
    pub fn end_struct(&mut self) -> Result<(), WireError> {
        self.tagged_fields(|_, _| Ok(false))
    }

    /// The end of a struct. `known` is given each tag with a reader over its bytes and says whether it read them; other
    /// fields are skipped. Nothing in versions that are not flexible.
    pub fn tagged_fields(
        &mut self,
        mut known: impl FnMut(u32, &mut Self) -> Result<bool, WireError>,
    ) -> Result<(), WireError> {
        if !self.flexible {
            return Ok(());
        }
        for _ in 0..self.unsigned_varint()? {
            let tag = self.unsigned_varint()?;
            let size = self.unsigned_varint()? as usize;
            self.need(size)?;
            let mut field = Self { rest: self.rest.split_to(size), flexible: true, allowance: self.allowance };
            if known(tag, &mut field)? {
                self.allowance = field.allowance;
                field.finish()?;
            }
        }
        Ok(())
    }
}
