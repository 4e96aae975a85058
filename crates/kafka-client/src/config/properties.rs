//! Name-value pairs that are taken one by one, so that what is left over is known to be wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::str::FromStr;

use base::{ByteCount, Error, Result};

/// Properties not yet taken, and the names that were asked for.
pub(super) struct Properties<'a> {
    pairs: BTreeMap<&'a str, &'a str>,
    asked: BTreeSet<&'static str>,
}

impl<'a> Properties<'a> {
    pub(super) fn new(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self { pairs: pairs.into_iter().collect(), asked: BTreeSet::new() }
    }

    pub(super) fn take(&mut self, name: &'static str) -> Option<&'a str> {
        self.asked.insert(name);
        self.pairs.remove(name)
    }

    pub(super) fn required(&mut self, name: &'static str) -> Result<&'a str> {
        let hint = format!("set it, for example '{name}' = 'localhost:9092'");
        self.take(name).ok_or_else(|| Error::user(format!("the property '{name}' is missing")).hint(hint))
    }

    pub(super) fn text(&mut self, name: &'static str, into: &mut String) {
        if let Some(text) = self.take(name) {
            text.clone_into(into);
        }
    }

    pub(super) fn number<T>(&mut self, name: &'static str, least: T, into: &mut T) -> Result<()>
    where
        T: FromStr + PartialOrd + Display,
    {
        if let Some(text) = self.take(name) {
            *into = (text.trim().parse().ok().filter(|number| *number >= least))
                .ok_or_else(|| wrong(name, text, &format!("a whole number of at least {least}")))?;
        }
        Ok(())
    }

    /// A number of bytes between 1 and what fits Kafka's 31 bits.
    pub(super) fn bytes(&mut self, name: &'static str, into: &mut ByteCount) -> Result<()> {
        if let Some(text) = self.take(name) {
            let size = (text.parse::<ByteCount>().ok()).filter(|size| {
                *size > ByteCount::ZERO && i64::try_from(size.0).is_ok_and(|n| n <= i64::from(i32::MAX))
            });
            *into = size.ok_or_else(|| wrong(name, text, "a number of bytes from 1 to 2147483647"))?;
        }
        Ok(())
    }

    /// A property of which only these values are supported.
    pub(super) fn only(&mut self, name: &'static str, values: &[&str], why: &str) -> Result<()> {
        match self.take(name) {
            Some(text) if !values.contains(&text) => {
                Err(Error::user(format!("the property '{name}' = '{text}' is not supported"))
                    .detail(why)
                    .hint(format!("leave it out, or write {}", values.join(" or "))))
            }
            _ => Ok(()),
        }
    }

    /// Fails if something is left that is neither known nor harmless.
    pub(super) fn finish(self, harmless: &[&'static str], unsupported: &[&'static str]) -> Result<()> {
        let Some((name, _)) = self.pairs.iter().find(|(name, _)| !harmless.contains(name)) else { return Ok(()) };
        if unsupported.contains(name) {
            return Err(Error::user(format!("the property '{name}' is not supported yet"))
                .hint("leave it out if the job does without it"));
        }
        let known = self.asked.iter().chain(harmless).chain(unsupported);
        let nearest = known.min_by_key(|known| distance(known, name)).copied().unwrap_or_default();
        let error = Error::user(format!("the property '{name}' is unknown"));
        Err(if distance(nearest, name) <= 2 + name.len() / 4 {
            error.hint(format!("did you mean '{nearest}'?"))
        } else {
            error.hint("the names are those of Kafka's own clients")
        })
    }
}

pub(super) fn wrong(name: &str, value: &str, expected: &str) -> Error {
    Error::user(format!("the property '{name}' is '{value}'; expected: {expected}"))
}

/// How many characters must be added, removed or changed (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, a) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in b.iter().enumerate() {
            let changed = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
