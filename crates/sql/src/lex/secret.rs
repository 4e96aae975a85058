//! Which parts of a job file are secrets: the values of options whose names say so. Found among the tokens, before
//! anything is parsed, so that no message about a broken statement shows one.

use super::token::{Token, TokenKind};
use crate::text::{SourceText, Span};

/// The words by which Flink's `GlobalConfiguration` knows a sensitive option, and two more of Kafka's and the clouds'.
const SENSITIVE: [&str; 14] = [
    "password",
    "secret",
    "fs.azure.account.key",
    "apikey",
    "api-key",
    "auth-params",
    "service-key",
    "token",
    "basic-auth",
    "jaas.config",
    "http-headers",
    "credential",
    "access-key",
    "private-key",
];

/// Whether the value of an option must not be shown.
fn is_sensitive(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    SENSITIVE.iter().any(|word| key.contains(word))
}

/// The values after `=` of sensitive keys: a text, or for a bare `SET key = value` all up to the semicolon.
pub(super) fn secrets(source: &SourceText, tokens: &[Token]) -> Vec<Span> {
    let mut secrets = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if token.kind != TokenKind::Mark("=") || !is_sensitive(&key_before(source, tokens, at)) {
            continue;
        }
        let values = tokens.iter().skip(at + 1);
        if let Some(Token { kind: TokenKind::Text(_), span }) = values.clone().next() {
            secrets.push(*span);
        } else {
            let bare = values.take_while(|token| !matches!(token.kind, TokenKind::Mark(";") | TokenKind::End));
            secrets.extend(bare.map(|token| token.span));
        }
    }
    secrets
}

/// The text of the tokens that touch each other before the `=`: `'a.password'`, or `a.password` bare.
fn key_before(source: &SourceText, tokens: &[Token], at: usize) -> String {
    let mut start = None;
    let mut end = 0;
    for token in tokens.iter().take(at).rev() {
        match start {
            None => (start, end) = (Some(token.span.start), token.span.end),
            Some(begin) if token.span.end == begin => start = Some(token.span.start),
            Some(_) => break,
        }
    }
    start.map_or_else(String::new, |start| source.slice(Span { start, end }).to_owned())
}
