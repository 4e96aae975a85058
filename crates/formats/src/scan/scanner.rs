//! The scanner itself: where it is, and the brackets, keys and commas of objects and arrays.

use super::error::SyntaxError;
use super::text;

/// How deep arrays and objects may nest; `serde_json` refuses the 128th.
pub(crate) const DEPTH_MAX: u32 = 127;

/// A key as it stands in the record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawKey<'a> {
    /// With its quotes, escapes unresolved.
    pub quoted: &'a [u8],
    pub escaped: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Scanner<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    pub(super) depth: u32,
}

impl<'a> Scanner<'a> {
    #[inline]
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, depth: 0 }
    }

    /// The next byte to be read, as an index into the record.
    #[inline]
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// The bytes from an earlier [`Self::at`] to here.
    #[inline]
    pub(crate) fn since(&self, start: usize) -> &'a [u8] {
        self.bytes.get(start..self.at).unwrap_or_default()
    }

    /// Passes whitespace and shows the next byte; 0 at the end (a NUL is no token either).
    #[inline]
    pub(crate) fn peek(&mut self) -> u8 {
        match self.bytes.get(self.at) {
            Some(&byte) if byte > b' ' => byte,
            _ => self.pass_whitespace(),
        }
    }

    #[cold]
    fn pass_whitespace(&mut self) -> u8 {
        loop {
            match self.bytes.get(self.at) {
                Some(b' ' | b'\n' | b'\t' | b'\r') => self.at += 1,
                Some(&byte) => return byte,
                None => return 0,
            }
        }
    }

    /// Goes into an object.
    #[inline]
    pub(crate) fn open_object(&mut self) -> Result<(), SyntaxError> {
        self.open(b'{', "an object")
    }

    /// Goes into an array.
    pub(crate) fn open_array(&mut self) -> Result<(), SyntaxError> {
        self.open(b'[', "an array")
    }

    #[inline]
    fn open(&mut self, bracket: u8, expected: &'static str) -> Result<(), SyntaxError> {
        if self.peek() != bracket {
            return Err(self.error(expected));
        }
        if self.depth == DEPTH_MAX {
            return Err(self.error("at most 127 nested arrays and objects"));
        }
        self.depth += 1;
        self.at += 1;
        Ok(())
    }

    /// Goes to the next member of the object; `false` when there is none and the object is left. `first` starts as true.
    #[inline]
    pub(crate) fn next_member(&mut self, first: &mut bool) -> Result<bool, SyntaxError> {
        match self.peek() {
            b',' if !*first => {
                self.at += 1;
                if self.peek() == b'"' { Ok(true) } else { Err(self.error("a key")) }
            }
            b'"' if *first => {
                *first = false;
                Ok(true)
            }
            b'}' => {
                self.leave();
                Ok(false)
            }
            _ => Err(self.error(if *first { "a key or '}'" } else { "',' or '}'" })),
        }
    }

    /// Goes to the next item of the array; `false` when there is none and the array is left. `first` starts as true.
    pub(crate) fn next_item(&mut self, first: &mut bool) -> Result<bool, SyntaxError> {
        match self.peek() {
            b']' => {
                self.leave();
                Ok(false)
            }
            _ if *first => {
                *first = false;
                Ok(true)
            }
            b',' => {
                self.at += 1;
                Ok(true)
            }
            _ => Err(self.error("',' or ']'")),
        }
    }

    #[inline]
    fn leave(&mut self) {
        self.at += 1;
        self.depth -= 1;
    }

    /// Passes `expected` if the record goes on with it, byte for byte.
    #[inline]
    pub(crate) fn eat(&mut self, expected: &[u8]) -> bool {
        let found = self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(expected));
        if found {
            self.at += expected.len();
        }
        found
    }

    /// Reads a key and the colon behind it.
    #[inline]
    pub(crate) fn key(&mut self) -> Result<RawKey<'a>, SyntaxError> {
        if self.peek() != b'"' {
            return Err(self.error("a key"));
        }
        let start = self.at;
        let string = text::span(self.bytes, start + 1)?;
        self.at = string.end + 1;
        let quoted = self.since(start);
        self.colon()?;
        Ok(RawKey { quoted, escaped: string.escaped })
    }

    #[inline]
    pub(super) fn colon(&mut self) -> Result<(), SyntaxError> {
        if self.peek() != b':' {
            return Err(self.error("':'"));
        }
        self.at += 1;
        Ok(())
    }

    /// Nothing but whitespace may be left.
    pub(crate) fn end(&mut self) -> Result<(), SyntaxError> {
        self.peek();
        if self.at == self.bytes.len() { Ok(()) } else { Err(self.error("the end of the record")) }
    }

    #[cold]
    pub(super) fn error(&self, expected: &'static str) -> SyntaxError {
        SyntaxError { at: self.at, expected }
    }
}
