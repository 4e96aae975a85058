//! Tokens.

use crate::text::Span;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) span: Span,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A keyword or a bare name, as written.
    Word(String),
    /// A name in backquotes, without them.
    Quoted(String),
    /// A text in single quotes, unescaped.
    Text(String),
    /// The digits of `X'0aff'`.
    Bytes(String),
    /// Digits with or without point and exponent, as written.
    Number(String),
    /// An operator or punctuation.
    Mark(&'static str),
    /// `/*+`
    HintStart,
    /// The `*/` that ends a hint.
    HintEnd,
    End,
}
