//! CONCAT, `||`, CONCAT_WS, REPLACE, REPEAT, TRANSLATE.

use arrow_array::ArrayRef;

use super::{Texts, each, ints, utf16};
use crate::error::RowError;
use crate::kernel::args::Args;
use crate::kernel::writer::Writer;

/// All arguments in a row; NULL if one is.
pub(crate) fn concat(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let texts: Vec<Texts<'_>> = (0..args.values.len()).map(|index| Texts::of(args, index)).collect();
    each(args, |row, writer| {
        for text in &texts {
            writer.push(row, text.get(row).as_bytes())?;
        }
        Ok(Some(()))
    })
}

/// The arguments that are not NULL, with the first between them.
pub(crate) fn concat_ws(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let texts: Vec<Texts<'_>> = (0..args.values.len()).map(|index| Texts::of(args, index)).collect();
    let mut writer = Writer::new(args.frame, args.frame.rows * 16);
    for row in 0..args.frame.rows {
        if !args.frame.is_active(row) || args.values[0].is_null(row) {
            writer.end_null();
            continue;
        }
        let mut first = true;
        for (text, _) in texts.iter().zip(args.values).skip(1).filter(|(_, value)| !value.is_null(row)) {
            if !first {
                writer.push(row, texts[0].get(row).as_bytes())?;
            }
            first = false;
            writer.push(row, text.get(row).as_bytes())?;
        }
        writer.end(row)?;
    }
    writer.finish_text()
}

/// `REPLACE(text, old, new)`; an empty `old` is found around every character.
pub(crate) fn replace(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let (texts, olds, news) = (Texts::of(args, 0), Texts::of(args, 1), Texts::of(args, 2));
    each(args, |row, writer| {
        let (text, old, new) = (texts.get(row), olds.get(row), news.get(row));
        if old.is_empty() {
            return utf16::interleave(writer, row, text, new).map(Some);
        }
        let mut rest = text;
        for (at, found) in text.match_indices(old) {
            let read = text.len() - rest.len();
            writer.push(row, text.as_bytes().get(read..at).unwrap_or_default())?;
            writer.push(row, new.as_bytes())?;
            rest = text.get(at + found.len()..).unwrap_or("");
        }
        writer.push(row, rest.as_bytes()).map(Some)
    })
}

/// `REPEAT(text, times)`; nothing for a negative number.
pub(crate) fn repeat(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let (texts, times) = (Texts::of(args, 0), ints(args, 1));
    each(args, |row, writer| {
        let text = texts.get(row).as_bytes();
        let times = times.get(row).max(0) as usize;
        writer.room_for(row, text.len().saturating_mul(times))?;
        if !text.is_empty() {
            (0..times).for_each(|_| writer.out().extend_from_slice(text));
        }
        Ok(Some(()))
    })
}

/// `TRANSLATE(text, from, to)`: each character of `from` becomes the one of `to` in its place, or nothing.
pub(crate) fn translate(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let (texts, froms, tos) = (Texts::of(args, 0), Texts::of(args, 1), Texts::of(args, 2));
    each(args, |row, writer| {
        let (from, to) = (froms.get(row), tos.get(row));
        for character in texts.get(row).chars() {
            let translated = match from.chars().position(|known| known == character) {
                None => Some(character),
                Some(index) => to.chars().nth(index),
            };
            if let Some(translated) = translated {
                writer.push(row, translated.encode_utf8(&mut [0; 4]).as_bytes())?;
            }
        }
        Ok(Some(()))
    })
}
