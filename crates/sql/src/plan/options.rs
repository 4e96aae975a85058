//! WITH options against what a connector or catalog takes.

use std::collections::BTreeMap;

use flow::{OptionError, OptionSpec, Options};

use crate::ast::OptionEntry;
use crate::text::{Diagnostic, Errors, Span, did_you_mean, nearest};

/// Options with their places.
#[derive(Clone, Debug, Default)]
pub(super) struct Given {
    pub(super) values: Options,
    places: BTreeMap<String, Places>,
}

#[derive(Clone, Copy, Debug)]
struct Places {
    key: Span,
    value: Span,
}

impl Given {
    pub(super) fn new(entries: &[OptionEntry]) -> Self {
        let mut given = Self::default();
        given.add(entries);
        given
    }

    /// Options of stored tables have no place.
    pub(super) fn without_places(values: &Options) -> Self {
        Self { values: values.clone(), places: BTreeMap::new() }
    }

    /// Later ones win: those of a hint over those of the table.
    pub(super) fn add(&mut self, entries: &[OptionEntry]) {
        for OptionEntry { key, value } in entries {
            self.values.insert(key.value.clone(), value.value.clone());
            self.places.insert(key.value.clone(), Places { key: key.span, value: value.span });
        }
    }

    /// Takes over where options stand from the definition of the same table.
    pub(super) fn keep_places(&mut self, written: Self) {
        self.places = written.places;
    }

    pub(super) fn value_span(&self, key: &str) -> Option<Span> {
        self.places.get(key).map(|places| places.value)
    }

    /// Every key that no spec knows and every required one that is missing. `owner` is as in `connector 'kafka'`.
    pub(super) fn check(&self, specs: &[OptionSpec], also: &[&str], owner: &str, at: Span) -> Errors {
        let mut errors = Errors::default();
        for key in self.values.keys() {
            if also.contains(&key.as_str()) || specs.iter().any(|spec| spec.matches(key)) {
                continue;
            }
            let span = self.places.get(key).map_or(at, |places| places.key);
            let known = specs.iter().map(|spec| spec.key).chain(also.iter().copied());
            let error = Diagnostic::error(span, format!("unknown option '{key}' of {owner}"));
            errors.push(error.maybe_hint(did_you_mean(key, known).or_else(|| ours_belong_in_set(key))));
        }
        errors
    }

    /// Every required option that is not given, except one that an unknown key was probably meant to be.
    pub(super) fn check_required(&self, specs: &[OptionSpec], owner: &str, at: Span) -> Errors {
        let mut errors = Errors::default();
        let misspelt = |required: &str| {
            let unknown = self.values.keys().filter(|key| !specs.iter().any(|spec| spec.matches(key)));
            unknown.into_iter().any(|key| nearest(key, [required]).is_some())
        };
        let missing = specs.iter().filter(|spec| spec.required && !self.values.contains_key(spec.key));
        for spec in missing.filter(|spec| !misspelt(spec.key)) {
            let error = Diagnostic::error(at, format!("option '{}' of {owner} is missing", spec.key));
            errors.push(error.hint(format!("'{}'='…': {}", spec.key, spec.doc)));
        }
        errors
    }

    /// An error about an option, at the place of its value.
    pub(super) fn error(&self, error: OptionError, at: Span) -> Diagnostic {
        let span = error.key.as_deref().and_then(|key| self.value_span(key)).unwrap_or(at);
        Diagnostic::error(span, error.message).maybe_hint(error.hint)
    }
}

fn ours_belong_in_set(key: &str) -> Option<String> {
    key.starts_with("millstream.").then(|| format!("what is Millstream's own is set by SET '{key}' = '…'"))
}
