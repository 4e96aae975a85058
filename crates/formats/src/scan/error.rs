//! The one thing that can be wrong with JSON.

/// Where the bytes stop being JSON, and what should have stood there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} at byte {at}")]
pub(crate) struct SyntaxError {
    pub at: usize,
    pub expected: &'static str,
}
