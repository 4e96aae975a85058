//! What a real PostgreSQL and a real Debezium put on Kafka, decoded by us and by a plain reference that knows nothing
//! of our scanner. `shop_cut.jsonl` is cut from a capture of 346,536 records; MILLSTREAM_CAPTURE names a longer file of
//! the same form.

use std::collections::{BTreeMap, HashMap};

use base64::Engine;
use formats::debezium::{DebeziumOptions, decoder};
use formats::{Limits, Table};
use rows::decode::RecordDecoder;
use rows::{Field, LogicalType, Schema};
use serde_json::Value;

use crate::support::{Record, lines};

fn tables() -> BTreeMap<&'static str, Schema> {
    let field = |name, ty, nullable| Field::new(name, ty, nullable);
    let money = |precision| LogicalType::Decimal { precision, scale: 2 };
    let customers = vec![
        field("id", LogicalType::BigInt, false),
        field("email", LogicalType::STRING, true),
        field("full_name", LogicalType::STRING, true),
        field("bio", LogicalType::STRING, true),
        field("created_at", LogicalType::TimestampLtz(6), true),
        field("balance", money(12), true),
        field("vip", LogicalType::Boolean, true),
    ];
    let order_lines = vec![
        field("order_id", LogicalType::BigInt, false),
        field("line_no", LogicalType::Int, false),
        field("sku", LogicalType::STRING, true),
        field("qty", LogicalType::Int, true),
        field("price", money(10), true),
    ];
    let orders = vec![
        field("id", LogicalType::BigInt, false),
        field("customer_id", LogicalType::BigInt, true),
        field("status", LogicalType::STRING, true),
        field("total", money(12), true),
        field("placed_at", LogicalType::Timestamp(6), true),
        field("ship_date", LogicalType::Date, true),
        field("note", LogicalType::STRING, true),
        field("coupon", LogicalType::STRING, true),
    ];
    BTreeMap::from([
        ("shop.public.customers", Schema::new(customers).with_key(vec![0])),
        ("shop.public.order_lines", Schema::new(order_lines).with_key(vec![0, 1])),
        ("shop.public.orders", Schema::new(orders).with_key(vec![0])),
    ])
}

/// The reference: what a record's rows are, by way of a value tree.
fn expected(schema: &Schema, record: &Record, offset: i64) -> String {
    let unwrap = |value: Value| if value.get("payload").is_some() { value["payload"].clone() } else { value };
    let parse = |text: &str| unwrap(serde_json::from_str(text).unwrap());
    let key = parse(record.key.as_ref().unwrap());
    let event = record.value.as_ref().map_or(Value::Null, |text| parse(text));
    let (kind, row, position) = match event["op"].as_str() {
        None => ("-D", None, None),
        Some("d") => ("-D", None, event["source"]["lsn"].as_u64()),
        Some("u") => ("+U", Some(&event["after"]), event["source"]["lsn"].as_u64()),
        Some("c" | "r") => ("+I", Some(&event["after"]), event["source"]["lsn"].as_u64()),
        Some(other) => panic!("operation {other}"),
    };
    let cells: Vec<_> = schema
        .fields
        .iter()
        .enumerate()
        .map(|(index, field)| match row {
            Some(row) => expected_cell(&field.ty, &row[&field.name]),
            None if schema.key.contains(&index) => expected_cell(&field.ty, &key[&field.name]),
            None => "null".into(),
        })
        .collect();
    let mut line = format!("{kind}[{}] @{offset}", cells.join(", "));
    if let Some(position) = position {
        line.push_str(&format!(" lsn={position}"));
    }
    if event["op"] == "c" && record.headers.iter().any(|(key, _)| key == "__debezium.oldkey") {
        line.push_str(" moved");
    }
    line
}

fn expected_cell(ty: &LogicalType, value: &Value) -> String {
    if value.is_null() {
        return "null".into();
    }
    if value == "__debezium_unavailable_value" {
        return "absent".into();
    }
    match ty {
        LogicalType::Decimal { .. } => {
            let bytes = base64::engine::general_purpose::STANDARD.decode(value.as_str().unwrap()).unwrap();
            let sign = if bytes[0] >= 128 { -1_i128 } else { 0 };
            bytes.iter().fold(sign, |sum, byte| sum * 256 + i128::from(*byte)).to_string()
        }
        LogicalType::TimestampLtz(_) => micros(value.as_str().unwrap()).to_string(),
        _ => value.as_str().map_or_else(|| value.to_string(), str::to_owned),
    }
}

