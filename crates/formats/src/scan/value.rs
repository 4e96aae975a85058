//! Values that somebody wants.

use super::error::SyntaxError;
use super::number::Number;
use super::scanner::Scanner;
use super::text;

/// A value as it stands in the record. Texts are UTF-8 and have their escapes resolved; they are bytes because columns
/// want bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Token<'t> {
    Null,
    Boolean(bool),
    Number(Number<'t>),
    Text(&'t [u8]),
    /// An object or array, whole, as it stands in the record.
    Composite(&'t [u8]),
}

impl<'a> Scanner<'a> {
    /// Reads any value. `scratch` is overwritten if the value is a string with escapes.
    #[inline]
    pub(crate) fn value<'t>(&mut self, scratch: &'t mut Vec<u8>) -> Result<Token<'t>, SyntaxError>
    where
        'a: 't,
    {
        match self.peek() {
            b'"' => self.text(scratch).map(Token::Text),
            b'-' | b'0'..=b'9' => self.number().map(Token::Number),
            b'n' => self.word(b"null", Token::Null),
            b't' => self.word(b"true", Token::Boolean(true)),
            b'f' => self.word(b"false", Token::Boolean(false)),
            b'{' | b'[' => self.skip().map(Token::Composite),
            _ => Err(self.error("a value")),
        }
    }

    fn word(&mut self, word: &'static [u8], token: Token<'static>) -> Result<Token<'static>, SyntaxError> {
        if self.eat(word) { Ok(token) } else { Err(self.error("a value")) }
    }

    /// Reads a string; its text is in the record, or in `scratch` where it has escapes.
    #[inline]
    fn text<'t>(&mut self, scratch: &'t mut Vec<u8>) -> Result<&'t [u8], SyntaxError>
    where
        'a: 't,
    {
        let start = self.at + 1;
        let string = text::span(self.bytes, start)?;
        self.at = string.end + 1;
        let raw = self.bytes.get(start..string.end).unwrap_or_default();
        if !string.escaped {
            return Ok(raw);
        }
        text::unescape(raw, scratch).map_err(|error| SyntaxError { at: start + error.at, ..error })?;
        Ok(scratch)
    }
}
