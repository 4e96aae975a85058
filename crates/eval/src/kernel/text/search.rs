//! Where a text is in another: POSITION, LOCATE, INSTR, STARTSWITH, ENDSWITH.

#![expect(clippy::unnecessary_wraps, reason = "kernels that cannot fail have the signature of those that can")]

use arrow_array::ArrayRef;

use super::slice::after;
use super::{Texts, each_bool, each_int, ints};
use crate::error::RowError;
use crate::kernel::args::Args;

/// The position, from 1, of the first argument in the second, at or after a third; 0 if it is not there.
pub(crate) fn locate(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let (needles, texts) = (Texts::of(args, 0), Texts::of(args, 1));
    let starts = (args.values.len() > 2).then(|| ints(args, 2));
    Ok(each_int(args, |row| {
        let start = starts.map_or(1, |starts| starts.get(row)).max(1);
        position(needles.get(row), texts.get(row), start as usize)
    }))
}

/// `INSTR(text, part)`
pub(crate) fn instr(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let (texts, needles) = (Texts::of(args, 0), Texts::of(args, 1));
    Ok(each_int(args, |row| position(needles.get(row), texts.get(row), 1)))
}

fn position(needle: &str, text: &str, start: usize) -> i32 {
    // Nothing is found at once, wherever the search begins.
    if needle.is_empty() {
        return 1;
    }
    let rest = after(text, start - 1);
    match rest.find(needle) {
        None => 0,
        Some(at) => (start + rest.get(..at).unwrap_or("").chars().count()) as i32,
    }
}

pub(crate) fn starts_with(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let (texts, parts) = (Texts::of(args, 0), Texts::of(args, 1));
    Ok(each_bool(args, |row| texts.get(row).starts_with(parts.get(row))))
}

pub(crate) fn ends_with(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let (texts, parts) = (Texts::of(args, 0), Texts::of(args, 1));
    Ok(each_bool(args, |row| texts.get(row).ends_with(parts.get(row))))
}