/// `2023-03-06T07:30:17.060455Z`, counted day by day.
fn micros(text: &str) -> i64 {
    let number = |range: std::ops::Range<usize>| text.get(range).unwrap().parse::<i64>().unwrap();
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let (year, month) = (number(0..4), number(5..7));
    let mut days: i64 = (1970..year).map(|year| 365 + i64::from(leap(year))).sum();
    let lengths = [31, 28 + i64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    days += lengths[..month as usize - 1].iter().sum::<i64>() + number(8..10) - 1;
    let seconds = days * 86_400 + number(11..13) * 3_600 + number(14..16) * 60 + number(17..19);
    let fraction = text.get(19..text.len() - 1).unwrap().trim_start_matches('.');
    seconds * 1_000_000 + format!("{fraction:0<6}").parse::<i64>().unwrap()
}

/// Decodes all records, each topic's by a decoder of its own, and compares every row. Gives rows per kind.
fn compare(text: &str, limits: Limits) -> BTreeMap<String, usize> {
    let tables = tables();
    let mut decoders: HashMap<_, _> = tables
        .iter()
        .map(|(topic, schema)| {
            let table = Table::new(*topic, schema.clone());
            (*topic, (decoder(&table, DebeziumOptions::default(), limits).unwrap(), Vec::new()))
        })
        .collect();
    let mut counts = BTreeMap::new();
    for (offset, line) in text.lines().enumerate() {
        let parts: Value = serde_json::from_str(line).unwrap();
        let topic = parts["topic"].as_str().unwrap();
        let mut record = Record {
            key: parts["key"].as_str().map(str::to_owned),
            value: parts["value"].as_str().map(str::to_owned),
            headers: Vec::new(),
        };
        for (key, value) in parts["headers"].as_object().into_iter().flatten() {
            record = record.header(key, value.as_str().unwrap());
        }
        let (decoder, waiting) = decoders.get_mut(topic).unwrap();
        waiting.push(expected(&tables[topic], &record, offset as i64));
        record.decode_into(decoder, offset as i64).unwrap_or_else(|bad| panic!("record {offset}: {bad}"));
        if decoder.is_full() {
            finish(decoder, waiting, &mut counts);
        }
    }
    for (decoder, waiting) in decoders.values_mut() {
        finish(decoder, waiting, &mut counts);
        assert_eq!(decoder.notices(), []);
    }
    counts
}

fn finish(decoder: &mut impl RecordDecoder, waiting: &mut Vec<String>, counts: &mut BTreeMap<String, usize>) {
    let decoded = decoder.finish().unwrap();
    let rows = lines(&decoded);
    assert_eq!(rows.len(), waiting.len());
    for (row, expected) in rows.iter().zip(waiting.drain(..)) {
        assert_eq!(*row, expected);
        let kind = row.split('[').next().unwrap();
        *counts.entry(kind.to_owned()).or_default() += 1;
        for mark in ["absent", "moved"] {
            *counts.entry(mark.to_owned()).or_default() += usize::from(row.contains(mark));
        }
        *counts.entry("rows".to_owned()).or_default() += 1;
    }
}

#[test]
fn a_real_capture_gives_the_rows_of_the_reference() {
    let longer = std::env::var("MILLSTREAM_CAPTURE").map(|path| std::fs::read_to_string(path).unwrap());
    let text = longer.unwrap_or_else(|_| include_str!("../data/shop_cut.jsonl").to_owned());
    for rows_max in [8_192, 7] {
        let counts = compare(&text, Limits { rows_max, ..Limits::default() });
        for mark in ["+I", "+U", "-D", "absent", "moved"] {
            assert!(counts[mark] > 0, "the capture has no {mark}: {counts:?}");
        }
    }
}

#[test]
fn records_with_their_schema_give_the_same_rows() {
    let counts = compare(include_str!("../data/shop_with_schema_cut.jsonl"), Limits::default());
    assert!(counts["+I"] > 0 && counts["-D"] > 0, "{counts:?}");
}
