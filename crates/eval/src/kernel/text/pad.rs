//! LPAD and RPAD.

use arrow_array::ArrayRef;

use super::slice::after;
use super::{Texts, each, ints};
use crate::error::RowError;
use crate::evaluate::Args;

/// `LPAD(text, length, pad)`; NULL for a negative length or an empty pad.
pub(crate) fn left(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    pad(args, true)
}

/// `RPAD(text, length, pad)`
pub(crate) fn right(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    pad(args, false)
}

fn pad(args: &Args<'_>, before: bool) -> Result<ArrayRef, RowError> {
    let (texts, lengths, pads) = (Texts::of(args, 0), ints(args, 1), Texts::of(args, 2));
    each(args, |row, writer| {
        let (text, pad) = (texts.get(row), pads.get(row));
        let Ok(length) = usize::try_from(lengths.get(row)) else { return Ok(None) };
        if pad.is_empty() {
            return Ok(None);
        }
        let kept = text.as_bytes().get(..text.len() - after(text, length).len()).unwrap_or_default();
        let missing = length.saturating_sub(text.chars().count());
        // Four bytes are the longest character.
        writer.room_for(row, kept.len().saturating_add(missing.saturating_mul(pad.len().min(4))))?;
        if !before {
            writer.push(row, kept)?;
        }
        for character in pad.chars().cycle().take(missing) {
            writer.push(row, character.encode_utf8(&mut [0; 4]).as_bytes())?;
        }
        if before {
            writer.push(row, kept)?;
        }
        Ok(Some(()))
    })
}
