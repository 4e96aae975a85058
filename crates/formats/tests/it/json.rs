//! The format `json`, record by record.

use formats::json::{JsonOptions, decoder};
use formats::{Limits, Table};
use proptest::prelude::*;
use rows::decode::{Notice, RecordDecoder};

use crate::support::{Record, outcome, table};

pub(crate) fn options(set: &[(&str, &str)]) -> JsonOptions {
    let mut options = JsonOptions::default();
    for (key, value) in set {
        assert!(options.set(key, value).unwrap(), "{key}");
    }
    options
}

fn rows(columns: &str, set: &[(&str, &str)], records: &[&str]) -> Vec<String> {
    let mut decoder = decoder(&table(columns, 0), options(set), Limits::default()).unwrap();
    let records: Vec<_> = records.iter().map(|text| Record::value(*text)).collect();
    outcome(&mut decoder, &records)
}

#[test]
fn objects_become_rows() {
    let columns = "a INT; b STRING";
    let check = |records: &[&str], expected: &[&str]| assert_eq!(rows(columns, &[], records), expected, "{records:?}");
    check(&[r#"{"a":1,"b":"x"}"#, r#"{"b":"x","a":1}"#], &["+I[1, x] @0", "+I[1, x] @1"]);
    check(&[" { \"a\" : 1 ,\n\"b\":\t\"x\" } "], &["+I[1, x] @0"]);
    check(&["{}", r#"{"A":1}"#, r#"{"a":null}"#], &["+I[null, null] @0", "+I[null, null] @1", "+I[null, null] @2"]);
    check(&[r#"{"a":1,"a":2,"b":"x","b":"yy","b":null}"#], &["+I[2, null] @0"]);
    check(&[r#"{"\u0061":1,"b":"x"}"#], &["+I[1, x] @0"]);
    check(&[r#"[{"a":1},{"a":2}]"#, "[]", r#"{"a":3}"#], &["+I[1, null] @0", "+I[2, null] @0", "+I[3, null] @2"]);
    check(&["", r#"{"a":1}"#], &["+I[1, null] @1"]);
    check(
        &[r#"{"a":1}"#, r#"{"a":2,"b":"x","c":bad}"#, r#"[{"a":3},{"a":"x"}]"#, r#"{"a":4,"b":"y"}"#],
        &[
            "+I[1, null] @0",
            "!the value is not JSON: expected a value at byte 19, found bad}",
            "!column \"a\" INT: expected an integer, found \"x\"",
            "+I[4, y] @3",
        ],
    );
}

#[test]
fn bad_records_say_what_is_wrong() {
    let check = |record: &str, reason: &str| assert_eq!(rows("a INT", &[], &[record]), [format!("!{reason}")]);
    check("hello", "the value is not JSON: expected an object at byte 0, found hello");
    check("null", "the value is not JSON: expected an object at byte 0, found null");
    check(r#"{"a":1} x"#, "the value is not JSON: expected the end of the record at byte 8, found x");
    check(r#"{"a":1,}"#, "the value is not JSON: expected a key at byte 7, found }");
    check(r#"{"a":"#, "the value is not JSON: expected a value at byte 5, found the end");
    check(
        "{\"a\":\"\u{1b}[2J\"}",
        "the value is not JSON: expected no control character inside a string at byte 6, found \\u{1b}[2J\"}",
    );
    check(r#"{"a":2147483648}"#, "column \"a\" INT: 2147483648 is out of range");
    let long = "y".repeat(100);
    check(
        &format!("{{\"a\":\"{long}\"}}"),
        &format!("column \"a\" INT: expected an integer, found \"{}…", "y".repeat(39)),
    );
}

#[test]
fn options_are_checked() {
    let missing = &[("json.fail-on-missing-field", "true")];
    assert_eq!(
        rows("a INT; b INT", missing, &[r#"{"b":1}"#, r#"{"a":null,"b":1}"#]),
        ["!field \"a\" is missing", "+I[null, 1] @1"]
    );
    let both = options(&[("json.fail-on-missing-field", "true"), ("json.ignore-parse-errors", "TRUE")]);
    assert!(decoder(&table("a INT", 0), both, Limits::default()).is_err());
    let mut options = JsonOptions::default();
    let error = options.set("json.timestamp-format.standard", "RFC").unwrap_err();
    assert_eq!(error.message(), "'RFC' is no value of 'json.timestamp-format.standard'");
    assert_eq!(error.hint_text(), Some("the values are: SQL, ISO-8601"));
    assert!(!options.set("json.unknown", "1").unwrap());
    for spec in formats::json::OPTIONS {
        assert!(options.set(spec.key, spec.default).unwrap(), "{}", spec.key);
    }
    assert_eq!(options, JsonOptions::default());
}

#[test]
fn ignored_records_are_counted() {
    let mut decoder =
        decoder(&table("a INT", 0), options(&[("json.ignore-parse-errors", "true")]), Limits::default()).unwrap();
    let records = ["{", r#"{"a":"x"}"#, "[1]"].map(Record::value);
    assert_eq!(outcome(&mut decoder, &records), ["+I[null] @1"]);
    assert_eq!(
        decoder.notices(),
        [Notice {
            id: "unparsable".into(),
            message:
                "records of t were skipped; the last one: the value is not JSON: expected an object at byte 1, found 1]"
                    .into(),
            hint: Some("'json.ignore-parse-errors' is true".into()),
            count: 2,
        }]
    );
    assert_eq!(decoder.notices(), []);
}

#[test]
fn unknown_fields_are_named_once_with_the_line_that_adds_them() {
    let mut decoder = decoder(&table("a INT", 0), JsonOptions::default(), Limits::default()).unwrap();
    let records = [
        r#"{"a":1,"coupon":null,"n":-5,"x`y":1.5}"#,
        r#"{"a":1,"coupon":"A","ok":true,"n":2,"o":{"a":7}}"#,
        r#"{"coupon":"B","a":1}"#,
    ]
    .map(Record::value);
    assert_eq!(outcome(&mut decoder, &records).len(), 3);
    let told = |decoder: &mut dyn RecordDecoder| -> Vec<_> {
        decoder.notices().into_iter().map(|notice| (notice.id, notice.count, notice.hint.unwrap())).collect()
    };
    assert_eq!(
        told(&mut decoder),
        [
            ("unknown-field:coupon", 3, "ALTER TABLE t ADD `coupon` STRING;"),
            ("unknown-field:n", 2, "ALTER TABLE t ADD `n` BIGINT;"),
            ("unknown-field:x`y", 1, "ALTER TABLE t ADD `x``y` DOUBLE;"),
            ("unknown-field:ok", 1, "ALTER TABLE t ADD `ok` BOOLEAN;"),
            ("unknown-field:o", 1, "ALTER TABLE t ADD `o` STRING;"),
        ]
        .map(|(id, count, hint)| (id.to_owned(), count, hint.to_owned()))
    );
    assert_eq!(told(&mut decoder), []);
}

#[test]
fn only_wanted_columns_are_read() {
    let table = table("a INT; b STRING; c INT", 1).project(vec![2, 1]);
    let mut decoder = decoder(&table, JsonOptions::default(), Limits::default()).unwrap();
    let records = [r#"{"a":"no number, and nobody minds","b":"x","c":3}"#].map(Record::value);
    assert_eq!(outcome(&mut decoder, &records), ["+I[3, x] @0"]);
    assert_eq!(decoder.notices(), []);
    assert_eq!(decoder.schema().fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>(), ["c", "b"]);
}

#[test]
fn a_table_without_columns_has_rows_too() {
    let table = table("a INT", 0).project(vec![]);
    let mut decoder = decoder(&table, JsonOptions::default(), Limits::default()).unwrap();
    assert_eq!(outcome(&mut decoder, &[Record::value(r#"{"a":1}"#)]), ["+I[] @0"]);
}

/// Every type at once, to be fed anything.
fn wide() -> Table {
    table(
        "b BOOLEAN; t TINYINT; s SMALLINT; i INT; l BIGINT; f FLOAT; d DOUBLE; e DECIMAL(12, 2); v STRING; y BYTES; a DATE; \
         c TIME(3); m TIMESTAMP(3); n TIMESTAMP(9); z TIMESTAMP_LTZ(6)",
        0,
    )
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_or_leave_a_row_begun(records in prop::collection::vec(record(), 1..12)) {
        let mut decoder = decoder(&wide(), JsonOptions::default(), Limits::default()).unwrap();
        let mut good = 0;
        for (offset, value) in records.iter().enumerate() {
            let before = decoder.rows();
            let decoded = crate::support::decode_bytes(&mut decoder, offset as i64, None, Some(value));
            prop_assert!(decoded.is_ok() || decoder.rows() == before);
            good += decoder.rows() - before;
        }
        prop_assert_eq!(decoder.finish().unwrap().columns.num_rows(), good);
    }
}

/// Objects whose members are columns with values of all kinds, sometimes cut or followed by anything.
fn record() -> impl Strategy<Value = Vec<u8>> {
    let value = prop::sample::select(vec![
        "null",
        "true",
        "\"true\"",
        "1",
        "-1",
        "1.5",
        "1e400",
        "99999999999999999999",
        "\"\"",
        "\"x\"",
        "\"2024-02-29\"",
        "[]",
        "{\"a\":[1]}",
        "\"2024-02-29 12:13:14.5\"",
        "\"2024-02-29 12:13:14.5Z\"",
        "\"12:13:14\"",
        "\"aGk=\"",
        "\"\\u00e9\\ud83d\"",
        "\"12.345\"",
        "bad",
        "\"\n\"",
    ]);
    let name = prop::sample::select("btsildfevyacmnzx".chars().collect::<Vec<_>>());
    let members = prop::collection::vec((name, value), 0..8);
    let object = members.prop_map(|members| {
        let members: Vec<_> = members.into_iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", members.join(",")).into_bytes()
    });
    prop_oneof![
        4 => object.clone(),
        1 => (object, any::<prop::sample::Index>()).prop_map(|(mut bytes, at)| { bytes.truncate(at.index(bytes.len())); bytes }),
        1 => prop::collection::vec(any::<u8>(), 0..40),
    ]
}
