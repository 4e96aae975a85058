//! Text → tokens, as Calcite's parser with Flink's settings has them: names in backquotes, texts in single quotes,
//! `--` and `//` to the end of the line, `/* */`, and `/*+ */` as a hint that is a part of the statement.
//!
//! Invariant: the spans of tokens grow, lie on character borders, and the last token is [`TokenKind::End`].

mod secret;
mod token;
#[cfg(test)]
mod tests;

use crate::text::{Diagnostic, SourceText, Span};

pub(crate) use token::{Token, TokenKind};

/// Longest first, so that the first that fits is meant.
const MARKS: [&str; 27] = [
    "<>", "!=", "<=", ">=", "||", "=>", "->", "::", "(", ")", ",", ".", ";", "=", "<", ">", "+", "-", "*", "/", "%",
    "[", "]", "{", "}", "?", ":",
];

/// The tokens of a text, and what could not be read. Notes in `source` which parts of it are secrets.
pub(crate) fn tokenize(source: &mut SourceText) -> (Vec<Token>, Vec<Diagnostic>) {
    let mut lexer = Lexer { text: source.text(), at: 0, in_hint: false, tokens: Vec::new(), errors: Vec::new() };
    lexer.run();
    let Lexer { tokens, errors, .. } = lexer;
    let secrets = secret::secrets(source, &tokens);
    source.hide(secrets);
    (tokens, errors)
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    in_hint: bool,
    tokens: Vec<Token>,
    errors: Vec<Diagnostic>,
}

impl<'a> Lexer<'a> {
    fn run(&mut self) {
        while let Some(next) = self.peek() {
            self.token(next);
        }
        let end = self.text.len();
        self.tokens.push(Token { kind: TokenKind::End, span: Span::new(end, end) });
    }

    fn token(&mut self, next: char) {
        let start = self.at;
        match next {
            c if c.is_whitespace() => self.skip_while(char::is_whitespace),
            _ if self.starts("--") || self.starts("//") => self.skip_while(|c| c != '\n'),
            _ if self.starts("/*+") => self.mark(3, TokenKind::HintStart),
            _ if self.starts("/*") => self.comment(start),
            _ if self.in_hint && self.starts("*/") => self.mark(2, TokenKind::HintEnd),
            '\'' => self.text(start),
            '`' => self.quoted_name(start),
            '"' => self.double_quoted(start),
            'x' | 'X' if self.second() == Some('\'') => self.bytes(start),
            '0'..='9' => self.number(start),
            '.' if self.second().is_some_and(|c| c.is_ascii_digit()) => self.number(start),
            c if begins_word(c) => {
                self.skip_while(continues_word);
                self.word(start);
            }
            _ => match MARKS.iter().find(|mark| self.starts(mark)) {
                Some(mark) => self.mark(mark.len(), TokenKind::Mark(mark)),
                None => {
                    self.at += next.len_utf8();
                    self.error(start, format!("'{}' has no meaning here", next.escape_debug()));
                }
            },
        }
    }

    fn word(&mut self, start: usize) {
        let word = self.since(start);
        let prefix = matches!(word, "e" | "E" | "n" | "N") || word.starts_with('_');
        if prefix && self.peek() == Some('\'') {
            self.error(start, format!("a text with the prefix {word} is not supported yet"));
        }
        self.push(start, TokenKind::Word(word.to_owned()));
    }

    fn mark(&mut self, length: usize, kind: TokenKind) {
        let start = self.at;
        self.at += length;
        match kind {
            TokenKind::HintStart => self.in_hint = true,
            TokenKind::HintEnd => self.in_hint = false,
            _ => {}
        }
        self.push(start, kind);
    }

    fn comment(&mut self, start: usize) {
        match self.rest().find("*/") {
            Some(end) => self.at += end + 2,
            None => {
                self.at = self.text.len();
                self.errors.push(
                    Diagnostic::error(Span::new(start, start + 2), "this comment is never closed")
                        .hint("end it with */"),
                );
            }
        }
    }

    fn text(&mut self, start: usize) {
        if let Some(value) = self.delimited('\'') {
            self.push(start, TokenKind::Text(value));
        } else {
            self.unclosed(
                start,
                "this text is never closed",
                "end it with a single quote; a quote inside is written twice: 'it''s'",
            );
        }
    }

