//! The parser's place in the tokens, and the small steps that all productions are made of.

use super::words::{begins_clause, is_reserved};
use crate::ast::{Ident, ObjectName, Text};
use crate::lex::{Token, TokenKind};
use crate::text::{Diagnostic, SourceText, Span, nearest};

/// How deeply parentheses, calls, types and queries may be nested. Flink's own parser overflows its stack at some hundreds;
/// real queries stay below 20. One level takes up to 11 KiB of stack in an unoptimised build, of 2 MiB that a thread has.
pub(super) const DEPTH_MAX: usize = 100;

/// How deep a tree may become by operators in a row (`a + b + c …`; AND and OR are flat), which takes no stack here but
/// in everything that walks the tree.
pub(super) const HEIGHT_MAX: usize = 200;

pub(super) type Parsed<T> = Result<T, Diagnostic>;

pub(super) struct Parser<'a> {
    pub(super) source: &'a SourceText,
    tokens: &'a [Token],
    at: usize,
    depth: usize,
    errors: Vec<Diagnostic>,
    /// An alias without AS that stands before the current token: perhaps a misspelt keyword.
    suspect: Option<(usize, Ident)>,
}

impl<'a> Parser<'a> {
    pub(super) fn new(source: &'a SourceText, tokens: &'a [Token]) -> Self {
        Self { source, tokens, at: 0, depth: 0, errors: Vec::new(), suspect: None }
    }

    pub(super) fn into_errors(self) -> Vec<Diagnostic> {
        self.errors
    }

    pub(super) fn report(&mut self, error: Diagnostic) {
        self.errors.push(error);
    }

