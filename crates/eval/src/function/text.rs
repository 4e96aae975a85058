//! Texts.

use rows::LogicalType;

use super::{Body, Function, Param};
use crate::build::{strict, wrong_arguments};
use crate::error::TypeError;
use crate::expr::{Expr, TrimSide};
use crate::kernel::text::{self, code, join, search, slice, utf16};
use crate::typing::{common, is_bytes, is_integer, is_text};

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "UPPER",
        signature: "UPPER(string)",
        doc: "The text in upper case.",
        params: &[Param::Text],
        required: 1,
        variadic: false,
        body: Body::Strict { result: same, kernel: text::upper, symbol: None },
    },
    Function {
        name: "LOWER",
        signature: "LOWER(string)",
        doc: "The text in lower case.",
        params: &[Param::Text],
        required: 1,
        variadic: false,
        body: Body::Strict { result: same, kernel: text::lower, symbol: None },
    },
    Function {
        name: "INITCAP",
        signature: "INITCAP(string)",
        doc: "The text with the first letter of each word in upper case and the others in lower case.",
        params: &[Param::Text],
        required: 1,
        variadic: false,
        body: Body::Strict { result: same, kernel: text::initcap, symbol: None },
    },
    Function {
        name: "CHAR_LENGTH",
        signature: "CHAR_LENGTH(string)",
        doc: "The number of characters.",
        params: &[Param::Text],
        required: 1,
        variadic: false,
        body: Body::Strict { result: int, kernel: text::char_length, symbol: None },
    },
    Function {
        name: "CHARACTER_LENGTH",
        signature: "CHARACTER_LENGTH(string)",
        doc: "The number of characters.",
        params: &[Param::Text],
        required: 1,
        variadic: false,
        body: Body::Strict { result: int, kernel: text::char_length, symbol: None },
    },
    Function {
        name: "TRIM",
        signature: "TRIM([BOTH | LEADING | TRAILING] [string1 FROM] string2)",
        doc: "The text without blanks, or the characters of the first text, at its ends.",
        params: &[Param::Text],
        required: 1,
        variadic: false,
        body: Body::Build(trim_both),
    },
    Function {
        name: "LTRIM",
        signature: "LTRIM(string1 [, string2])",
        doc: "The first text without leading blanks, or leading characters of the second.",
        params: &[Param::Text, Param::Text],
        required: 1,
        variadic: false,
        body: Body::Build(trim_leading),
    },
    Function {
        name: "RTRIM",
        signature: "RTRIM(string1 [, string2])",
        doc: "The first text without trailing blanks, or trailing characters of the second.",
        params: &[Param::Text, Param::Text],
        required: 1,
        variadic: false,
        body: Body::Build(trim_trailing),
    },
    Function {
        name: "BTRIM",
        signature: "BTRIM(string1 [, string2])",
        doc: "The first text without blanks, or characters of the second, at its ends.",
        params: &[Param::Text, Param::Text],
        required: 1,
        variadic: false,
        body: Body::Build(trim_both),
    },
    Function {
        name: "SUBSTRING",
        signature: "SUBSTRING(string, start [, length])",
        doc: "The part from position start, 1 being the first and -1 the last.",
        params: &[Param::Text, Param::Int, Param::Int],
        required: 2,
        variadic: false,
        body: Body::Nullable { result: varying, kernel: slice::substring, symbol: None },
    },
    Function {
        name: "SUBSTR",
        signature: "SUBSTR(string, start [, length])",
        doc: "The part from position start, 1 being the first and -1 the last.",
        params: &[Param::Text, Param::Int, Param::Int],
        required: 2,
        variadic: false,
        body: Body::Nullable { result: varying, kernel: slice::substring, symbol: None },
    },
    Function {
        name: "LEFT",
        signature: "LEFT(string, length)",
        doc: "The first characters.",
        params: &[Param::Text, Param::Int],
        required: 2,
        variadic: false,
        body: Body::Nullable { result: varying, kernel: slice::left, symbol: None },
    },
    Function {
        name: "RIGHT",
        signature: "RIGHT(string, length)",
        doc: "The last characters.",
        params: &[Param::Text, Param::Int],
        required: 2,
        variadic: false,
        body: Body::Nullable { result: varying, kernel: slice::right, symbol: None },
    },
    Function {
        name: "OVERLAY",
        signature: "OVERLAY(string1 PLACING string2 FROM start [FOR length])",
        doc: "The first text with the characters from start replaced by the second.",
        params: &[Param::Text, Param::Text, Param::Int, Param::Int],
        required: 3,
        variadic: false,
        body: Body::Strict { result: string, kernel: utf16::overlay, symbol: None },
    },
    Function {
        name: "SPLIT_INDEX",
        signature: "SPLIT_INDEX(string, separator, index)",
        doc: "The part of that number, from 0, between separators.",
        params: &[Param::Text, Param::Text, Param::Int],
        required: 3,
        variadic: false,
        body: Body::Build(split_index),
    },
    Function {
        name: "CONCAT",
        signature: "CONCAT(string1, string2, ...)",
        doc: "The texts one after the other; NULL if one is NULL.",
        params: &[Param::Text],
        required: 1,
        variadic: true,
        body: Body::Strict { result: string, kernel: join::concat, symbol: None },
    },
    Function {
        name: "CONCAT_WS",
        signature: "CONCAT_WS(separator, string1, string2, ...)",
        doc: "The texts that are not NULL with the separator between them.",
        params: &[Param::Text],
        required: 1,
        variadic: true,
        body: Body::Build(concat_ws),
    },
    Function {
        name: "REPLACE",
        signature: "REPLACE(string, old, new)",
        doc: "The text with each occurrence of old replaced.",
        params: &[Param::Text, Param::Text, Param::Text],
        required: 3,
        variadic: false,
        body: Body::Strict { result: string, kernel: join::replace, symbol: None },
    },
    Function {
        name: "TRANSLATE",
        signature: "TRANSLATE(string, from, to)",
        doc: "The text with each character of from replaced by the one in its place of to.",
        params: &[Param::Text, Param::Text, Param::Text],
        required: 3,
        variadic: false,
        body: Body::Strict { result: string, kernel: join::translate, symbol: None },
    },
    Function {
        name: "REPEAT",
        signature: "REPEAT(string, times)",
        doc: "The text repeated.",
        params: &[Param::Text, Param::Int],
        required: 2,
        variadic: false,
        body: Body::Strict { result: string, kernel: join::repeat, symbol: None },
    },
    Function {
        name: "REVERSE",
        signature: "REVERSE(string)",
        doc: "The characters in reverse order.",
        params: &[Param::Text],
        required: 1,
        variadic: false,
        body: Body::Strict { result: string, kernel: text::reverse, symbol: None },
    },
    Function {
        name: "LPAD",
        signature: "LPAD(string, length, pad)",
        doc: "The text padded on the left, or cut, to that length.",
        params: &[Param::Text, Param::Int, Param::Text],
        required: 3,
        variadic: false,
        body: Body::Nullable { result: string, kernel: utf16::pad_left, symbol: None },
    },
    Function {
        name: "RPAD",
        signature: "RPAD(string, length, pad)",
        doc: "The text padded on the right, or cut, to that length.",
        params: &[Param::Text, Param::Int, Param::Text],
        required: 3,
        variadic: false,
        body: Body::Nullable { result: string, kernel: utf16::pad_right, symbol: None },
    },
    Function {
        name: "POSITION",
        signature: "POSITION(string1 IN string2)",
        doc: "Where the first text is in the second, from 1; 0 if it is not.",
        params: &[Param::Text, Param::Text],
        required: 2,
        variadic: false,
        body: Body::Strict { result: int, kernel: search::locate, symbol: None },
    },
    Function {
        name: "LOCATE",
        signature: "LOCATE(string1, string2 [, start])",
        doc: "Where the first text is in the second, from start on; 0 if it is not.",
        params: &[Param::Text, Param::Text, Param::Int],
        required: 2,
        variadic: false,
        body: Body::Strict { result: int, kernel: search::locate, symbol: None },
    },
    Function {
        name: "INSTR",
        signature: "INSTR(string1, string2)",
        doc: "Where the second text is in the first, from 1; 0 if it is not.",
        params: &[Param::Text, Param::Text],
        required: 2,
        variadic: false,
        body: Body::Strict { result: int, kernel: search::instr, symbol: None },
    },
    Function {
        name: "STARTSWITH",
        signature: "STARTSWITH(string, start)",
        doc: "Whether the text begins so.",
        params: &[Param::Text, Param::Text],
        required: 2,
        variadic: false,
        body: Body::Strict { result: boolean, kernel: search::starts_with, symbol: None },
    },
    Function {
        name: "ENDSWITH",
        signature: "ENDSWITH(string, end)",
        doc: "Whether the text ends so.",
        params: &[Param::Text, Param::Text],
        required: 2,
        variadic: false,
        body: Body::Strict { result: boolean, kernel: search::ends_with, symbol: None },
    },
    Function {
        name: "ASCII",
        signature: "ASCII(string)",
        doc: "The first byte of the text as a number; 0 for an empty one.",
        params: &[Param::Text],
        required: 1,
        variadic: false,
        body: Body::Strict { result: int, kernel: code::ascii, symbol: None },
    },
    Function {
        name: "CHR",
        signature: "CHR(integer)",
        doc: "The character of that code, modulo 256.",
        params: &[Param::BigInt],
        required: 1,
        variadic: false,
        body: Body::Nullable { result: string, kernel: code::chr, symbol: None },
    },
    Function {
        name: "HEX",
        signature: "HEX(integer | string)",
        doc: "The number, or the text's bytes, in hexadecimal digits.",
        params: &[Param::Any],
        required: 1,
        variadic: false,
        body: Body::Build(hex),
    },
    Function {
        name: "UNHEX",
        signature: "UNHEX(string)",
        doc: "The bytes that hexadecimal digits stand for; NULL if they are none.",
        params: &[Param::Text],
        required: 1,
        variadic: false,
        body: Body::Nullable { result: bytes, kernel: code::unhex, symbol: None },
    },
    Function {
        name: "TO_BASE64",
        signature: "TO_BASE64(string | bytes)",
        doc: "The text's bytes in Base64.",
        params: &[Param::Any],
        required: 1,
        variadic: false,
        body: Body::Build(to_base64),
    },
    Function {
        name: "FROM_BASE64",
        signature: "FROM_BASE64(string)",
        doc: "The text that Base64 stands for.",
        params: &[Param::Text],
        required: 1,
        variadic: false,
        body: Body::Strict { result: string, kernel: code::from_base64, symbol: None },
    },
    Function {
        name: "ENCODE",
        signature: "ENCODE(string, charset)",
        doc: "The text's bytes in US-ASCII, ISO-8859-1, UTF-8, UTF-16BE, UTF-16LE or UTF-16.",
        params: &[Param::Text, Param::Text],
        required: 2,
        variadic: false,
        body: Body::Strict { result: bytes, kernel: code::encode, symbol: None },
    },
    Function {
        name: "DECODE",
        signature: "DECODE(bytes, charset)",
        doc: "The text of bytes in US-ASCII, ISO-8859-1, UTF-8, UTF-16BE, UTF-16LE or UTF-16.",
        params: &[Param::Bytes, Param::Text],
        required: 2,
        variadic: false,
        body: Body::Strict { result: string, kernel: code::decode, symbol: None },
    },
];

