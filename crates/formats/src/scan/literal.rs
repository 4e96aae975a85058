//! Bytes that records are expected to go on with, laid out to be compared at once.

use super::chunk::{WIDTH, differences};
use super::scanner::Scanner;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Literal {
    /// The first bytes, filled up with zeros.
    head: [u8; WIDTH],
    /// A bit for each byte of `head` that counts.
    mask: u32,
    bytes: Box<[u8]>,
}

impl Literal {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let mut head = [0; WIDTH];
        for (slot, byte) in head.iter_mut().zip(bytes) {
            *slot = *byte;
        }
        let mask = if bytes.len() < WIDTH { (1 << bytes.len()) - 1 } else { 0xffff };
        Self { head, mask, bytes: bytes.into() }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether `rest` begins with it.
    #[inline]
    fn begins(&self, rest: &[u8]) -> bool {
        match rest.split_first_chunk() {
            Some((chunk, more)) if differences(chunk, &self.head) & self.mask == 0 => {
                self.bytes.get(WIDTH..).is_none_or(|tail| tail.is_empty() || more.starts_with(tail))
            }
            Some(_) => false,
            None => rest.starts_with(&self.bytes),
        }
    }
}

impl Scanner<'_> {
    /// Passes `expected` if the record goes on with it, byte for byte.
    #[inline]
    pub(crate) fn eat_literal(&mut self, expected: &Literal) -> bool {
        let found = self.bytes.get(self.at..).is_some_and(|rest| expected.begins(rest));
        if found {
            self.at += expected.bytes.len();
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_of_every_length_are_found_only_where_they_are() {
        let text: Vec<u8> = (b'!'..b'!' + 50).collect();
        for length in 0..40 {
            let literal = Literal::new(&text[..length]);
            for cut in 0..text.len() {
                let mut scanner = Scanner::new(&text[..cut]);
                assert_eq!(scanner.eat_literal(&literal), cut >= length, "{length} {cut}");
                assert_eq!(scanner.at(), if cut >= length { length } else { 0 });
                let mut other = text.clone();
                other[cut] ^= 1;
                assert_eq!(Scanner::new(&other).eat_literal(&literal), cut >= length, "{length} {cut}");
            }
        }
    }
}
