//! Functions over texts. Positions and lengths count code points, as Flink's UTF-8 strings do, but in [`utf16`].

pub(crate) mod code;
pub(crate) mod join;
pub(crate) mod search;
pub(crate) mod slice;
pub(crate) mod utf16;

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, BooleanArray, StringArray};
use arrow_buffer::BooleanBuffer;

use super::lane::{self, Lane};
use super::writer::Writer;
use crate::error::RowError;
use crate::kernel::args::Args;
use crate::operators::{Symbol, TrimSide};
use crate::value::Value;

/// A text argument.
#[derive(Clone, Copy)]
pub(crate) struct Texts<'a> {
    array: &'a StringArray,
    value: &'a Value,
}

impl<'a> Texts<'a> {
    /// `None` if the argument is an untyped NULL, which never comes to a row.
    pub(crate) fn of(args: &Args<'a>, index: usize) -> Self {
        let value = &args.values[index];
        Self { array: value.array.as_string::<i32>(), value }
    }

    pub(crate) fn get(&self, row: usize) -> &'a str {
        self.array.value(self.value.index(row))
    }
}

/// An integer argument.
pub(crate) fn ints<'a>(args: &Args<'a>, index: usize) -> Lane<'a, i32> {
    Lane::of::<Int32Type>(&args.values[index])
}

/// Whether the function is to be applied: no argument is NULL and the row counts.
pub(crate) fn applies(args: &Args<'_>, row: usize) -> bool {
    args.frame.is_active(row) && !args.values.iter().any(|value| value.is_null(row))
}

/// Writes a text for each row that applies; `None` is NULL.
pub(crate) fn each(
    args: &Args<'_>,
    mut write: impl FnMut(usize, &mut Writer) -> Result<Option<()>, RowError>,
) -> Result<ArrayRef, RowError> {
    written(args, &mut write)?.finish_text()
}

/// Writes a row's value; `None` makes it NULL.
type RowWriter<'a> = dyn FnMut(usize, &mut Writer) -> Result<Option<()>, RowError> + 'a;

/// Runs `write` over the rows that apply.
pub(crate) fn written(args: &Args<'_>, write: &mut RowWriter<'_>) -> Result<Writer, RowError> {
    let mut writer = Writer::new(args.frame, args.frame.rows * 16);
    for row in 0..args.frame.rows {
        let some = if applies(args, row) { write(row, &mut writer)? } else { None };
        match some {
            Some(()) => writer.end(row)?,
            None => writer.end_null(),
        }
    }
    Ok(writer)
}

pub(crate) fn each_int(args: &Args<'_>, f: impl Fn(usize) -> i32) -> ArrayRef {
    let Ok(nulls) = args.nulls() else { return args.all_null() };
    let values = (0..args.frame.rows).map(|row| if applies(args, row) { f(row) } else { 0 }).collect();
    lane::column::<Int32Type>(values, nulls, args.ty)
}

pub(crate) fn each_bool(args: &Args<'_>, f: impl Fn(usize) -> bool) -> ArrayRef {
    let Ok(nulls) = args.nulls() else { return args.all_null() };
    let bits = BooleanBuffer::collect_bool(args.frame.rows, |row| applies(args, row) && f(row));
    Arc::new(BooleanArray::new(bits, nulls))
}

pub(crate) fn upper(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    case(args, u8::to_ascii_uppercase, str::to_uppercase)
}

pub(crate) fn lower(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    case(args, u8::to_ascii_lowercase, str::to_lowercase)
}

fn case(args: &Args<'_>, ascii: fn(&u8) -> u8, unicode: fn(&str) -> String) -> Result<ArrayRef, RowError> {
    let texts = Texts::of(args, 0);
    each(args, |row, writer| {
        let text = texts.get(row);
        if text.is_ascii() {
            writer.room_for(row, text.len())?;
            writer.out().extend(text.as_bytes().iter().map(ascii));
        } else {
            writer.push(row, unicode(text).as_bytes())?;
        }
        Ok(Some(()))
    })
}

/// The first letter of each word upper, the others lower; words are runs of ASCII letters and digits.
pub(crate) fn initcap(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let texts = Texts::of(args, 0);
    each(args, |row, writer| {
        let text = texts.get(row);
        writer.room_for(row, text.len())?;
        let mut inside = false;
        for byte in text.bytes() {
            writer.out().push(if inside { byte.to_ascii_lowercase() } else { byte.to_ascii_uppercase() });
            inside = byte.is_ascii_alphanumeric();
        }
        Ok(Some(()))
    })
}

pub(crate) fn reverse(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let texts = Texts::of(args, 0);
    each(args, |row, writer| {
        let text = texts.get(row);
        writer.room_for(row, text.len())?;
        for character in text.chars().rev() {
            writer.out().extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
        Ok(Some(()))
    })
}

#[expect(clippy::unnecessary_wraps, reason = "a kernel that cannot fail has the signature of those that can")]
pub(crate) fn char_length(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let texts = Texts::of(args, 0);
    Ok(each_int(args, |row| texts.get(row).chars().count() as i32))
}

/// `TRIM`, `LTRIM`, `RTRIM`, `BTRIM`: takes characters of the second argument off the ends.
pub(crate) fn trim(args: &Args<'_>) -> Result<ArrayRef, RowError> {
    let (texts, characters) = (Texts::of(args, 0), Texts::of(args, 1));
    let side = match args.symbol {
        Some(Symbol::Trim(side)) => side,
        _ => TrimSide::Both,
    };
    each(args, |row, writer| {
        let characters = characters.get(row);
        let mut text = texts.get(row);
        if side != TrimSide::Trailing {
            text = text.trim_start_matches(|c| characters.contains(c));
        }
        if side != TrimSide::Leading {
            text = text.trim_end_matches(|c| characters.contains(c));
        }
        writer.push(row, text.as_bytes()).map(Some)
    })
}
