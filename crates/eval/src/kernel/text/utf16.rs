//! LPAD, RPAD, OVERLAY, and REPLACE of nothing: Flink runs these on Java's strings, so they count UTF-16 units, and a half of a
//! pair becomes `?`.

use arrow_array::ArrayRef;

use super::{Texts, each, ints};
use crate::error::RowError;
use crate::kernel::args::Args;
use crate::kernel::writer::Writer;

/// `LPAD(text, length, pad)`; NULL for a negative length or an empty pad.
pub(crate) fn pad_left(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    pad(args, Side::Before)
}

/// `RPAD(text, length, pad)`
pub(crate) fn pad_right(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    pad(args, Side::After)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Before,
    After,
}

fn pad(args: &Args<'_>, side: Side) -> Result<ArrayRef, RowError> {
    let (texts, lengths, pads) = (Texts::of(args, 0), ints(args, 1), Texts::of(args, 2));
    each(args, |row, writer| {
        let Ok(length) = usize::try_from(lengths.get(row)) else { return Ok(None) };
        if pads.get(row).is_empty() {
            return Ok(None);
        }
        // Three bytes are the longest that one unit gives.
        writer.room_for(row, length.saturating_mul(3))?;
        let text = texts.get(row).encode_utf16();
        let missing = length.saturating_sub(text.clone().count());
        let padding = std::iter::repeat_n((), missing).zip(pads.get(row).encode_utf16().cycle()).map(|((), unit)| unit);
        match side {
            Side::Before => push(writer, row, padding.chain(text.take(length))).map(Some),
            Side::After => push(writer, row, text.take(length).chain(padding)).map(Some),
        }
    })
}

/// `OVERLAY(text PLACING new FROM start [FOR length])`
pub(crate) fn overlay(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let (texts, placed, starts) = (Texts::of(args, 0), Texts::of(args, 1), ints(args, 2));
    let lengths = (args.values.len() > 3).then(|| ints(args, 3));
    each(args, |row, writer| {
        let (text, new) = (texts.get(row).encode_utf16(), placed.get(row).encode_utf16());
        let start = starts.get(row);
        if start <= 0 || start as usize > text.clone().count() {
            return writer.push(row, texts.get(row).as_bytes()).map(Some);
        }
        let length = lengths.map_or_else(|| new.clone().count(), |lengths| lengths.get(row).max(0) as usize);
        let head = start as usize - 1;
        let tail = text.clone().skip(head.saturating_add(length));
        push(writer, row, text.take(head).chain(new).chain(tail)).map(Some)
    })
}

/// `REPLACE(text, '', new)`: `new` around every unit.
pub(super) fn interleave(writer: &mut Writer, row: usize, text: &str, new: &str) -> Result<(), RowError> {
    push(writer, row, new.encode_utf16())?;
    for unit in text.encode_utf16() {
        push(writer, row, std::iter::once(unit).chain(new.encode_utf16()))?;
    }
    Ok(())
}

fn push(writer: &mut Writer, row: usize, units: impl Iterator<Item = u16>) -> Result<(), RowError> {
    for character in char::decode_utf16(units) {
        writer.push(row, character.unwrap_or('?').encode_utf8(&mut [0; 4]).as_bytes())?;
    }
    Ok(())
}