fn string(_: &[Expr]) -> LogicalType {
    LogicalType::STRING
}

fn bytes(_: &[Expr]) -> LogicalType {
    LogicalType::BYTES
}

fn int(_: &[Expr]) -> LogicalType {
    LogicalType::Int
}

fn boolean(_: &[Expr]) -> LogicalType {
    LogicalType::Boolean
}

/// The type of the first argument.
fn same(args: &[Expr]) -> LogicalType {
    args.first().map_or(LogicalType::STRING, |arg| arg.ty.clone())
}

/// At most as long as the first argument.
fn varying(args: &[Expr]) -> LogicalType {
    args.first().map_or(LogicalType::STRING, |arg| LogicalType::Varchar(common::length(&arg.ty)))
}

fn trim_both(args: Vec<Expr>) -> Result<Expr, TypeError> {
    trim(args, TrimSide::Both)
}

fn trim_leading(args: Vec<Expr>) -> Result<Expr, TypeError> {
    trim(args, TrimSide::Leading)
}

fn trim_trailing(args: Vec<Expr>) -> Result<Expr, TypeError> {
    trim(args, TrimSide::Trailing)
}

fn trim(args: Vec<Expr>, side: TrimSide) -> Result<Expr, TypeError> {
    let typed = |arg: Expr| if arg.ty == LogicalType::Null { arg.into_type(LogicalType::STRING) } else { arg };
    let mut args = args.into_iter().map(typed);
    match (args.next(), args.next()) {
        (Some(text), characters) => text.trim(side, characters),
        (None, _) => Err(wrong_arguments("TRIM", &[], &["TRIM(<CHARACTER>)"])),
    }
}

