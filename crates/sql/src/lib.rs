//! Flink SQL → a typed plan → [`flow::JobPlan`].
//!
//! In the order of the text: `text` (the file, places in it, messages about it), `lex` (tokens), `parse` (statements with
//! places, in `ast`), `plan` (names and types resolved, onto `eval` and `flow`), [`Job`] (the way in).
//!
//! Invariants: no text makes it panic or overflow the stack; every error has its place; what is not supported is refused,
//! never dropped; no connector, format or catalog is known here (they come from [`flow::Registry`]).

mod ast;
mod explain;
mod job;
mod lex;
mod parse;
mod plan;
pub mod reference;
mod text;
mod unsupported;

pub use job::Job;
pub use plan::{Mode, Overrides, Planned, expression, plan};
pub use text::{Diagnostic, Diagnostics, Position, Severity, SourceText, Span};
