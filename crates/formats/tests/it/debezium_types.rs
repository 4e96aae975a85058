//! The format `debezium-json`, value by value: every type in every encoding that a connector can be set to.

use formats::Limits;
use formats::debezium::{CONNECTOR_OPTIONS, DebeziumOptions, FORMAT_OPTIONS, decoder};

use crate::support::{Record, outcome, table};

const DECIMALS: &str = "millstream.debezium.decimal.handling.mode";
const TIMES: &str = "millstream.debezium.time.precision.mode";
const BINARIES: &str = "millstream.debezium.binary.handling.mode";

pub(crate) fn options(set: &[(&str, &str)]) -> DebeziumOptions {
    let mut options = DebeziumOptions::default();
    for (key, value) in set {
        assert!(options.set(key, value).unwrap(), "{key}");
    }
    options
}

/// What a create with `v` = `value` gives in a column of type `ty`: the cell, or `!` and the reason.
fn cell(ty: &str, value: &str, set: &[(&str, &str)], schema: Option<&str>) -> String {
    let mut decoder = decoder(&table(&format!("id INT; v {ty}"), 1), options(set), Limits::default()).unwrap();
    let event = format!(r#"{{"before":null,"after":{{"id":1,"v":{value}}},"source":{{"lsn":7}},"op":"c"}}"#);
    let record = match schema {
        None => event,
        Some(schema) => format!(
            r#"{{"schema":{{"type":"struct","fields":[{{"type":"struct","optional":true,"field":"after","fields":[
                {{"type":"int32","field":"id"}},{schema}]}}]}},"payload":{event}}}"#
        ),
    };
    let rows = outcome(&mut decoder, &[Record::value(record)]);
    match rows[0].strip_prefix("+I[1, ") {
        Some(row) => row.trim_end_matches("] @0 lsn=7").to_owned(),
        None => rows[0].clone(),
    }
}

/// `cases`: value, cell. An expectation that is `!` and nothing more stands for any reason.
fn check(ty: &str, set: &[(&str, &str)], cases: &[(&str, &str)]) {
    for (value, expected) in cases {
        let found = cell(ty, value, set, None);
        if *expected == "!" {
            assert!(found.starts_with("!column \"v\""), "{ty} {set:?} {value}: {found}");
        } else {
            assert_eq!(found, *expected, "{ty} {set:?} {value}");
        }
    }
    assert_eq!(cell(ty, "null", set, None), "null");
    assert_eq!(cell(ty, "\"__debezium_unavailable_value\"", set, None), "absent");
}

fn check_schema(ty: &str, schema: &str, cases: &[(&str, &str)]) {
    for (value, expected) in cases {
        let found = cell(ty, value, &[], Some(schema));
        assert_eq!(if *expected == "!" { "!" } else { &found }, *expected, "{ty} {schema} {value}");
        assert_eq!(found.starts_with('!'), *expected == "!", "{found}");
    }
}

#[test]
fn scalars() {
    check(
        "BOOLEAN",
        &[],
        &[
            ("true", "true"),
            ("false", "false"),
            ("1", "true"),
            ("0", "false"),
            ("2", "!"),
            ("\"yes\"", "!"),
            ("\"true\"", "true"),
        ],
    );
    check("TINYINT", &[], &[("-128", "-128"), ("128", "!")]);
    check("SMALLINT", &[], &[("-5", "-5"), ("40000", "!")]);
    check("INT", &[], &[("-5", "-5"), ("\"7\"", "7"), ("2147483648", "!")]);
    check("BIGINT", &[], &[("9223372036854775807", "9223372036854775807"), ("\"AQ==\"", "!")]);
    check(
        "FLOAT",
        &[],
        &[("1.5", "1.5"), ("\"NaN\"", "NaN"), ("\"Infinity\"", "inf"), ("\"-Infinity\"", "-inf"), ("3", "3")],
    );
    check(
        "DOUBLE",
        &[],
        &[("1.5e300", "1.5e300"), ("\"NaN\"", "NaN"), ("\"-Infinity\"", "-inf")].map(|(value, cell)| {
            (value, if value == "1.5e300" { Box::leak(1.5e300_f64.to_string().into_boxed_str()) as &str } else { cell })
        }),
    );
}

