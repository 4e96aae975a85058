//! The format `debezium-json`, event by event: which rows a record gives, by which key, at which position.

use formats::Limits;
use formats::debezium::{DebeziumOptions, decoder};
use proptest::prelude::*;
use rows::decode::RecordDecoder;

use crate::debezium_types::options;
use crate::support::{Record, decode_bytes, outcome, table};

const COLUMNS: &str = "id BIGINT; name STRING; note STRING";

fn rows(set: &[(&str, &str)], records: &[Record]) -> Vec<String> {
    let mut decoder = decoder(&table(COLUMNS, 1), options(set), Limits::default()).unwrap();
    outcome(&mut decoder, records)
}

fn event(op: &str, before: &str, after: &str) -> String {
    format!(
        r#"{{"before":{before},"after":{after},"source":{{"connector":"postgresql","lsn":7}},"transaction":null,"op":"{op}","ts_ms":1}}"#
    )
}

/// Debezium's key-only image.
const BEFORE: &str = r#"{"id":1,"name":"","note":null}"#;
const ROW: &str = r#"{"id":1,"name":"a","note":"n"}"#;

#[test]
fn operations_become_row_kinds() {
    let keyed = |record: Record| record.key(r#"{"id":1}"#);
    let check =
        |record: Record, expected: &str| assert_eq!(rows(&[], std::slice::from_ref(&record)), [expected], "{record:?}");
    check(keyed(Record::value(event("c", "null", ROW))), "+I[1, a, n] @0 lsn=7");
    check(keyed(Record::value(event("r", "null", ROW))), "+I[1, a, n] @0 lsn=7");
    check(keyed(Record::value(event("u", "null", ROW))), "+U[1, a, n] @0 lsn=7");
    check(keyed(Record::value(event("u", BEFORE, ROW))), "+U[1, a, n] @0 lsn=7");
    check(keyed(Record::value(event("d", BEFORE, "null"))), "-D[1, null, null] @0 lsn=7");
    check(keyed(Record::tombstone()), "-D[1, null, null] @0");
    // Only the key of `before` counts, whatever else it says.
    check(Record::value(event("d", ROW, "null")), "-D[1, null, null] @0 lsn=7");
    // The record's key is preferred: `before` may be made up.
    check(Record::value(event("d", r#"{"id":0,"name":"x"}"#, "null")).key(r#"{"id":5}"#), "-D[5, null, null] @0 lsn=7");
    check(Record::value(event("d", "null", "null")).key(r#"{"id":5}"#), "-D[5, null, null] @0 lsn=7");
    // A key of other columns, or no JSON at all.
    check(Record::value(event("d", ROW, "null")).key(r#"{"name":"a"}"#), "-D[1, null, null] @0 lsn=7");
    check(Record::value(event("d", ROW, "null")).key("Struct{id=1}"), "-D[1, null, null] @0 lsn=7");
}

#[test]
fn members_come_in_any_order_and_with_whitespace() {
    let value = r#" { "op" : "u" , "ts_ms" : 1 , "after" : { "note" : "n" , "name" : "a" , "id" : 1 } , "source" : { "lsn" : 7 } } "#;
    assert_eq!(rows(&[], &[Record::value(value)]), ["+U[1, a, n] @0 lsn=7"]);
    let value = r#"{"source":null,"op":"d","before":{"id":1}}"#;
    assert_eq!(rows(&[], &[Record::value(value)]), ["-D[1, null, null] @0"]);
    let escaped = r#"{"after":{"\u0069d":1,"name":"\u00e9\n\"","note":"\ud83d\ude00"},"\u006fp":"\u0063"}"#;
    assert_eq!(rows(&[], &[Record::value(escaped)]), ["+I[1, é\n\", 😀] @0"]);
}

#[test]
fn fields_missing_in_after_are_null_and_the_placeholder_is_absent() {
    let check = |after: &str, row: &str| {
        assert_eq!(rows(&[], &[Record::value(event("u", "null", after))]), [format!("+U{row} @0 lsn=7")]);
    };
    check(r#"{"id":1}"#, "[1, null, null]");
    check(r#"{"id":1,"name":"__debezium_unavailable_value","note":"n"}"#, "[1, absent, n]");
    check(r#"{"id":1,"name":["__debezium_unavailable_value"]}"#, "[1, absent, null]");
    // Absent, then not: the last of a name counts.
    check(r#"{"id":1,"name":"__debezium_unavailable_value","name":"b"}"#, "[1, b, null]");
    let two = [
        Record::value(event("u", "null", r#"{"id":1,"name":"a","note":"__debezium_unavailable_value"}"#)),
        Record::value(event("u", "null", ROW)),
    ];
    assert_eq!(rows(&[], &two), ["+U[1, a, absent] @0 lsn=7", "+U[1, a, n] @1 lsn=7"]);
}

#[test]
fn an_update_of_the_primary_key_deletes_the_old_row() {
    let update = Record::value(event("u", ROW, r#"{"id":2,"name":"a","note":"n"}"#)).key(r#"{"id":2}"#);
    let insert = Record::value(event("c", "null", ROW));
    assert_eq!(
        rows(&[], &[insert, update.clone(), update]),
        [
            "+I[1, a, n] @0 lsn=7",
            "-D[1, null, null] @1 lsn=7",
            "+U[2, a, n] @1 lsn=7",
            "-D[1, null, null] @2 lsn=7",
            "+U[2, a, n] @2 lsn=7",
        ]
    );
    // Without a whole key in `before` nothing is known of the old row.
    for before in [r#"{"name":"a"}"#, r#"{"id":null}"#] {
        assert_eq!(rows(&[], &[Record::value(event("u", before, ROW))]), ["+U[1, a, n] @0 lsn=7"]);
    }
}

#[test]
fn a_create_that_names_an_old_key_is_marked() {
    let create = || Record::value(event("c", "null", ROW)).key(r#"{"id":1}"#);
    let check = |header: &str, mark: &str| {
        let records = [create(), create().header("__debezium.oldkey", header), create()];
        let row = "+I[1, a, n]";
        assert_eq!(
            rows(&[], &records),
            [format!("{row} @0 lsn=7"), format!("{row} @1 lsn=7{mark}"), format!("{row} @2 lsn=7")],
            "{header}"
        );
    };
    check(r#"{"id":5}"#, " moved");
    check(r#"{ "id" : 5 }"#, " moved");
    check(r#"{"schema":{"type":"struct","fields":[{"type":"int64","field":"id"}]},"payload":{"id":5}}"#, " moved");
    check("Struct{id=5}", " moved");
    // The same key in other words is no move.
    check(r#"{ "id" : 1 }"#, "");
    check(r#"{"schema":{"type":"struct","fields":[]},"payload":{"id":1}}"#, "");
    check("1", "");
    let update = Record::value(event("u", "null", ROW)).header("__debezium.oldkey", r#"{"id":5}"#);
    assert_eq!(rows(&[], &[update]), ["+U[1, a, n] @0 lsn=7"]);
    let delete = Record::value(event("d", BEFORE, "null")).header("__debezium.newkey", r#"{"id":5}"#);
    assert_eq!(rows(&[], &[delete]), ["-D[1, null, null] @0 lsn=7"]);
}

#[test]
fn keys_are_read_bare_in_an_envelope_or_as_a_scalar() {
    let check = |key: &str, expected: &str| assert_eq!(rows(&[], &[Record::tombstone().key(key)]), [expected], "{key}");
    check(r#"{"id":1}"#, "-D[1, null, null] @0");
    check(r#" { "other" : [1] , "id" : 1 } "#, "-D[1, null, null] @0");
    check(
        r#"{"schema":{"type":"struct","fields":[{"type":"int64","field":"id"}],"name":"Key"},"payload":{"id":1}}"#,
        "-D[1, null, null] @0",
    );
    check("1", "-D[1, null, null] @0");
    check("\"1\"", "-D[1, null, null] @0");
    check("", "!the record's key is not JSON: expected a value at byte 0, found the end");
    check("abc", "!the record's key is not JSON: expected a value at byte 0, found abc");
    check("{}", "!column \"id\" of the primary key has no value in the record's key");
    check("null", "!column \"id\" of the primary key has no value in the record's key");
    check(r#"{"id":null}"#, "!column \"id\" of the primary key has no value in the record's key");
    check(r#"{"id":"x"}"#, "!column \"id\" BIGINT: expected an integer, found \"x\"");
    assert_eq!(
        rows(&[], &[Record::tombstone()]),
        ["!the record has neither a key nor a \"before\" image by which to delete"]
    );
    let wrapped = Record::value(r#"{"schema":null,"payload":null}"#).key(r#"{"id":1}"#);
    assert_eq!(rows(&[], &[wrapped]), ["-D[1, null, null] @0"]);
}

#[test]
fn composite_keys_of_encoded_types() {
    let mut decoder =
        decoder(&table("d DECIMAL(5, 2); t TIMESTAMP(3); v INT", 2), DebeziumOptions::default(), Limits::default())
            .unwrap();
    let after = r#"{"v":1,"t":1000,"d":"fw=="}"#;
    let records = [
        Record::value(event("c", "null", after)),
        Record::tombstone().key(r#"{"d":"fw==","t":1000}"#),
        Record::tombstone().key(
            r#"{"schema":{"type":"struct","fields":[{"type":"bytes","name":"org.apache.kafka.connect.data.Decimal","parameters":{"scale":"1"},"field":"d"},
            {"type":"int64","name":"io.debezium.time.MicroTimestamp","field":"t"}]},"payload":{"d":"fw==","t":1000000}}"#,
        ),
        Record::value(event("d", r#"{"d":"fw==","t":1000,"v":null}"#, "null")),
        Record::tombstone().key("1"),
        Record::tombstone().key(r#"{"d":"fw=="}"#),
    ];
    assert_eq!(
        outcome(&mut decoder, &records),
        [
            "+I[127, 1000000, 1] @0 lsn=7",
            "-D[127, 1000000, null] @1",
            "-D[1270, 1000000, null] @2",
            "-D[127, 1000000, null] @3 lsn=7",
            "!the record's key is no JSON object",
            "!column \"t\" of the primary key has no value in the record's key",
        ]
    );
}

#[test]
fn bad_records_are_named_and_leave_no_row() {
    let check = |value: &str, reason: &str| {
        let good = Record::value(event("c", "null", ROW));
        let row = |offset| format!("+I[1, a, n] @{offset} lsn=7");
        assert_eq!(
            rows(&[], &[good.clone(), Record::value(value), good]),
            [row(0), format!("!{reason}"), row(2)],
            "{value}"
        );
    };
    check("", "the value is not JSON: expected an object at byte 0, found the end");
    check("[]", "the value is not JSON: expected an object at byte 0, found []");
    check("{}", "the value is no change event: it has no \"op\"");
    check(r#"{"id":1,"name":"a"}"#, "the value is no change event: it has no \"op\"");
    check(&event("x", "null", ROW), "unknown operation \"x\": \"op\" must be one of c, r, u, d, t, m");
    check(r#"{"after":null,"op":1}"#, "unknown operation 1: \"op\" must be one of c, r, u, d, t, m");
    check(&event("c", "null", "null"), "a change event that is no delete has no \"after\" image");
    check(
        &event("c", "null", "[]"),
        "the value is not JSON: expected an object at byte 23, found [],\"source\":{\"connector\":\"postgresql\",\"l…",
    );
    check(&event("c", "null", r#"{"name":"a"}"#), "column \"id\" of the primary key has no value in \"after\"");
    check(&event("u", "null", r#"{"id":null}"#), "column \"id\" of the primary key has no value in \"after\"");
    check(
        &event("u", "null", r#"{"id":"__debezium_unavailable_value"}"#),
        "column \"id\" of the primary key has no value in \"after\"",
    );
    check(&event("d", r#"{"name":"a"}"#, "null"), "column \"id\" of the primary key has no value in \"before\"");
    check(&event("d", "null", "null"), "the record has neither a key nor a \"before\" image by which to delete");
    check(r#"{"after":{"id":1},"after":{"id":2},"op":"c"}"#, "the record has two \"after\" images");
    check(
        r#"{"after":{"id":1,"name":"a"},"source":{"lsn":},"op":"c"}"#,
        "the value is not JSON: expected a value at byte 45, found },\"op\":\"c\"}",
    );
    check(
        r#"{"schema":{"type":"struct","fields":[]},"payload":{"after":{"id":x},"op":"c"}}"#,
        "the value is not JSON: expected a value at byte 65, found x},\"op\":\"c\"}}",
    );
    let schema = rows(&[], &[Record::value(r#"{"schema":{"fields":1},"payload":{"op":"c"}}"#)]);
    assert!(schema[0].starts_with("!the record's schema is not one of Kafka Connect: "), "{schema:?}");
    let deep = ["{\"after\":", &"[".repeat(5_000)].concat();
    check(
        &deep,
        "the value is not JSON: expected an object at byte 9, found [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[…",
    );
}

#[test]
fn a_value_of_another_encoding_comes_with_the_setting_that_may_be_wrong() {
    let check = |ty: &str, value: &str, property: Option<&str>| {
        let mut decoder =
            decoder(&table(&format!("id INT; v {ty}"), 1), DebeziumOptions::default(), Limits::default()).unwrap();
        let record = Record::value(event("c", "null", &format!(r#"{{"id":1,"v":{value}}}"#)));
        let bad = record.decode_into(&mut decoder, 0).unwrap_err();
        let setting = |hint: String| hint.split("SET '").nth(1)?.split('\'').next().map(str::to_owned);
        let expected = property.map(|property| format!("millstream.debezium.{property}"));
        assert_eq!(bad.hint.and_then(setting), expected, "{ty} {value}");
        assert!(!bad.fatal);
    };
    check("DECIMAL(5, 2)", "\"1.50\"", Some("decimal.handling.mode"));
    check("TIMESTAMP(3)", "1709212394123456", Some("time.precision.mode"));
    check("TIME(3)", "86400001", Some("time.precision.mode"));
    check("BYTES", "\"0g\"", Some("binary.handling.mode"));
    check("INT", "\"x\"", None);
}

#[test]
fn a_schema_of_unheard_of_size_is_refused() {
    let mut decoder = decoder(&table("id INT; v STRING", 1), DebeziumOptions::default(), Limits::default()).unwrap();
    let payload = event("c", "null", r#"{"id":1,"v":"a"}"#);
    let with_schema = |name: &str| format!(r#"{{"schema":{{"type":"struct","name":"{name}"}},"payload":{payload}}}"#);
    Record::value(with_schema("a")).decode_into(&mut decoder, 0).unwrap();
    let bad = Record::value(with_schema(&"x".repeat(300_000))).decode_into(&mut decoder, 1).unwrap_err();
    assert!(bad.reason.contains("schema has 300"), "{}", bad.reason);
    assert!(bad.hint.unwrap().contains("schemas.enable"));
    assert_eq!(decoder.rows(), 1);
}

#[test]
fn truncates_stop_the_job_or_are_counted() {
    let truncate = Record::value(event("t", "null", "null"));
    assert_eq!(rows(&[], std::slice::from_ref(&truncate)), ["!fatal: the source table was truncated (operation t)"]);
    let lenient = &[("debezium-json.ignore-parse-errors", "true")];
    assert_eq!(
        rows(lenient, std::slice::from_ref(&truncate)),
        ["!fatal: the source table was truncated (operation t)"]
    );
    let ignore = &[("millstream.debezium.truncate.handling", "ignore")];
    let mut decoder = decoder(&table(COLUMNS, 1), options(ignore), Limits::default()).unwrap();
    let message = Record::value(r#"{"op":"m","ts_ms":1,"source":{"lsn":7},"message":{"prefix":"p","content":"AQ=="}}"#);
    let good = Record::value(event("c", "null", ROW));
    assert_eq!(outcome(&mut decoder, &[truncate.clone(), message, good, truncate]), ["+I[1, a, n] @2 lsn=7"]);
    let notices: Vec<_> = decoder.notices().into_iter().map(|notice| (notice.id, notice.count)).collect();
    assert_eq!(notices, [("truncate".to_owned(), 2), ("message".to_owned(), 1)]);
}

#[test]
fn parse_errors_can_be_ignored() {
    let set = &[("debezium-json.ignore-parse-errors", "true")];
    let mut decoder = decoder(&table("id BIGINT; n INT", 1), options(set), Limits::default()).unwrap();
    let records = [
        Record::value("nonsense"),
        Record::value(event("c", "null", r#"{"id":1,"n":"x"}"#)),
        Record::value(event("c", "null", r#"{"id":"x","n":1}"#)),
        Record::tombstone(),
    ];
    assert_eq!(outcome(&mut decoder, &records), ["+I[1, null] @1 lsn=7"]);
    assert_eq!(decoder.notices().iter().map(|notice| notice.count).collect::<Vec<_>>(), [3]);
}

#[test]
fn a_missing_schema_is_refused_where_one_was_promised() {
    let set = &[("debezium-json.schema-include", "true")];
    let bare = Record::value(event("c", "null", ROW));
    assert_eq!(rows(set, &[bare]), ["!the record has no schema, though 'debezium-json.schema-include' is true"]);
    let wrapped = format!(r#"{{"schema":{{"type":"struct","fields":[]}},"payload":{}}}"#, event("c", "null", ROW));
    assert_eq!(rows(set, &[Record::value(wrapped)]), ["+I[1, a, n] @0 lsn=7"]);
    let late = format!(r#"{{"payload":{},"schema":{{"type":"struct","fields":[]}}}}"#, event("c", "null", ROW));
    assert_eq!(rows(set, &[Record::value(late)]), ["+I[1, a, n] @0 lsn=7"]);
}

#[test]
fn unknown_fields_are_told_with_the_line_that_adds_them() {
    let mut decoder = decoder(&table("id BIGINT", 1), DebeziumOptions::default(), Limits::default()).unwrap();
    let records = [
        Record::value(event("d", ROW, "null")),
        Record::value(event("c", "null", r#"{"id":1,"coupon":null}"#)).key(r#"{"id":1,"extra":1}"#),
        Record::value(event("u", "null", r#"{"id":1,"coupon":"A"}"#)),
    ];
    outcome(&mut decoder, &records);
    let notices = decoder.notices();
    assert_eq!(notices.len(), 1, "keys and old rows are not told of: {notices:?}");
    assert_eq!(notices[0].message, "field \"coupon\" of the records is no column of t; its values are left out");
    assert_eq!(notices[0].hint.as_deref(), Some("ALTER TABLE t ADD `coupon` STRING;"));
    assert_eq!(notices[0].count, 2);
}

#[test]
fn the_key_is_read_though_nobody_wants_it() {
    let table = table("id BIGINT; name STRING; note STRING", 1).project(vec![2]);
    let mut decoder = decoder(&table, DebeziumOptions::default(), Limits::default()).unwrap();
    assert_eq!(decoder.schema().fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>(), ["note", "id"]);
    assert_eq!(decoder.schema().key, [1]);
    let records = [Record::value(event("c", "null", ROW)), Record::tombstone().key(r#"{"id":1}"#)];
    assert_eq!(outcome(&mut decoder, &records), ["+I[n, 1] @0 lsn=7", "-D[null, 1] @1"]);
}

#[test]
fn a_table_without_a_primary_key_is_refused() {
    let error = decoder(&table("id BIGINT", 0), DebeziumOptions::default(), Limits::default()).unwrap_err();
    assert_eq!(error.message(), "table t has no primary key");
}

proptest! {
    /// Bytes changed anywhere in key or value give rows or a reason, never a panic or half a row.
    #[test]
    fn broken_records_leave_the_builders_whole(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..30)
    ) {
        let lines: Vec<serde_json::Value> =
            include_str!("../data/shop_cut.jsonl").lines().take(60).map(|line| serde_json::from_str(line).unwrap()).collect();
        let columns = "id BIGINT; email STRING; balance DECIMAL(12, 2); created_at TIMESTAMP_LTZ(6); vip BOOLEAN; bio BYTES";
        let mut decoder = decoder(&table(columns, 1), DebeziumOptions::default(), Limits::default()).unwrap();
        let mut good = 0;
        for (record, at, byte, in_key) in edits {
            let record = &lines[record.index(lines.len())];
            let mut key = record["key"].as_str().unwrap_or_default().as_bytes().to_vec();
            let mut value = record["value"].as_str().map(|value| value.as_bytes().to_vec());
            let edited = value.as_mut().filter(|_| !in_key).unwrap_or(&mut key);
            let at = at.index(edited.len());
            if byte % 5 == 0 { edited.truncate(at) } else { edited[at] = byte }
            let before = decoder.rows();
            let decoded = decode_bytes(&mut decoder, 0, Some(&key), value.as_deref());
            prop_assert!(decoded.is_ok() || decoder.rows() == before);
            good += decoder.rows() - before;
        }
        let decoded = decoder.finish().unwrap();
        prop_assert_eq!(decoded.columns.num_rows(), good);
        prop_assert_eq!(decoded.source_positions.len(), good);
    }
}
