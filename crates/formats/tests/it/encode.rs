//! Rows as text: Flink's `print` and its `json`. What is expected was printed by Flink 2.3.

use std::sync::Arc;

use arrow_array::builder::{Int32Builder, ListBuilder, MapBuilder, StringBuilder};
use arrow_array::{Array, ArrayRef, RecordBatch};
use base::PartitionIndex;
use formats::json::{self, JsonOptions};
use formats::{Limits, text};
use rows::decode::RecordDecoder;
use rows::{AbsentMask, Batch, Origin, PartitionId, RecordEncoder, RowKind};

use crate::support::{Record, table};

fn batch(columns: RecordBatch) -> Batch {
    let partition =
        PartitionId { topic: "t".into(), index: PartitionIndex(0), cluster: "".into(), topic_id: "".into() };
    let absent = AbsentMask::none(columns.num_columns());
    let origin = Origin { partition, offsets: Vec::new(), source_positions: Vec::new(), from_key_update: None };
    Batch { columns, kinds: None, absent, origin }
}

/// The row that `json` is in a table of `columns`.
fn decoded(columns: &str, json: &str) -> Batch {
    let mut decoder = json::decoder(&table(columns, 0), JsonOptions::default(), Limits::default()).unwrap();
    Record::value(json).decode_into(&mut decoder, 0).unwrap();
    batch(decoder.finish().unwrap().columns)
}

fn printed(batch: &Batch) -> String {
    let mut out = String::new();
    text::print(batch, 0, &mut out).unwrap();
    out
}

fn encoded(batch: &Batch, set: &[(&str, &str)]) -> String {
    let mut options = JsonOptions::default();
    for (key, value) in set {
        assert!(options.set(key, value).unwrap());
    }
    let mut out = b"before".to_vec();
    match json::encoder(options).encode(batch, 0, &mut out) {
        Ok(()) => String::from_utf8(out.split_off(6)).unwrap(),
        Err(error) => {
            assert_eq!(out, b"before");
            format!("!{}", error.message())
        }
    }
}

const COLUMNS: &str = "a BOOLEAN; b TINYINT; c DOUBLE; f FLOAT; d DECIMAL(10, 2); d0 DECIMAL(10, 0); ds DECIMAL(20, 10); s STRING; y BYTES; dt DATE; \
     t TIME; ts0 TIMESTAMP(0); ts3 TIMESTAMP(3); ts9 TIMESTAMP(9); l3 TIMESTAMP_LTZ(3); n INT; c3 DOUBLE";

const ROW: &str = r#"{"a":true,"b":1,"c":1e7,"f":0.1,"d":12.3,"d0":100,"ds":0.0000001,"s":"a\"b\nc\\/ é😀\u0001\u007f","y":"aGVs/w==","dt":"2024-02-29",
    "t":"12:13:14","ts0":"2024-01-01 00:00:00","ts3":"2024-01-01 00:00:00.120","ts9":"2024-01-01 12:13:14.123456789","l3":"2024-01-01 00:00:00Z","c3":"NaN"}"#;

#[test]
fn print_shows_what_flinks_print_shows() {
    assert_eq!(
        printed(&decoded(COLUMNS, ROW)),
        "+I[true, 1, 1.0E7, 0.1, 12.30, 100, 1.000E-7, a\"b\nc\\/ é😀\u{1}\u{7f}, [104, 101, 108, -1], 2024-02-29, 12:13:14, 2024-01-01T00:00, \
         2024-01-01T00:00:00.120, 2024-01-01T12:13:14.123456789, 2024-01-01T00:00:00Z, null, NaN]"
    );
    let mut batch = decoded("a INT; b STRING", r#"{"a":1,"b":"x"}"#);
    for (kind, short) in [(RowKind::UpdateBefore, "-U"), (RowKind::UpdateAfter, "+U"), (RowKind::Delete, "-D")] {
        batch.kinds = Some(vec![kind]);
        assert_eq!(printed(&batch), format!("{short}[1, x]"));
    }
    batch.absent = AbsentMask::new(vec![None, Some(vec![true].into())]);
    assert_eq!(printed(&batch), "-D[1, <absent>]");
}

#[test]
fn json_is_written_as_flink_writes_it() {
    let batch = decoded(COLUMNS, ROW);
    assert_eq!(
        encoded(&batch, &[]),
        "{\"a\":true,\"b\":1,\"c\":1.0E7,\"f\":0.1,\"d\":12.3,\"d0\":1E+2,\"ds\":1E-7,\"s\":\"a\\\"b\\nc\\\\/ é\\uD83D\\uDE00\\u0001\u{7f}\",\
         \"y\":\"aGVs/w==\",\"dt\":\"2024-02-29\",\"t\":\"12:13:14\",\"ts0\":\"2024-01-01 00:00:00\",\"ts3\":\"2024-01-01 00:00:00.12\",\
         \"ts9\":\"2024-01-01 12:13:14.123456789\",\"l3\":\"2024-01-01 00:00:00Z\",\"n\":null,\"c3\":\"NaN\"}"
    );
    let set = [
        ("json.timestamp-format.standard", "ISO-8601"),
        ("json.encode.decimal-as-plain-number", "true"),
        ("json.encode.ignore-null-fields", "true"),
    ];
    assert_eq!(
        encoded(&batch, &set),
        "{\"a\":true,\"b\":1,\"c\":1.0E7,\"f\":0.1,\"d\":12.30,\"d0\":100,\"ds\":0.0000001000,\"s\":\"a\\\"b\\nc\\\\/ é\\uD83D\\uDE00\\u0001\u{7f}\",\
         \"y\":\"aGVs/w==\",\"dt\":\"2024-02-29\",\"t\":\"12:13:14\",\"ts0\":\"2024-01-01T00:00:00\",\"ts3\":\"2024-01-01T00:00:00.12\",\
         \"ts9\":\"2024-01-01T12:13:14.123456789\",\"l3\":\"2024-01-01T00:00:00Z\",\"c3\":\"NaN\"}"
    );
}

#[test]
fn what_json_cannot_say_is_refused() {
    let mut batch = decoded("a INT", r#"{"a":1}"#);
    batch.absent = AbsentMask::new(vec![Some(vec![true].into())]);
    assert_eq!(encoded(&batch, &[]), "!column \"a\" is absent: the change did not carry it");
    batch.absent = AbsentMask::none(1);
    batch.kinds = Some(vec![RowKind::Delete]);
    assert_eq!(encoded(&batch, &[]), "!format 'json' writes inserts only; this row is a -D");
}

#[test]
fn lists_and_maps_show_their_items() {
    let mut list = ListBuilder::new(Int32Builder::new());
    list.values().append_option(Some(1));
    list.values().append_option(None);
    list.append(true);
    let map = |key: Option<&str>| -> ArrayRef {
        let mut map = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
        map.keys().append_value(key.unwrap_or("k"));
        map.values().append_value(1);
        map.append(true).unwrap();
        Arc::new(map.finish())
    };
    let list: ArrayRef = Arc::new(list.finish());
    let columns = RecordBatch::try_from_iter([("l", list), ("m", map(None))]).unwrap();
    let batch = batch(columns);
    assert!(batch.columns.column(1).len() == 1);
    assert_eq!(printed(&batch), "+I[[1, null], {k=1}]");
    assert_eq!(encoded(&batch, &[]), r#"{"l":[1,null],"m":{"k":1}}"#);
}
