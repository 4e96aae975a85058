//! The identity of a topic (KIP-516): a name that is used again gets another.

use std::fmt;

/// 16 bytes; all zero means "none given".
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicId(pub [u8; 16]);

impl TopicId {
    pub const NONE: Self = Self([0; 16]);

    pub fn is_none(self) -> bool {
        self == Self::NONE
    }
}

/// As Kafka's tools print it: base64 with the URL alphabet and no padding, 22 characters.
impl fmt::Display for TopicId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let bits = u128::from_be_bytes(self.0);
        // 128 bits are 21 sextets and two bits, which take the high end of the last character.
        for index in 0..22_u32 {
            let shifted = if index < 21 { bits >> (122 - 6 * index) } else { bits << 4 };
            let character = ALPHABET.get((shifted & 0x3f) as usize).copied().unwrap_or(b'?');
            write!(f, "{}", char::from(character))?;
        }
        Ok(())
    }
}

impl fmt::Debug for TopicId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TopicId({self})")
    }
}
