//! The text of a job file, and how places in it are named and shown.

mod diagnostic;
mod nearest;
mod source;

pub(crate) use diagnostic::Errors;
pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub(crate) use nearest::{did_you_mean, nearest};
pub(crate) use source::TEXT_BYTES_MAX;
pub use source::{Position, SourceText, Span};
