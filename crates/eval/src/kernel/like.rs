//! LIKE: `%` is any run of characters, `_` any one character, compared by code points.

use arrow_array::ArrayRef;

use super::text::{Texts, applies, each_bool};
use crate::error::RowError;
use crate::kernel::args::Args;
use crate::operators::Symbol;

/// `text LIKE pattern`, with the escape character as symbol.
pub(crate) fn like(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let escape = match args.symbol {
        Some(Symbol::Escape(escape)) => escape,
        _ => None,
    };
    let (texts, patterns) = (Texts::of(args, 0), Texts::of(args, 1));
    if args.values[1].constant {
        let Some(row) = (0..args.frame.rows).find(|row| applies(args, *row)) else { return Ok(args.all_null()) };
        let pattern = Pattern::parse(patterns.get(0), escape).map_err(|reason| RowError::new(row, reason))?;
        return Ok(each_bool(args, |row| pattern.matches(texts.get(row))));
    }
    let mut compiled = Vec::with_capacity(args.frame.rows);
    for row in 0..args.frame.rows {
        let matches = applies(args, row)
            && Pattern::parse(patterns.get(row), escape)
                .map_err(|reason| RowError::new(row, reason))?
                .matches(texts.get(row));
        compiled.push(matches);
    }
    Ok(each_bool(args, |row| compiled[row]))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Character(char),
    AnyOne,
    AnyRun,
}

/// A pattern; the frequent shapes without wild cards inside are matched without walking.
#[derive(Debug)]
pub(crate) enum Pattern {
    Exact(String),
    Prefix(String),
    Suffix(String),
    Contains(String),
    Tokens(Tokens),
}

#[derive(Debug)]
pub(crate) struct Tokens(Vec<Token>);

impl Pattern {
    /// Fails if the escape character stands before another than `%`, `_` and itself.
    pub(crate) fn parse(pattern: &str, escape: Option<char>) -> Result<Self, String> {
        let mut tokens = Vec::new();
        let mut characters = pattern.chars().enumerate();
        while let Some((index, character)) = characters.next() {
            tokens.push(match character {
                _ if Some(character) == escape => match characters.next() {
                    Some((_, next)) if next == '%' || next == '_' || Some(next) == escape => Token::Character(next),
                    _ => return Err(format!("Invalid escape sequence '{pattern}', {index}")),
                },
                '%' => Token::AnyRun,
                '_' => Token::AnyOne,
                other => Token::Character(other),
            });
        }
        Ok(Self::of(tokens))
    }

    fn of(tokens: Vec<Token>) -> Self {
        let text = |tokens: &[Token]| {
            tokens
                .iter()
                .map(|token| match token {
                    Token::Character(character) => Some(*character),
                    Token::AnyOne | Token::AnyRun => None,
                })
                .collect::<Option<String>>()
        };
        if let Some(exact) = text(&tokens) {
            return Self::Exact(exact);
        }
        let shape = match tokens.as_slice() {
            [Token::AnyRun, middle @ .., Token::AnyRun] => text(middle).map(Self::Contains),
            [Token::AnyRun, rest @ ..] => text(rest).map(Self::Suffix),
            [rest @ .., Token::AnyRun] => text(rest).map(Self::Prefix),
            _ => None,
        };
        shape.unwrap_or(Self::Tokens(Tokens(tokens)))
    }

    pub(crate) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact(exact) => text == exact,
            Self::Prefix(prefix) => text.starts_with(prefix.as_str()),
            Self::Suffix(suffix) => text.ends_with(suffix.as_str()),
            Self::Contains(part) => text.contains(part.as_str()),
            Self::Tokens(tokens) => tokens.matches(text),
        }
    }
}

impl Tokens {
    /// Greedy with one point to go back to: the last `%`. Time is at most text times pattern.
    fn matches(&self, text: &str) -> bool {
        let tokens = &self.0;
        let mut rest = text.chars();
        let mut at = 0;
        let mut retry: Option<(usize, std::str::Chars<'_>)> = None;
        loop {
            if tokens.get(at) == Some(&Token::AnyRun) {
                at += 1;
                retry = Some((at, rest.clone()));
                continue;
            }
            match (tokens.get(at), rest.next()) {
                (None, None) => return true,
                (Some(Token::AnyOne), Some(_)) => at += 1,
                (Some(Token::Character(wanted)), Some(found)) if *wanted == found => at += 1,
                _ => {
                    let Some((after_run, mut from)) = retry.take() else { return false };
                    if from.next().is_none() {
                        return false;
                    }
                    rest = from.clone();
                    at = after_run;
                    retry = Some((after_run, from));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_texts_by_characters() {
        for (text, pattern, expected) in [
            ("hello", "h%", true),
            ("hello", "%l%", true),
            ("hello", "h_llo", true),
            ("hello", "hel%l%o", true),
            ("aab", "%ab", true),
            ("aaab", "a%_b", true),
            ("", "%%", true),
            ("", "_", false),
            ("𝄞é", "__", true),
            ("hello", "h%x", false),
            ("hello", "hell", false),
            ("mississippi", "m%iss%ip%i", true),
        ] {
            assert_eq!(Pattern::parse(pattern, None).unwrap().matches(text), expected, "{text} LIKE {pattern}");
        }
        assert!(Pattern::parse("10!%", Some('!')).unwrap().matches("10%"));
        assert!(Pattern::parse("x!", Some('!')).is_err());
        assert!(Pattern::parse("!x", Some('!')).is_err());
    }
}
