//! The scanner beside serde_json: what one accepts the other accepts, and they read the same values.

use proptest::prelude::*;
use serde_json::Value;
use serde_json::value::RawValue;

use super::scanner::DEPTH_MAX;
use super::{Scanner, SyntaxError, Token};

/// Reads a whole text into a tree, as no decoder ever does.
fn tree(bytes: &[u8]) -> Result<Value, SyntaxError> {
    let mut scanner = Scanner::new(bytes);
    let value = value(&mut scanner)?;
    scanner.end()?;
    Ok(value)
}

fn value(scanner: &mut Scanner<'_>) -> Result<Value, SyntaxError> {
    let mut scratch = Vec::new();
    let mut first = true;
    match scanner.peek() {
        b'{' => {
            let mut members = serde_json::Map::new();
            scanner.open_object()?;
            while scanner.next_member(&mut first)? {
                let at = scanner.at();
                let key = scanner.key()?;
                let text = Scanner::new(key.quoted).value(&mut scratch);
                let Token::Text(text) = text.map_err(|error| SyntaxError { at: at + error.at, ..error })? else {
                    panic!("a key that is no text")
                };
                let text = std::str::from_utf8(text).unwrap().to_owned();
                assert!(key.escaped || key.quoted.len() == text.len() + 2);
                members.insert(text, value(scanner)?);
            }
            Ok(Value::Object(members))
        }
        b'[' => {
            let mut items = Vec::new();
            scanner.open_array()?;
            while scanner.next_item(&mut first)? {
                items.push(value(scanner)?);
            }
            Ok(Value::Array(items))
        }
        _ => Ok(match scanner.value(&mut scratch)? {
            Token::Null => Value::Null,
            Token::Boolean(value) => Value::Bool(value),
            Token::Number(number) => {
                let expected: Value = serde_json::from_str(number.as_str()).unwrap_or(Value::Null);
                // serde_json makes "-0" a double, to keep its sign.
                let integer = if number.text == b"-0" { Some(0) } else { expected.as_i64() };
                assert_eq!(number.integer(), integer.filter(|_| number.integral), "{}", number.as_str());
                expected
            }
            Token::Text(text) => Value::String(std::str::from_utf8(text).unwrap().to_owned()),
            Token::Composite(raw) => panic!("{raw:?} was skipped"),
        }),
    }
}

fn passes(bytes: &[u8]) -> bool {
    let mut scanner = Scanner::new(bytes);
    scanner.skip().and_then(|_| scanner.end()).is_ok()
}

/// Both ways of going over `bytes` against serde_json's two.
fn check(bytes: &[u8]) {
    let shown = String::from_utf8_lossy(bytes);
    match (tree(bytes), serde_json::from_slice::<Value>(bytes)) {
        (Ok(ours), Ok(theirs)) => assert_eq!(ours, theirs, "{shown}"),
        (Err(_), Err(_)) => {}
        // The tree refuses numbers beyond the doubles; a column decides for itself.
        (Ok(_), Err(error)) if error.to_string().starts_with("number out of range") => {}
        (ours, theirs) => panic!("{shown}: we say {ours:?}, serde_json {theirs:?}"),
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let theirs = serde::Deserialize::deserialize(&mut deserializer).map(|_: &RawValue| ());
    let theirs = theirs.and_then(|()| deserializer.end());
    let too_deep = tree(bytes).is_err_and(|error| error.expected.contains("nested"));
    assert_eq!(passes(bytes), theirs.is_ok() && !too_deep, "{shown}: {theirs:?}");
}

const HARD_CASES: &[&str] = &[
    "",
    " ",
    "null",
    " null ",
    "nul",
    "nulll",
    "true",
    "false",
    "True",
    "\u{feff}1",
    "\0",
    "1\0",
    "0",
    "-0",
    "00",
    "01",
    "-",
    "-01",
    "+1",
    "1.",
    ".1",
    "1.0",
    "1e",
    "1e+",
    "1e5",
    "1E-5",
    "1.5e300",
    "1e400",
    "-1e400",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "999999999999999999",
    "1000000000000000000",
    "1 2",
    "1,2",
    "0x10",
    "NaN",
    "Infinity",
    "123456789012345678901234567890.5",
    r#""""#,
    r#"""#,
    r#""a"#,
    r#""a\"#,
    r#""a\"""#,
    r#""\b\f\n\r\t\/\\\"""#,
    r#""\x""#,
    r#""\u00e9""#,
    r#""\u00E9""#,
    r#""\u00g9""#,
    r#""\u00""#,
    r#""\ud83d\ude00""#,
    r#""\ud83d""#,
    r#""\ud83dx""#,
    r#""\ud83d\n""#,
    r#""\ud83d\ud83d""#,
    r#""\ude00""#,
    r#""\ude00\ud83d""#,
    r#""\u0000""#,
    r#""\uFFFF""#,
    r#""\ud800\udc00""#,
    r#""\udbff\udfff""#,
    "\"a\nb\"",
    "\"\u{1f}\"",
    "\"\u{7f}\"",
    "\"\u{e9}\u{1f600}\"",
    "\"12345678\"",
    "\"1234567\\n\"",
    "\"1234567\u{e9}\"",
    "{}",
    "[]",
    "{ }",
    "[ ]",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1,}",
    "{,}",
    "[,]",
    "[1,]",
    "[1 2]",
    "{\"a\" : 1 , \"b\" : [ ] }",
    "{\"a\":1,\"a\":2}",
    "{a:1}",
    "{'a':1}",
    "{\"a\":1]",
    "[1}",
    "[",
    "{",
    "{\"a\":[{\"b\":[]}]}",
    "]",
    "}",
    "{\"\":0}",
    "{\"a\\u0062\":1}",
    "[nul]",
    "[tru]",
    "{\"a\":nul}",
    "\t\r\n[\t1\r,\n2 ]",
];