    fn quoted_name(&mut self, start: usize) {
        match self.delimited('`') {
            Some(name) if name.is_empty() => self.error(start, "a name must not be empty"),
            Some(name) => self.push(start, TokenKind::Quoted(name)),
            None => self.unclosed(start, "this name is never closed", "end it with a backquote: `name`"),
        }
    }

    /// Read as a name, so that one message stands for it.
    fn double_quoted(&mut self, start: usize) {
        let Some(name) = self.delimited('"') else {
            return self.unclosed(start, "double quotes have no meaning in Flink SQL", DOUBLE_QUOTES);
        };
        self.errors.push(
            Diagnostic::error(Span::new(start, self.at), "double quotes have no meaning in Flink SQL")
                .hint(DOUBLE_QUOTES),
        );
        self.push(start, TokenKind::Quoted(name));
    }

    /// `X'…'`, pairs of hexadecimal digits.
    fn bytes(&mut self, start: usize) {
        self.at += 1;
        let Some(digits) = self.delimited('\'') else {
            return self.unclosed(start, "this binary literal is never closed", "end it with a single quote");
        };
        if digits.len().is_multiple_of(2) && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return self.push(start, TokenKind::Bytes(digits));
        }
        self.error(start, "a binary literal takes pairs of hexadecimal digits");
        self.push(start, TokenKind::Bytes(String::new()));
    }

    fn number(&mut self, start: usize) {
        self.skip_while(|c| c.is_ascii_digit());
        if self.peek() == Some('.') {
            self.at += 1;
            self.skip_while(|c| c.is_ascii_digit());
        }
        let exponent = self.rest().bytes().take(2).collect::<Vec<u8>>();
        let signed = matches!(exponent.as_slice(), [b'e' | b'E', b'+' | b'-'])
            && self.rest().as_bytes().get(2).is_some_and(u8::is_ascii_digit);
        let unsigned = matches!(exponent.as_slice(), [b'e' | b'E', b'0'..=b'9']);
        if signed || unsigned {
            self.at += 2;
            self.skip_while(|c| c.is_ascii_digit());
        }
        if self.peek().is_some_and(begins_word) {
            self.skip_while(continues_word);
            self.error(start, format!("'{}' is neither a number nor a name", self.since(start)));
            return self.push(start, TokenKind::Number("0".to_owned()));
        }
        self.push(start, TokenKind::Number(self.since(start).to_owned()));
    }

    /// What stands between two `delimiter`s, of which a doubled one stands for itself. `None`, and nothing read, if it is not closed.
    fn delimited(&mut self, delimiter: char) -> Option<String> {
        let mut value = String::new();
        let mut chars = self.rest().char_indices().skip(1).peekable();
        while let Some((at, c)) = chars.next() {
            if c != delimiter {
                value.push(c);
            } else if chars.next_if(|(_, c)| *c == delimiter).is_some() {
                value.push(delimiter);
            } else {
                self.at += at + 1;
                return Some(value);
            }
        }
        None
    }

    /// What follows can't be trusted, so nothing more is read.
    fn unclosed(&mut self, start: usize, message: &str, hint: &str) {
        self.at = self.text.len();
        self.errors.push(Diagnostic::error(Span::new(start, start + 1), message).hint(hint));
    }

    fn error(&mut self, start: usize, message: impl Into<String>) {
        self.errors.push(Diagnostic::error(Span::new(start, self.at), message));
    }

    fn push(&mut self, start: usize, kind: TokenKind) {
        self.tokens.push(Token { kind, span: Span::new(start, self.at) });
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn second(&self) -> Option<char> {
        self.rest().chars().nth(1)
    }

    fn starts(&self, with: &str) -> bool {
        self.rest().starts_with(with)
    }

    fn skip_while(&mut self, wanted: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.find(|c| !wanted(c)).unwrap_or(rest.len());
    }
}

const DOUBLE_QUOTES: &str = "names stand in backquotes: `name`; texts in single quotes: 'text'";

fn begins_word(c: char) -> bool {
    c.is_alphabetic() || c == '_' || c == '$'
}

fn continues_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}
