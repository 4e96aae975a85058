//! Parts of texts: SUBSTRING, LEFT, RIGHT, SPLIT_INDEX.

use arrow_array::ArrayRef;

use super::{Texts, each, ints};
use crate::error::RowError;
use crate::kernel::args::Args;

/// `SUBSTRING(text, start [, length])`: positions from 1, 0 is 1, negative ones count from the end; a negative length gives NULL.
pub(crate) fn substring(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let (texts, starts) = (Texts::of(args, 0), ints(args, 1));
    let lengths = (args.values.len() > 2).then(|| ints(args, 2));
    each(args, |row, writer| {
        let text = texts.get(row);
        let length = lengths.map_or(i32::MAX, |lengths| lengths.get(row));
        if length < 0 {
            return Ok(None);
        }
        writer.push(row, part(text, starts.get(row), length as usize).as_bytes()).map(Some)
    })
}

/// `length` characters from position `start`.
fn part(text: &str, start: i32, length: usize) -> &str {
    let skip = match start {
        1.. => start as usize - 1,
        0 => 0,
        _ => match text.chars().count().checked_sub(start.unsigned_abs() as usize) {
            Some(skip) => skip,
            None => return "",
        },
    };
    let rest = after(text, skip);
    let taken = rest.len() - after(rest, length).len();
    rest.get(..taken).unwrap_or("")
}

/// What follows the first `characters` characters.
pub(super) fn after(text: &str, characters: usize) -> &str {
    if text.is_ascii() {
        return text.get(characters.min(text.len())..).unwrap_or("");
    }
    let mut rest = text.chars();
    if characters > 0 {
        rest.nth(characters - 1);
    }
    rest.as_str()
}

/// `LEFT(text, length)`; nothing for a negative length.
pub(crate) fn left(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let (texts, lengths) = (Texts::of(args, 0), ints(args, 1));
    each(args, |row, writer| {
        writer.push(row, part(texts.get(row), 1, lengths.get(row).max(0) as usize).as_bytes()).map(Some)
    })
}

/// `RIGHT(text, length)`; nothing for a negative length.
pub(crate) fn right(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let (texts, lengths) = (Texts::of(args, 0), ints(args, 1));
    each(args, |row, writer| {
        let text = texts.get(row);
        let skip = text.chars().count().saturating_sub(lengths.get(row).max(0) as usize);
        writer.push(row, after(text, skip).as_bytes()).map(Some)
    })
}

/// `SPLIT_INDEX(text, separator, index)`: the part of that number, from 0; NULL beyond the last and for an empty text. An
/// empty separator means white space.
pub(crate) fn split_index(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let (texts, separators, indices) = (Texts::of(args, 0), Texts::of(args, 1), ints(args, 2));
    each(args, |row, writer| {
        let (text, separator) = (texts.get(row), separators.get(row));
        let Ok(index) = usize::try_from(indices.get(row)) else { return Ok(None) };
        if text.is_empty() {
            return Ok(None);
        }
        let part = if separator.is_empty() {
            text.split(char::is_whitespace).nth(index)
        } else {
            text.split(separator).nth(index)
        };
        match part {
            Some(part) => writer.push(row, part.as_bytes()).map(Some),
            None => Ok(None),
        }
    })
}