    pub(super) fn peek(&self) -> &'a TokenKind {
        self.peek_at(0)
    }

    pub(super) fn peek_at(&self, ahead: usize) -> &'a TokenKind {
        self.tokens.get(self.at + ahead).map_or(&TokenKind::End, |token| &token.kind)
    }

    /// The place of the current token.
    pub(super) fn here(&self) -> Span {
        let end = self.source.text().len();
        self.tokens.get(self.at).map_or(Span::new(end, end), |token| token.span)
    }

    /// From `start` to the end of the last token read.
    pub(super) fn since(&self, start: Span) -> Span {
        let last = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        last.map_or(start, |token| if token.span.end < start.start { start } else { start.to(token.span) })
    }

    pub(super) fn advance(&mut self) -> Span {
        let span = self.here();
        if self.at < self.tokens.len() {
            self.at += 1;
        }
        span
    }

    pub(super) fn at_end_of_text(&self) -> bool {
        *self.peek() == TokenKind::End
    }

    pub(super) fn at_end(&self) -> bool {
        matches!(self.peek(), TokenKind::End | TokenKind::Mark(";"))
    }

    /// Goes to the next semicolon or the end.
    pub(super) fn recover(&mut self) {
        self.suspect = None;
        self.depth = 0;
        while !self.at_end() {
            self.advance();
        }
    }

    pub(super) fn at_word(&self, word: &str) -> bool {
        self.word_at(0, word)
    }

    pub(super) fn word_at(&self, ahead: usize, word: &str) -> bool {
        matches!(self.peek_at(ahead), TokenKind::Word(found) if found.eq_ignore_ascii_case(word))
    }

    /// Whether these words come next.
    pub(super) fn at_words(&self, words: &[&str]) -> bool {
        words.iter().enumerate().all(|(ahead, word)| self.word_at(ahead, word))
    }

    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        self.eat_words(&[word])
    }

    /// Reads these words if all of them come next, else nothing.
    pub(super) fn eat_words(&mut self, words: &[&str]) -> bool {
        let found = self.at_words(words);
        if found {
            self.at += words.len();
        }
        found
    }

    pub(super) fn expect_word(&mut self, word: &str) -> Parsed<Span> {
        if self.at_word(word) { Ok(self.advance()) } else { Err(self.unexpected_word(&[word])) }
    }

    pub(super) fn at_mark(&self, mark: &str) -> bool {
        matches!(self.peek(), TokenKind::Mark(found) if *found == mark)
    }

    pub(super) fn mark_at(&self, ahead: usize, mark: &str) -> bool {
        matches!(self.peek_at(ahead), TokenKind::Mark(found) if *found == mark)
    }

    pub(super) fn eat_mark(&mut self, mark: &str) -> bool {
        let found = self.at_mark(mark);
        if found {
            self.at += 1;
        }
        found
    }

    pub(super) fn expect_mark(&mut self, mark: &str) -> Parsed<Span> {
        if self.at_mark(mark) { Ok(self.advance()) } else { Err(self.unexpected(&format!("'{mark}'"))) }
    }

    /// A name; `what` says of what, for the message.
    pub(super) fn ident(&mut self, what: &str) -> Parsed<Ident> {
        let span = self.here();
        match self.peek() {
            TokenKind::Quoted(name) => {
                self.advance();
                Ok(Ident { name: name.clone(), span })
            }
            TokenKind::Word(word) if is_reserved(word) && !begins_clause(word) => Err(self.reserved(what, word)),
            TokenKind::Word(word) if is_reserved(word) => Err(self.unexpected(what)),
            TokenKind::Word(word) => {
                self.advance();
                Ok(Ident { name: word.clone(), span })
            }
            _ => Err(self.unexpected(what)),
        }
    }

    fn reserved(&self, what: &str, word: &str) -> Diagnostic {
        self.with_suspect(
            Diagnostic::error(self.here(), format!("expected {what}, found '{word}', which is a reserved word"))
                .hint(format!("as a name it stands in backquotes: `{word}`")),
        )
    }

    /// Whether a name can begin here.
    pub(super) fn at_ident(&self) -> bool {
        match self.peek() {
            TokenKind::Quoted(_) => true,
            TokenKind::Word(word) => !is_reserved(word),
            _ => false,
        }
    }

    /// `a.b.c`
    pub(super) fn object_name(&mut self, what: &str) -> Parsed<ObjectName> {
        let first = self.ident(what)?;
        let start = first.span;
        let mut parts = vec![first];
        while self.eat_mark(".") {
            parts.push(self.ident("a name")?);
        }
        Ok(ObjectName { parts, span: self.since(start) })
    }

    /// A text in single quotes.
    pub(super) fn text(&mut self, what: &str) -> Parsed<Text> {
        match self.peek() {
            TokenKind::Text(value) => Ok(Text { value: value.clone(), span: self.advance() }),
            _ => Err(self.unexpected(&format!("{what} in single quotes"))),
        }
    }

    /// `(a, b, …)`, at least one.
    pub(super) fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        self.expect_mark("(")?;
        let mut items = vec![item(self)?];
        while self.eat_mark(",") {
            items.push(item(self)?);
        }
        if !self.at_mark(")") {
            return Err(self.unexpected("',' or ')'"));
        }
        self.advance();
        Ok(items)
    }

    /// Goes one level deeper for `inner`.
    pub(super) fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= DEPTH_MAX {
            let error = Diagnostic::error(self.here(), format!("nested more than {DEPTH_MAX} levels deep"));
            return Err(error.hint("split it over several views"));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth = self.depth.saturating_sub(1);
        result
    }

    /// Notes an alias without AS that was just read.
    pub(super) fn suspect(&mut self, alias: &Ident) {
        self.suspect = Some((self.at, alias.clone()));
    }

    /// The error that something else was expected here.
    pub(super) fn unexpected(&self, expected: &str) -> Diagnostic {
        let found = match self.peek() {
            TokenKind::End => "the end of the file".to_owned(),
            TokenKind::Text(_) => "a text".to_owned(),
            TokenKind::HintStart | TokenKind::HintEnd => "a hint".to_owned(),
            TokenKind::Word(word) if word.chars().count() > 40 => "a word".to_owned(),
            TokenKind::Number(_) | TokenKind::Bytes(_) => "a literal".to_owned(),
            _ => format!("'{}'", self.source.slice(self.here())),
        };
        self.with_suspect(Diagnostic::error(self.here(), format!("expected {expected}, found {found}")))
    }

    /// The error that one of these words was expected here, with the one that was probably meant.
    pub(super) fn unexpected_word(&self, words: &[&str]) -> Diagnostic {
        let error = self.unexpected(&alternatives(words));
        let TokenKind::Word(found) = self.peek() else { return error };
        let meant = nearest(found, words.iter().copied()).map(|word| format!("did you mean {word}?"));
        error.maybe_hint(meant)
    }

    fn with_suspect(&self, error: Diagnostic) -> Diagnostic {
        let Some((at, alias)) = &self.suspect else { return error };
        if *at != self.at {
            return error;
        }
        let clauses = ["FROM", "WHERE", "GROUP", "ORDER", "LIMIT", "JOIN", "HAVING", "UNION", "AND", "OR", "SELECT"];
        let meant = nearest(&alias.name, clauses)
            .map(|word| format!("'{}' before it is read as an alias; did you mean {word}?", alias.name));
        error.maybe_hint(meant)
    }
}

/// `A, B or C`
fn alternatives(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
