//! What a decoder takes of the worker's scratch, and what keeps it within its floor.

use base::PartitionIndex;
use bytes::Bytes;
use formats::{Limits, Table};
use kafka_wire::codec::{Codec, Compressor};
use kafka_wire::records::{BatchBuilder, Close, NewRecord, ProducerStamp};
use ledger::Budget;
use rows::{Field, LogicalType, Schema};

use super::*;

const LIMITS: Limits = Limits { rows_max: 4_096, bytes_max: ByteCount::kib(512) };
const RECORD_BYTES_MAX: ByteCount = ByteCount::mib(1);

struct Place {
    budget: Budget,
    scratch: ledger::Account,
    decoder: KafkaDecoder,
}

/// A decoder of `{"id": …}` with its record's headers beside.
fn place() -> Place {
    let budget = Budget::new(ByteCount::mib(64));
    let schema = Schema::new(vec![Field::new("id", LogicalType::BigInt, true)]);
    let format =
        formats::json::decoder(&Table::new("t", schema), formats::json::JsonOptions::default(), LIMITS).unwrap();
    let headers = super::super::metadata::known().into_iter().find(|(key, ..)| *key == "headers").unwrap();
    let output =
        Schema::new(vec![Field::new("id", LogicalType::BigInt, true), Field::new("headers", headers.1, headers.2)]);
    let parts = DecoderParts {
        metadata: MetadataColumns::new(["headers"].into_iter()).unwrap(),
        layout: vec![ColumnFrom::Format(0), ColumnFrom::Metadata(0)],
        schema: output.arrow(),
        bad: BadRecords::Skip { told: false },
        batch_bytes_max: LIMITS.bytes_max,
        record_bytes_max: RECORD_BYTES_MAX,
        learned: budget.account("learned", format.learned_max()).empty(),
        format: Box::new(format),
    };
    let windows = budget.account("inflate", RecordReader::floor(RECORD_BYTES_MAX));
    let decoder = KafkaDecoder::new(RecordReader::new(windows, RECORD_BYTES_MAX), parts);
    let scratch = budget.account("decode", decoder.floor());
    Place { budget, scratch, decoder }
}

impl Place {
    /// Starts a batch of records `{"id": N}`, each with these headers.
    fn start(&mut self, records: usize, headers: &[kafka_wire::records::Header<'_>]) {
        self.start_within(records, headers, Offset(0)..Offset(records as i64));
    }

    /// The same, of which only some records are wanted.
    fn start_within(&mut self, records: usize, headers: &[kafka_wire::records::Header<'_>], wanted: Range<Offset>) {
        let account = self.budget.account("batch", ByteCount::ZERO);
        let mut builder = BatchBuilder::new(account.try_reserve(ByteCount::mib(8)).unwrap());
        for id in 0..records {
            let value = format!("{{\"id\": {id}}}");
            let record = NewRecord { timestamp: 0, key: None, value: Some(value.as_bytes()), headers };
            builder.append(&record).unwrap();
        }
        let mut compressor = Compressor::new(account.clone());
        assert_eq!(builder.close(&mut compressor, Codec::None).unwrap(), Close::Done);
        let mut closed = builder.into_batch();
        closed.stamp(ProducerStamp::NONE).unwrap();
        let bytes = Bytes::copy_from_slice(&closed.bytes.value);
        let partition =
            PartitionId { topic: "t".into(), index: PartitionIndex(0), cluster: "c".into(), topic_id: "i".into() };
        let end = Offset(records as i64);
        self.decoder.start(RawBatch { partition, from: wanted.start, to: wanted.end, end, bytes }).unwrap();
    }

    /// Decodes to the end: rows and paid bytes of each batch.
    fn batches(&mut self) -> Vec<(usize, ByteCount)> {
        let mut batches = Vec::new();
        loop {
            let mut scratch = self.scratch.empty();
            match self.decoder.step(&mut scratch).unwrap() {
                Decoding::Batch(batch) => batches.push((batch.rows(), scratch.bytes())),
                Decoding::Consumed => return batches,
                Decoding::NeedMemory(missing) => panic!("{missing} are missing"),
            }
        }
    }
}

fn header<'a>(key: &'a str, value: &'a [u8]) -> kafka_wire::records::Header<'a> {
    kafka_wire::records::Header { key: key.as_bytes(), value: Some(value) }
}

#[test]
fn a_step_pays_for_the_longest_record_and_keeps_nothing() {
    let mut place = place();
    let long = vec![b'x'; 100_000];
    place.start(10, &[]);
    let small = place.batches();
    place.start(1, &[header("h", &long)]);
    let large = place.batches();
    assert_eq!((small.len(), small[0].0, large.len(), large[0].0), (1, 10, 1, 1));
    assert!(large[0].1 - small[0].1 > ByteCount(100_000), "{small:?} {large:?}");
    assert!(large[0].1 <= place.decoder.floor());
    assert_eq!(place.scratch.used(), ByteCount::ZERO);
}

#[test]
fn records_before_the_start_and_from_the_end_on_do_not_count_even_where_they_are_too_large() {
    let mut place = place();
    place.start_within(100, &[], Offset(10)..Offset(42));
    assert_eq!(place.batches().iter().map(|(rows, _)| rows).sum::<usize>(), 32);
    let too_large = vec![b'x'; RECORD_BYTES_MAX.as_usize()];
    place.start_within(2, &[header("h", &too_large)], Offset(2)..Offset(2));
    assert_eq!(place.batches(), []);
    assert_eq!((place.decoder.counts().records, place.decoder.counts().skipped), (32, 0));
}

#[test]
fn wide_metadata_ends_a_batch_before_it_has_many_rows() {
    let mut place = place();
    let wide = vec![b'x'; 10_000];
    place.start(500, &[header("h", &wide)]);
    let batches = place.batches();
    assert_eq!(batches.iter().map(|(rows, _)| rows).sum::<usize>(), 500);
    assert!(
        batches.iter().all(|(rows, _)| rows * wide.len() <= LIMITS.bytes_max.as_usize() + wide.len()),
        "{batches:?}"
    );
}

#[test]
fn a_record_of_very_many_headers_is_a_bad_one() {
    let mut place = place();
    let many = vec![header("", b""); HEADERS_MAX + 1];
    place.start(1, &many);
    assert_eq!(place.batches(), []);
    assert_eq!(place.decoder.counts().skipped, 1);
    place.start(1, &many[1..]);
    assert_eq!(place.batches().len(), 1);
}
