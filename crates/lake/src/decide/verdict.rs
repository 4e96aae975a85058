//! Whether a prepared commit may be published on a head.

use rows::position::{find, put};
use rows::{Positions, Span};

/// What the head of the table says.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// Where the job stands there.
    pub positions: &'a Positions,
    /// One of its ancestors is this very commit.
    pub has_this_commit: bool,
    /// Another run of the job has cleaned up since this one began: files prepared before may be gone.
    pub cleaned_by_another: bool,
}

/// What to do with a prepared commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Publish,
    /// An attempt whose outcome was not known had succeeded.
    AlreadyPublished,
    /// Another run of the same job went on from where this one began; what head holds of the commit's partitions.
    Overtaken(Vec<Span>),
}

/// The rule of exactly once: head must stand where the commit begins, in every partition. A partition that head does not
/// know begins wherever the source says; one that it knows under fewer identities (its broker had no topic ids then) is
/// the same.
pub fn verdict(head: Head<'_>, spans: &[Span]) -> Verdict {
    if head.has_this_commit {
        return Verdict::AlreadyPublished;
    }
    let moved = |span: &Span| find(head.positions, &span.partition).is_some_and(|(_, to)| to != span.from);
    if !head.cleaned_by_another && !spans.iter().any(moved) {
        return Verdict::Publish;
    }
    let held = |span: &Span| Some(Span { to: find(head.positions, &span.partition)?.1, ..span.clone() });
    Verdict::Overtaken(spans.iter().filter_map(held).collect())
}

/// Where the job stands after a commit.
pub fn after(positions: &Positions, spans: &[Span]) -> Positions {
    let mut after = positions.clone();
    for span in spans {
        put(&mut after, &span.partition, span.to);
    }
    after
}

/// What to do with the index that an earlier process left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexUse {
    /// It shows head.
    AsIs,
    /// Files came and went since; it is brought up to date.
    Advance,
    /// Head does not follow from what it shows: rows that it has forgotten may be back.
    Rebuild,
}

/// Decides from the snapshot that the index shows, head, and whether the former is head's ancestor.
pub fn index_use(shown: Option<i64>, head: Option<i64>, is_ancestor: bool) -> IndexUse {
    match (shown, head) {
        (shown, head) if shown == head => IndexUse::AsIs,
        (None, Some(_)) => IndexUse::Advance,
        (Some(_), Some(_)) if is_ancestor => IndexUse::Advance,
        _ => IndexUse::Rebuild,
    }
}