#[test]
fn text_takes_uuid_json_arrays_and_addresses() {
    check(
        "STRING",
        &[],
        &[
            ("\"f81d4fae-7dec-11d0-a765-00a0c91e6bf6\"", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"),
            (r#""{\"a\": 1}""#, r#"{"a": 1}"#),
            ("[1, 2, null]", "[1,2,null]"),
            (r#"["a", "b c"]"#, r#"["a","b c"]"#),
            (r#"{"x": 1.0, "y": 2.0, "wkb": "AQ==", "srid": null}"#, r#"{"x":1.0,"y":2.0,"wkb":"AQ==","srid":null}"#),
            ("\"10.0.0.1/8\"", "10.0.0.1/8"),
            ("\"P1Y0M2DT3H4M5.6S\"", "P1Y0M2DT3H4M5.6S"),
            ("12", "12"),
            ("true", "true"),
            (r#"["__debezium_unavailable_value"]"#, "absent"),
            (r#"[ "__debezium_unavailable_value" ]"#, "absent"),
            (r#"["__debezium_unavailable_value", "b"]"#, r#"["__debezium_unavailable_value","b"]"#),
            ("[]", "[]"),
            ("\"__debezium_unavailable_value \"", "__debezium_unavailable_value "),
        ],
    );
}

#[test]
fn decimals_as_bytes() {
    check(
        "DECIMAL(12, 2)",
        &[],
        &[
            ("\"clc=\"", "29271"),
            ("\"AA==\"", "0"),
            ("\"/w==\"", "-1"),
            ("\"gA==\"", "-128"),
            ("\"AIA=\"", "128"),
            ("\"fw==\"", "127"),
            ("\"AP8=\"", "255"),
            ("\"/38=\"", "-129"),
            ("\"AAAAAAAAAAAAAAAAAAAAAAAAAAE=\"", "1"),
            ("\"/////////////////////////////w==\"", "-1"),
            // 10^12 - 1 is the largest, 10^12 has a digit too many.
            ("\"6NSlD/8=\"", "-99511627777"),
            ("\"AOjUpQ//\"", "999999999999"),
            ("\"AOjUpRAA\"", "!"),
            ("\"fwAAAAAAAAAAAAAAAAAAAAAA\"", "!"),
            ("123.45", "12345"),
            ("{\"scale\":2,\"value\":\"AQ==\"}", "1"),
            ("{\"scale\":0,\"value\":\"AQ==\"}", "100"),
            ("{\"value\":\"fw==\",\"scale\":3}", "13"),
            ("{\"scale\":3,\"value\":\"gw==\"}", "-13"),
            ("{\"scale\":-2,\"value\":\"AQ==\"}", "10000"),
            ("{\"scale\":40,\"value\":\"fw==\"}", "0"),
            ("{\"scale\":-40,\"value\":\"AQ==\"}", "!"),
            ("{\"scale\":2}", "!"),
            ("{\"scale\":2,\"value\":1}", "!"),
            ("{\"scale\":\"2\",\"value\":\"AQ==\"}", "!"),
            ("\"\"", "!"),
            ("\"A\"", "!"),
            ("\"AQ\"", "!"),
            ("\"12.5\"", "!"),
            ("true", "!"),
            ("[]", "!"),
        ],
    );
    let nines = "9".repeat(38);
    check(
        "DECIMAL(38, 0)",
        &[],
        &[
            ("\"SztMqFqGxHoJiiI//////w==\"", &nines),
            ("\"tMSzV6V5O4X2dd3AAAAAAQ==\"", &format!("-{nines}")),
            ("\"AAAAAAAAAAAAAAAAAAAAAAE=\"", "1"),
            // 10^38, the ends of 128 bits, and beyond.
            ("\"SztMqFqGxHoJiiJAAAAAAA==\"", "!"),
            ("\"f////////////////////w==\"", "!"),
            ("\"gAAAAAAAAAAAAAAAAAAAAA==\"", "!"),
            ("\"AIAAAAAAAAAAAAAAAAAAAAA=\"", "!"),
            ("\"AAAAAAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"", "!"),
        ],
    );
}

#[test]
fn decimals_in_other_modes_and_by_their_schema() {
    let text = &[
        ("\"123.45\"", "12345"),
        ("\"-0.015\"", "-2"),
        ("\"1E+3\"", "100000"),
        ("\"NAN\"", "!"),
        ("\"NaN\"", "!"),
        ("12.5", "1250"),
        ("\"99999999999\"", "!"),
    ];
    check("DECIMAL(12, 2)", &[(DECIMALS, "string")], text);
    check(
        "DECIMAL(12, 2)",
        &[(DECIMALS, "double")],
        &[("123.45", "12345"), ("1e3", "100000"), ("\"NaN\"", "!"), ("\"Infinity\"", "!"), ("1e11", "!")],
    );
    let scaled = |scale: &str| {
        format!(
            r#"{{"type":"bytes","name":"org.apache.kafka.connect.data.Decimal","version":1,"parameters":{{"scale":"{scale}","connect.decimal.precision":"12"}},"field":"v"}}"#
        )
    };
    check_schema("DECIMAL(12, 2)", &scaled("2"), &[("\"fw==\"", "127")]);
    check_schema("DECIMAL(12, 2)", &scaled("0"), &[("\"fw==\"", "12700")]);
    check_schema(
        "DECIMAL(12, 2)",
        &scaled("3"),
        &[("\"fw==\"", "13"), ("\"fA==\"", "12"), ("\"fQ==\"", "13"), ("\"gw==\"", "-13")],
    );
    check_schema("DECIMAL(12, 2)", &scaled("-3"), &[("\"fw==\"", "12700000")]);
    check_schema("DECIMAL(12, 2)", r#"{"type":"string","field":"v"}"#, &[("\"1.5\"", "150"), ("\"12\"", "1200")]);
    check_schema("DECIMAL(12, 2)", r#"{"type":"double","field":"v"}"#, &[("1.5", "150")]);
    let variable = r#"{"type":"struct","name":"io.debezium.data.VariableScaleDecimal","field":"v","fields":[{"type":"int32","field":"scale"},{"type":"bytes","field":"value"}]}"#;
    check_schema("DECIMAL(12, 2)", variable, &[("{\"scale\":1,\"value\":\"fw==\"}", "1270")]);
}

#[test]
fn dates() {
    check(
        "DATE",
        &[],
        &[
            ("19782", "19782"),
            ("-1", "-1"),
            ("2932896", "2932896"),
            ("2932897", "!"),
            ("-719528", "-719528"),
            ("-719529", "!"),
            // PostgreSQL's infinities, in a snapshot and in the stream.
            ("-622191234", "!"),
            ("-2147472692", "!"),
            ("2147483647", "!"),
            ("1.5", "!"),
            ("\"2024-02-29\"", "19782"),
            ("\"2024-02-29Z\"", "19782"),
            ("\"infinity\"", "!"),
            ("\"2023-02-29\"", "!"),
        ],
    );
    check("DATE", &[(TIMES, "isostring")], &[("\"2024-02-29Z\"", "19782"), ("19782", "19782")]);
    check("DATE", &[(TIMES, "connect")], &[("19782", "19782")]);
}

#[test]
fn times_of_day() {
    let micros = "47594123456";
    let millis = "47594123000";
    check(
        "TIME(3)",
        &[],
        &[("47594123", millis), ("86399999", "86399999000"), ("86400000", "0"), ("86400001", "!"), ("-1", "!")],
    );
    check(
        "TIME(6)",
        &[],
        &[
            ("47594123456", micros),
            ("86400000000", "0"),
            ("86400000001", "!"),
            ("\"13:13:14.123456Z\"", micros),
            ("\"13:13:14.123456\"", micros),
            ("\"13:13\"", "!"),
        ],
    );
    check("TIME", &[], &[("47594999", "47594000000")]);
    for (mode, digits, value, expected) in [
        ("adaptive_time_microseconds", 3, "47594123456", millis),
        ("adaptive_time_microseconds", 6, "47594123456", micros),
        ("connect", 6, "47594123", millis),
        ("microseconds", 0, "47594123456", "47594000000"),
        ("nanoseconds", 6, "47594123456789", micros),
        ("nanoseconds", 3, "47594123456789", millis),
        ("isostring", 6, "\"13:13:14.123456Z\"", micros),
    ] {
        check(&format!("TIME({digits})"), &[(TIMES, mode)], &[(value, expected)]);
    }
    for (name, value, expected) in [
        ("io.debezium.time.Time", "47594123", millis),
        ("io.debezium.time.MicroTime", "47594123456", micros),
        ("io.debezium.time.NanoTime", "47594123456789", micros),
        ("org.apache.kafka.connect.data.Time", "47594123", millis),
    ] {
        check_schema("TIME(6)", &format!(r#"{{"type":"int64","name":"{name}","field":"v"}}"#), &[(value, expected)]);
    }
}

/// 2024-02-29 13:13:14.123456 in a column, and the same to the millisecond.
const MICROS: &str = "1709212394123456";
const MILLIS: &str = "1709212394123000";

#[test]
fn timestamps_without_a_zone() {
    check("TIMESTAMP(3)", &[], &[("1709212394123", MILLIS), ("-1", "-1000"), ("1709212394123456", "!")]);
    check(
        "TIMESTAMP(6)",
        &[],
        &[
            ("1709212394123456", MICROS),
            ("-1", "-1"),
            ("253402300799999999", "253402300799999999"),
            ("253402300800000000", "!"),
            ("-62167219200000000", "-62167219200000000"),
            ("-62167219200000001", "!"),
            // PostgreSQL's infinities.
            ("9223372036825200000", "!"),
            ("-9223372036832400000", "!"),
            ("99999999999999999999", "!"),
            ("1.5", "!"),
            ("true", "!"),
            ("\"2024-02-29T13:13:14.123456Z\"", MICROS),
            ("\"2024-02-29 13:13:14.123456\"", MICROS),
            ("\"2024-02-29T13:13:14.123456+01:00\"", "!"),
            ("\"infinity\"", "!"),
            ("\"2024-02-30T00:00:00Z\"", "!"),
            ("\"2024-02-29\"", "!"),
        ],
    );
    check("TIMESTAMP(9)", &[], &[("1709212394123456789", "1709212394123456789")]);
    check(
        "TIMESTAMP(9)",
        &[(TIMES, "microseconds")],
        &[("1709212394123456", "1709212394123456000"), ("253402300799999999", "!")],
    );
}

#[test]
fn timestamps_with_a_zone() {
    check(
        "TIMESTAMP_LTZ(6)",
        &[],
        &[
            ("\"2024-02-29T13:13:14.123456Z\"", MICROS),
            ("\"2024-02-29T13:13:14.123456789Z\"", MICROS),
            ("\"2024-02-29T15:13:14.123456+02:00\"", MICROS),
            ("\"2024-02-29T08:43:14.123456-04:30\"", MICROS),
            ("\"2024-02-29T13:13:14Z\"", "1709212394000000"),
            ("\"1969-12-31T23:59:59.999999Z\"", "-1"),
            ("\"infinity\"", "!"),
            ("\"-infinity\"", "!"),
            ("\"294276-12-31T23:59:59.999999Z\"", "!"),
            ("\"+294276-12-31T23:59:59.999999Z\"", "!"),
            ("\"2024-02-29T13:13:14.123456ZZ\"", "!"),
            ("1709212394123456", MICROS),
        ],
    );
    check("TIMESTAMP_LTZ(3)", &[], &[("\"2024-02-29T13:13:14.123456Z\"", MILLIS)]);
}

#[test]
fn timestamps_in_every_mode_and_by_their_schema() {
    for (mode, digits, value, expected) in [
        ("adaptive_time_microseconds", 3, "1709212394123", MILLIS),
        ("adaptive_time_microseconds", 6, "1709212394123456", MICROS),
        ("connect", 6, "1709212394123", MILLIS),
        ("microseconds", 3, "1709212394123456", MILLIS),
        ("nanoseconds", 6, "1709212394123456789", MICROS),
        ("isostring", 6, "\"2024-02-29T13:13:14.123456Z\"", MICROS),
    ] {
        check(&format!("TIMESTAMP({digits})"), &[(TIMES, mode)], &[(value, expected)]);
    }
    for (name, value, expected) in [
        ("io.debezium.time.Timestamp", "1709212394123", MILLIS),
        ("io.debezium.time.MicroTimestamp", "1709212394123456", MICROS),
        ("io.debezium.time.NanoTimestamp", "1709212394123456789", MICROS),
        ("org.apache.kafka.connect.data.Timestamp", "1709212394123", MILLIS),
    ] {
        for ty in ["TIMESTAMP(6)", "TIMESTAMP_LTZ(6)"] {
            check_schema(ty, &format!(r#"{{"type":"int64","name":"{name}","field":"v"}}"#), &[(value, expected)]);
        }
    }
}

#[test]
fn bytes_in_every_mode_and_the_placeholder_in_each() {
    let plain = "\"__debezium_unavailable_value\"";
    let base64 = "\"X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ==\"";
    let hex = "\"5f5f646562657a69756d5f756e617661696c61626c655f76616c7565\"";
    for (mode, value) in [
        ("bytes", "\"+/8=\""),
        ("base64", "\"+/8=\""),
        ("base64-url-safe", "\"-_8=\""),
        ("base64-url-safe", "\"-_8\""),
        ("hex", "\"fbFF\""),
    ] {
        check(
            "BYTES",
            &[(BINARIES, mode)],
            &[
                (value, "[251, 255]"),
                (plain, "absent"),
                (base64, "absent"),
                (hex, "absent"),
                ("1", "!"),
                ("\"!\"", "!"),
            ],
        );
    }
    check("BYTES", &[], &[(r#"["X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ=="]"#, "absent")]);
    check("STRING", &[], &[(base64, "absent")]);
    let own = &[("millstream.debezium.unavailable.value.placeholder", "?")];
    for (value, expected) in
        [("\"?\"", "absent"), ("[\"?\"]", "absent"), ("\"Pw==\"", "absent"), (plain, "__debezium_unavailable_value")]
    {
        assert_eq!(cell("STRING", value, own, None), expected, "{value}");
    }
}

#[test]
fn reasons_name_the_column_its_type_and_the_value() {
    let check = |ty: &str, value: &str, reason: &str| {
        assert_eq!(cell(ty, value, &[], None), format!("!column \"v\" {ty}: {reason}"));
    };
    check("TIMESTAMP(6)", "9223372036825200000", "9223372036825200000 is out of range");
    check("DATE", "-622191234", "-622191234 is out of range");
    check(
        "TIMESTAMP_LTZ(6)",
        "\"infinity\"",
        "expected microseconds since 1970 or a timestamp such as \"2024-01-01T12:13:14.5Z\", found \"infinity\"",
    );
    check(
        "DECIMAL(12, 2)",
        "\"123.45\"",
        "expected base64 of an unscaled value (decimal.handling.mode 'precise'), found \"123.45\"",
    );
    check("BYTES", "\"+\"", "expected base64 text, found \"+\"");
}

#[test]
fn a_schema_that_changes_is_read_again() {
    let mut decoder =
        decoder(&table("id INT; v DECIMAL(12, 2)", 1), DebeziumOptions::default(), Limits::default()).unwrap();
    let record = |scale: &str, id: i32| {
        Record::value(format!(
            r#"{{"schema":{{"type":"struct","fields":[{{"type":"struct","field":"before","fields":[{{"type":"bytes","name":"org.apache.kafka.connect.data.Decimal",
            "parameters":{{"scale":"{scale}"}},"field":"v"}}]}}]}},"payload":{{"after":{{"id":{id},"v":"fw=="}},"op":"c"}}}}"#
        ))
    };
    let bare = Record::value(r#"{"after":{"id":0,"v":"fw=="},"op":"c"}"#);
    let scales = ["2", "1", "2", "0", "1", "3", "-1", "2"];
    let mut records: Vec<_> = scales.iter().enumerate().map(|(id, scale)| record(scale, id as i32)).collect();
    records.push(bare);
    let cells: Vec<_> =
        outcome(&mut decoder, &records).iter().map(|row| row.split([' ', ']']).nth(1).unwrap().to_owned()).collect();
    assert_eq!(cells, ["127", "1270", "127", "12700", "1270", "13", "127000", "127", "127"]);
}

#[test]
fn options_are_checked_and_their_defaults_are_debeziums() {
    let mut options = DebeziumOptions::default();
    for spec in FORMAT_OPTIONS.iter().chain(CONNECTOR_OPTIONS) {
        assert!(options.set(spec.key, spec.default).unwrap(), "{}", spec.key);
        if let formats::options::OptionKind::Choice(choices) = spec.kind {
            for choice in choices {
                assert!(DebeziumOptions::default().set(spec.key, choice).unwrap(), "{} {choice}", spec.key);
            }
            assert!(options.set(spec.key, "nonsense").is_err());
        }
    }
    assert_eq!(options, DebeziumOptions::default());
    assert!(!options.set("millstream.debezium.snapshot.mode", "initial").unwrap());
}