#[test]
fn agrees_with_serde_json_on_the_hard_cases() {
    for text in HARD_CASES {
        check(text.as_bytes());
    }
    for bytes in [
        &b"\"\xff\""[..],
        b"\"\xc3\"",
        b"\"\xed\xa0\x80\"",
        b"\"\xf0\x9f\x98\"",
        b"\xff",
        b"{\"\xff\":1}",
        b"\"abcdefgh\xc3\xa9\xc3\"",
    ] {
        check(bytes);
    }
}

#[test]
fn numbers_of_every_length_are_read_to_their_end() {
    for length in 1..70 {
        for first in ["1", "0", "-1"] {
            for end in ["", ".5", "e2", "x", "-", ",", " "] {
                for filling in
                    ["", "                    ", "                                                             "]
                {
                    check(format!("{first}{}{end}{filling}", "7".repeat(length)).as_bytes());
                    check(format!("[{first}{}{end}{filling}]", "7".repeat(length)).as_bytes());
                }
            }
        }
    }
}

#[test]
fn nesting_ends_where_serde_json_ends_it() {
    for depth in [1, 2, 126, 127, 128, 129, 4_000] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")] {
            let text = [open.repeat(depth).as_str(), "1", &close.repeat(depth)].concat();
            check(text.as_bytes());
            assert_eq!(passes(text.as_bytes()), depth * close.len() <= DEPTH_MAX as usize, "{depth}");
            check(open.repeat(depth).as_bytes());
        }
    }
}

#[test]
fn skipping_inside_an_open_object_counts_its_depth() {
    let text = ["{\"a\":", &"[".repeat(127), &"]".repeat(127), "}"].concat();
    let mut scanner = Scanner::new(text.as_bytes());
    scanner.open_object().unwrap();
    scanner.next_member(&mut true).unwrap();
    scanner.key().unwrap();
    assert_eq!(scanner.skip().unwrap_err().expected, "at most 127 nested arrays and objects");
}

#[test]
fn errors_say_where() {
    for (text, at, expected) in [
        (r#"{"a":1,}"#, 7, "a key"),
        (r#"{"a":1 "b":2}"#, 7, "',' or '}'"),
        (r#"{"a" 1}"#, 5, "':'"),
        ("[1 2]", 3, "',' or ']'"),
        ("[1]x", 3, "the end of the record"),
        ("\"a\tb\"", 2, "no control character inside a string"),
        ("\"abc", 4, "the end of a string"),
        (r#""\q""#, 1, "a valid escape"),
        (r#""ab\ud800""#, 3, "a pair of surrogate escapes"),
        ("01", 1, "no digit after a leading 0"),
        ("[-]", 2, "a digit"),
        ("", 0, "a value"),
    ] {
        assert_eq!(tree(text.as_bytes()), Err(SyntaxError { at, expected }), "{text}");
    }
}

/// Pieces from which JSON is made, and some that break it.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            " ",
            "\n",
            "\"",
            "\\",
            "\"a\"",
            "\"a\":",
            "null",
            "true",
            "false",
            "0",
            "-",
            "1",
            "12.5",
            "e3",
            "\\u00e9",
            "\\ud83d",
            "\\ude00",
            "\\n",
            "é",
            "😀",
            "\"long enough for a word\"",
            "1234567890123456789",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        any::<u8>().prop_map(|byte| vec![byte]),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e300..1e300_f64).prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
        "[\\x00-\\x7f]{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::vec((".{0,12}", inner), 0..8).prop_map(|members| members.into_iter().collect::<Value>()),
        ]
    })
}

proptest! {
    #[test]
    fn agrees_with_serde_json_on_any_json(value in json(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        prop_assert!(tree(text.as_bytes()).is_ok());
        check(text.as_bytes());
    }

    #[test]
    fn agrees_with_serde_json_on_broken_json(value in json(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let mut text = serde_json::to_vec(&value).unwrap();
        let at = at.index(text.len());
        if cut { text.truncate(at) } else { text[at] = byte }
        check(&text);
    }

    #[test]
    fn agrees_with_serde_json_on_pieces(bytes in pieces()) {
        check(&bytes);
    }

    #[test]
    fn agrees_with_serde_json_on_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        check(&bytes);
    }
}
