//! A JSON scanner: one pass over the bytes of one record, no tape, no tree.
//!
//! It accepts exactly RFC 8259 with `serde_json`'s limits: UTF-8 is checked, escapes too, control characters in strings
//! and numbers with leading zeros are refused, arrays and objects nest at most [`DEPTH_MAX`] deep. Where a value is only
//! skipped, surrogate escapes are not paired (`serde_json`'s `RawValue` does the same).
//!
//! The caller drives: `open_object`, then `next_member` until it says no, then for each member a key (`eat` where the
//! key can be guessed, else `key`) and one of `value`, `skip`, `open_object`. Nothing allocates but the scratch that
//! the caller lends for strings with escapes.

mod error;

mod chunk;

mod text;

mod scanner;

mod literal;
mod number;
mod skip;
mod value;

pub(crate) use error::SyntaxError;
pub(crate) use literal::Literal;
pub(crate) use number::Number;
pub(crate) use scanner::Scanner;
pub(crate) use value::Token;

#[cfg(test)]
mod tests;
