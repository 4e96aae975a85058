//! What a change event says happened: its `op`.

use crate::problem::{Problem, excerpt};
use crate::scan::{Scanner, Token};

/// What a record says happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    /// A row read by a snapshot, or created.
    Create,
    Update,
    Delete,
    Truncate,
    /// A logical message; it is about no row.
    Message,
}

/// Reads the value of `op`.
pub(super) fn operation(scanner: &mut Scanner<'_>) -> Result<Operation, Problem> {
    scanner.peek();
    let start = scanner.at();
    let mut scratch = Vec::new();
    match scanner.value(&mut scratch)? {
        Token::Text(b"c" | b"r") => Ok(Operation::Create),
        Token::Text(b"u") => Ok(Operation::Update),
        Token::Text(b"d") => Ok(Operation::Delete),
        Token::Text(b"t") => Ok(Operation::Truncate),
        Token::Text(b"m") => Ok(Operation::Message),
        _ => {
            let found = excerpt(scanner.since(start));
            Err(Problem::reason(format!("unknown operation {found}: \"op\" must be one of c, r, u, d, t, m")))
        }
    }
}
