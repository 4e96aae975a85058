//! Debezium's placeholder for a value that it does not know (PostgreSQL's unchanged TOAST columns), in all its forms.

use crate::convert::{Alphabet, base64_text};
use crate::scan::{Scanner, Token};

/// The placeholder's texts: plain, and as bytes are written in each `binary.handling.mode`.
#[derive(Clone, Debug)]
pub(crate) struct Placeholder {
    texts: Vec<Vec<u8>>,
    shortest: usize,
}

impl Placeholder {
    pub(crate) fn new(text: &str) -> Self {
        let plain = text.as_bytes();
        let hex = plain.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect();
        let mut texts = vec![plain.to_vec()];
        for encoded in [base64_text(plain, Alphabet::Standard), base64_text(plain, Alphabet::UrlSafe), hex] {
            if !texts.contains(&encoded) {
                texts.push(encoded);
            }
        }
        let shortest = texts.iter().map(Vec::len).min().unwrap_or(0);
        Self { texts, shortest }
    }

    /// Whether `token` is the placeholder, or an array of nothing but it.
    #[inline]
    pub(crate) fn matches(&self, token: Token<'_>) -> bool {
        match token {
            Token::Text(text) => self.is(text),
            Token::Composite(raw) => raw.first() == Some(&b'[') && self.is_in_array(raw),
            _ => false,
        }
    }

    #[inline]
    fn is(&self, text: &[u8]) -> bool {
        // Most cells are shorter than any form of it.
        text.len() >= self.shortest && self.is_one_of(text)
    }

    fn is_one_of(&self, text: &[u8]) -> bool {
        self.texts.iter().any(|form| form.len() == text.len() && form == text)
    }

    fn is_in_array(&self, raw: &[u8]) -> bool {
        let mut scratch = Vec::new();
        let mut scanner = Scanner::new(raw);
        let mut first = true;
        let item = scanner.open_array().and_then(|()| scanner.next_item(&mut first));
        if item != Ok(true) {
            return false;
        }
        let found = matches!(scanner.value(&mut scratch), Ok(Token::Text(text)) if self.is(text));
        found && scanner.next_item(&mut first) == Ok(false)
    }
}
