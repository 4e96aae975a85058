//! `'key'='value'` lists, comments, hints.

use super::cursor::{Parsed, Parser};
use crate::ast::{OptionEntry, Text};
use crate::lex::TokenKind;
use crate::text::Diagnostic;
use crate::unsupported::unsupported;

impl Parser<'_> {
    /// `('key'='value', …)`; may be empty, each key once.
    pub(super) fn options(&mut self) -> Parsed<Vec<OptionEntry>> {
        if self.at_mark("(") && self.mark_at(1, ")") {
            self.advance();
            self.advance();
            return Ok(Vec::new());
        }
        let entries = self.list(|this| {
            let key = this.text("the key of an option")?;
            this.expect_mark("=")?;
            Ok(OptionEntry { key, value: this.text("the value of an option")? })
        })?;
        for (at, entry) in entries.iter().enumerate() {
            if entries.iter().take(at).any(|earlier| earlier.key.value == entry.key.value) {
                return Err(Diagnostic::error(entry.key.span, format!("option '{}' is given twice", entry.key.value)));
            }
        }
        Ok(entries)
    }

    /// `COMMENT 'text'`
    pub(super) fn comment(&mut self) -> Parsed<Option<Text>> {
        if self.eat_word("COMMENT") { self.text("a comment").map(Some) } else { Ok(None) }
    }

    /// `/*+ OPTIONS('key'='value', …) */` behind a table's name.
    pub(super) fn table_hints(&mut self) -> Parsed<Vec<OptionEntry>> {
        if *self.peek() != TokenKind::HintStart {
            return Ok(Vec::new());
        }
        self.advance();
        if !self.at_word("OPTIONS") {
            return Err(match self.peek() {
                TokenKind::Word(word) => unsupported(self.here(), format!("the hint {word}")),
                _ => self.unexpected_word(&["OPTIONS"]),
            });
        }
        self.advance();
        let options = self.options()?;
        if *self.peek() != TokenKind::HintEnd {
            return Err(self.unexpected("the end of the hint, */"));
        }
        self.advance();
        Ok(options)
    }

    /// Where no hint has a meaning.
    pub(super) fn no_hint(&self, place: &str) -> Parsed<()> {
        match self.peek() {
            TokenKind::HintStart => Err(unsupported(self.here(), format!("a hint {place}"))
                .hint("options of a table: FROM t /*+ OPTIONS('key'='value') */")),
            _ => Ok(()),
        }
    }
}
