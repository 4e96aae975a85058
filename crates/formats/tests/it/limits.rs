//! A decoder's memory: full when it says so, never above its floor, small again after a large record.

use base::ByteCount;
use formats::debezium::DebeziumOptions;
use formats::json::JsonOptions;
use formats::{Limits, debezium, json};
use rows::decode::{Decoded, RecordDecoder};

use crate::support::{Record, table};

fn held(decoded: &Decoded) -> usize {
    decoded.columns.columns().iter().map(|column| column.get_array_memory_size()).sum()
}

#[test]
fn a_batch_is_full_at_its_rows_or_its_bytes() {
    let limits = Limits { rows_max: 10, bytes_max: ByteCount::kib(4) };
    let mut decoder = json::decoder(&table("a INT; s STRING", 0), JsonOptions::default(), limits).unwrap();
    let record = |length: usize| Record::value(format!(r#"{{"a":1,"s":"{}"}}"#, "x".repeat(length)));
    let mut fill = |length: usize| {
        let mut rows = 0;
        while !decoder.is_full() {
            record(length).decode_into(&mut decoder, 0).unwrap();
            rows += 1;
        }
        assert_eq!(decoder.rows(), rows);
        let decoded = decoder.finish().unwrap();
        assert!(!decoder.is_full() && decoder.rows() == 0);
        (rows, held(&decoded))
    };
    assert_eq!(fill(1).0, 10);
    assert_eq!(fill(1_000).0, 4);
    assert_eq!(fill(4_096).0, 1);
    let (rows, large) = fill(1 << 20);
    assert!(rows == 1 && large > 1 << 20);
    let (rows, small) = fill(1);
    assert!(rows == 10 && small < 4_096, "{small} bytes are still held after a large record");
}

#[test]
fn batches_hold_little_more_than_their_cells() {
    let limits = Limits { rows_max: 1_000, bytes_max: ByteCount::mib(1) };
    let mut decoder =
        debezium::decoder(&table("id BIGINT; s STRING; n INT", 1), DebeziumOptions::default(), limits).unwrap();
    for rows in [1_000, 1, 999, 10] {
        for id in 0..rows {
            let event = format!(r#"{{"after":{{"id":{id},"s":"{}","n":null}},"op":"c"}}"#, "x".repeat(100));
            Record::value(event).decode_into(&mut decoder, 0).unwrap();
        }
        let held = held(&decoder.finish().unwrap());
        let cells = rows * (8 + 4 + 100 + 4) + rows / 8;
        assert!(held <= cells * 5 / 4 + 4_096, "{held} bytes for {cells} of cells");
    }
}

#[test]
fn the_floor_covers_limits_and_record() {
    let limits = Limits { rows_max: 8_192, bytes_max: ByteCount::kib(256) };
    let decoder = debezium::decoder(&table("id BIGINT; s STRING", 1), DebeziumOptions::default(), limits).unwrap();
    let (small, large) = (decoder.floor(ByteCount::ZERO), decoder.floor(ByteCount::mib(1)));
    assert!(small >= ByteCount::kib(512) && small < ByteCount::mib(2), "{small}");
    // Its cells and their growth, and the nodes of the largest schema.
    assert_eq!(large - small, ByteCount::mib(3) + ByteCount::kib(2_560));
}

#[test]
fn an_array_of_empty_objects_is_no_bomb() {
    let columns: Vec<_> = (0..100).map(|column| format!("c{column} BIGINT")).collect();
    let limits = Limits { rows_max: 8_192, bytes_max: ByteCount::kib(64) };
    let mut decoder = json::decoder(&table(&columns.join(";"), 0), JsonOptions::default(), limits).unwrap();
    let bomb = Record::value(format!("[{}{{}}]", "{},".repeat(100_000)));
    let bad = bomb.decode_into(&mut decoder, 0).unwrap_err();
    assert_eq!(bad.reason, "the array's rows take more memory than a batch may");
    assert_eq!(decoder.rows(), 0);
    Record::value(r#"{"c1":1}"#).decode_into(&mut decoder, 0).unwrap();
    assert_eq!(decoder.finish().unwrap().columns.num_rows(), 1);
}

#[test]
fn names_without_end_are_not_all_kept() {
    let mut decoder = json::decoder(&table("a INT", 0), JsonOptions::default(), Limits::default()).unwrap();
    for record in 0..50 {
        let members: Vec<_> = (0..100).map(|field| format!("\"field_{record}_{field}\":1")).collect();
        Record::value(format!("{{{},\"a\":1}}", members.join(","))).decode_into(&mut decoder, 0).unwrap();
    }
    assert_eq!(decoder.rows(), 50);
    assert_eq!(decoder.notices().len(), 64);
}