/// NULL where the separator is; Flink's type says so of every argument.
fn concat_ws(args: Vec<Expr>) -> Result<Expr, TypeError> {
    if args.is_empty() || !args.iter().all(|arg| is_text(&arg.ty)) {
        return Err(wrong_arguments("CONCAT_WS", &args, &["CONCAT_WS(<CHARACTER>...)"]));
    }
    Ok(strict("CONCAT_WS", join::concat_ws, args, LogicalType::STRING, None))
}

/// The separator may be the code of a character.
fn split_index(args: Vec<Expr>) -> Result<Expr, TypeError> {
    const FORMS: &[&str] =
        &["SPLIT_INDEX(<CHARACTER>, <CHARACTER>, <INTEGER>)", "SPLIT_INDEX(<CHARACTER>, <INTEGER>, <INTEGER>)"];
    let wrong = wrong_arguments("SPLIT_INDEX", &args, FORMS);
    let Ok([text, separator, index]) = <[Expr; 3]>::try_from(args) else { return Err(wrong) };
    let code = is_integer(&separator.ty);
    if !is_text(&text.ty) || !(code || is_text(&separator.ty)) || !is_integer(&index.ty) {
        return Err(wrong);
    }
    let separator = if code { Expr::call("CHR", vec![separator])? } else { separator };
    let args = vec![text, separator, index.into_type(LogicalType::Int)];
    let mut expr = strict("SPLIT_INDEX", slice::split_index, args, LogicalType::STRING, None);
    expr.nullable = true;
    Ok(expr)
}

fn hex(mut args: Vec<Expr>) -> Result<Expr, TypeError> {
    match args.pop() {
        Some(arg) if is_integer(&arg.ty) => {
            let arg = arg.into_type(LogicalType::BigInt);
            Ok(strict("HEX", code::hex_of_integer, vec![arg], LogicalType::STRING, None))
        }
        Some(arg) if is_text(&arg.ty) => Ok(strict("HEX", code::hex_of_text, vec![arg], LogicalType::STRING, None)),
        other => Err(wrong_arguments("HEX", other.as_slice(), &["HEX(<INTEGER>)", "HEX(<CHARACTER>)"])),
    }
}

fn to_base64(mut args: Vec<Expr>) -> Result<Expr, TypeError> {
    match args.pop() {
        Some(arg) if is_text(&arg.ty) || is_bytes(&arg.ty) => {
            let arg = if is_text(&arg.ty) { arg.into_type(LogicalType::BYTES) } else { arg };
            Ok(strict("TO_BASE64", code::to_base64, vec![arg], LogicalType::STRING, None))
        }
        other => {
            Err(wrong_arguments("TO_BASE64", other.as_slice(), &["TO_BASE64(<CHARACTER>)", "TO_BASE64(<BINARY>)"]))
        }
    }
}
