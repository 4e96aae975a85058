//! Rows per second of `debezium-json`, beside serde_json with typed, borrowed structs on the same records.
//!
//! `cargo bench -p millstream-formats` takes the cut of the capture in `tests/data`; MILLSTREAM_CAPTURE names a longer
//! file of the same form.

#![allow(clippy::unwrap_used, reason = "a bench may panic")]

use base::Offset;
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use formats::debezium::{DebeziumOptions, decoder};
use formats::{Limits, Table};
use rows::decode::{RawRecord, RecordDecoder};
use rows::{Field, LogicalType, Schema};
use serde::Deserialize;

fn main() {
    divan::main();
}

const TOPICS: [&str; 3] = ["customers", "orders", "order_lines"];

/// Keys and values of the records of a topic.
fn records(topic: &str) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
    #[derive(Deserialize)]
    struct Line {
        topic: String,
        key: String,
        value: Option<String>,
    }
    let longer = std::env::var("MILLSTREAM_CAPTURE").map(|path| std::fs::read_to_string(path).unwrap());
    let text = longer.unwrap_or_else(|_| include_str!("../tests/data/shop_cut.jsonl").to_owned());
    let lines = text.lines().map(|line| serde_json::from_str::<Line>(line).unwrap());
    let of_topic = lines.filter(|line| line.topic.ends_with(&format!(".{topic}")));
    of_topic.map(|line| (line.key.into_bytes(), line.value.map(String::into_bytes))).collect()
}

fn table(topic: &str) -> Table {
    let field = |name: &str, ty| Field::new(name, ty, true);
    let money = LogicalType::Decimal { precision: 12, scale: 2 };
    let (fields, key) = match topic {
        "customers" => (
            vec![
                field("id", LogicalType::BigInt),
                field("email", LogicalType::STRING),
                field("full_name", LogicalType::STRING),
                field("bio", LogicalType::STRING),
                field("created_at", LogicalType::TimestampLtz(6)),
                field("balance", money),
                field("vip", LogicalType::Boolean),
            ],
            vec![0],
        ),
        "orders" => (
            vec![
                field("id", LogicalType::BigInt),
                field("customer_id", LogicalType::BigInt),
                field("status", LogicalType::STRING),
                field("total", money),
                field("placed_at", LogicalType::Timestamp(6)),
                field("ship_date", LogicalType::Date),
                field("note", LogicalType::STRING),
                field("coupon", LogicalType::STRING),
            ],
            vec![0],
        ),
        _ => (
            vec![
                field("order_id", LogicalType::BigInt),
                field("line_no", LogicalType::Int),
                field("sku", LogicalType::STRING),
                field("qty", LogicalType::Int),
                field("price", money),
            ],
            vec![0, 1],
        ),
    };
    Table::new(topic, Schema::new(fields).with_key(key))
}

fn bytes(records: &[(Vec<u8>, Option<Vec<u8>>)]) -> usize {
    records.iter().map(|(key, value)| key.len() + value.as_ref().map_or(0, Vec::len)).sum()
}

#[divan::bench(args = TOPICS)]
fn millstream(bencher: Bencher<'_, '_>, topic: &str) {
    let records = records(topic);
    let mut decoder = decoder(&table(topic), DebeziumOptions::default(), Limits::default()).unwrap();
    bencher.counter(ItemsCount::new(records.len())).counter(BytesCount::new(bytes(&records))).bench_local(|| {
        for (key, value) in &records {
            let record =
                RawRecord { offset: Offset(0), timestamp: -1, key: Some(key), value: value.as_deref(), headers: &[] };
            decoder.decode(&record).unwrap();
            if decoder.is_full() {
                black_box(decoder.finish().unwrap());
            }
        }
        black_box(decoder.finish().unwrap());
    });
}

/// What serde_json costs at least: typed structs that borrow, all fields read, no columns built.
#[divan::bench(args = TOPICS)]
fn serde_json_typed(bencher: Bencher<'_, '_>, topic: &str) {
    let records = records(topic);
    bencher.counter(ItemsCount::new(records.len())).counter(BytesCount::new(bytes(&records))).bench_local(|| {
        for value in records.iter().filter_map(|(_, value)| value.as_deref()) {
            match topic {
                "customers" => drop(black_box(serde_json::from_slice::<Event<'_, Customer<'_>>>(value).unwrap())),
                "orders" => drop(black_box(serde_json::from_slice::<Event<'_, Order<'_>>>(value).unwrap())),
                _ => drop(black_box(serde_json::from_slice::<Event<'_, OrderLine<'_>>>(value).unwrap())),
            }
        }
    });
}

type Text<'a> = Option<std::borrow::Cow<'a, str>>;

#[derive(Deserialize)]
#[expect(dead_code, reason = "read to be measured")]
struct Event<'a, R> {
    after: Option<R>,
    source: Source,
    #[serde(borrow)]
    op: &'a str,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "read to be measured")]
struct Source {
    lsn: u64,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "read to be measured")]
struct Customer<'a> {
    id: i64,
    #[serde(borrow)]
    email: Text<'a>,
    #[serde(borrow)]
    full_name: Text<'a>,
    #[serde(borrow)]
    bio: Text<'a>,
    #[serde(borrow)]
    created_at: Text<'a>,
    #[serde(borrow)]
    balance: Text<'a>,
    vip: Option<bool>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "read to be measured")]
struct Order<'a> {
    id: i64,
    customer_id: Option<i64>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    total: Text<'a>,
    placed_at: Option<i64>,
    ship_date: Option<i32>,
    #[serde(borrow)]
    note: Text<'a>,
    #[serde(borrow, default)]
    coupon: Text<'a>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "read to be measured")]
struct OrderLine<'a> {
    order_id: i64,
    line_no: i32,
    #[serde(borrow)]
    sku: Text<'a>,
    qty: Option<i32>,
    #[serde(borrow)]
    price: Text<'a>,
}
