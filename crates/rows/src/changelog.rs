//! What a stream of batches means.

use std::fmt;

/// The changelog mode of a plan edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changelog {
    /// Only inserts.
    Append,
    /// `+I`/`+U` set the row of their key, `-D` removes it; a `-D` may hold nothing but the key. Indices of the key columns.
    Upsert(Vec<usize>),
    /// Every change comes with the row it takes back.
    Retract,
}

impl fmt::Display for Changelog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Append => f.write_str("append"),
            Self::Upsert(_) => f.write_str("upsert"),
            Self::Retract => f.write_str("retract"),
        }
    }
}
