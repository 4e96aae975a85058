//! Reader and builder against another implementation, against damage, and within their memory.

use base::ByteCount;
use kafka_protocol::records::{
    Compression, Record as OracleRecord, RecordBatchDecoder, RecordBatchEncoder, RecordEncodeOptions,
    TimestampType as OracleTimestamp,
};
use ledger::Budget;
use proptest::prelude::*;

use super::*;
use crate::codec::Compressor;
use crate::records::{BatchBuilder, Batches, Close, Header, NewRecord, ProducerStamp};

/// A record on its own, as a test writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Plain {
    offset: i64,
    timestamp: i64,
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    headers: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

fn account(bytes: ByteCount) -> Account {
    Budget::new(bytes).account("records", ByteCount::ZERO)
}

fn oracle_compression(codec: Codec) -> Compression {
    match codec {
        Codec::None => Compression::None,
        Codec::Gzip => Compression::Gzip,
        Codec::Snappy => Compression::Snappy,
        Codec::Lz4 => Compression::Lz4,
        Codec::Zstd => Compression::Zstd,
    }
}

/// A batch of another implementation.
fn oracle_batch(records: &[Plain], codec: Codec) -> Bytes {
    let records: Vec<OracleRecord> = (records.iter())
        .map(|record| OracleRecord {
            transactional: false,
            control: false,
            delete_horizon: false,
            partition_leader_epoch: 0,
            producer_id: -1,
            producer_epoch: -1,
            timestamp_type: OracleTimestamp::Creation,
            offset: record.offset,
            sequence: record.offset as i32,
            timestamp: record.timestamp,
            key: record.key.clone().map(Bytes::from),
            value: record.value.clone().map(Bytes::from),
            headers: (record.headers.iter())
                .map(|(key, value)| (String::from_utf8(key.clone()).unwrap().into(), value.clone().map(Bytes::from)))
                .collect(),
        })
        .collect();
    let mut out = bytes::BytesMut::new();
    let options = RecordEncodeOptions { version: 2, compression: oracle_compression(codec) };
    RecordBatchEncoder::encode(&mut out, &records, &options).unwrap();
    out.freeze()
}

/// A batch of ours.
fn batch(records: &[Plain], codec: Codec) -> Bytes {
    let account = account(ByteCount::mib(64));
    let mut builder = BatchBuilder::new(account.try_reserve(ByteCount::mib(16)).unwrap());
    for record in records {
        let headers: Vec<Header> =
            record.headers.iter().map(|(key, value)| Header { key, value: value.as_deref() }).collect();
        let new = NewRecord {
            timestamp: record.timestamp,
            key: record.key.as_deref(),
            value: record.value.as_deref(),
            headers: &headers,
        };
        builder.append(&new).expect("there is room");
    }
    assert_eq!(builder.close(&mut Compressor::new(account.clone()), codec).unwrap(), Close::Done);
    let mut batch = builder.into_batch();
    batch.stamp(ProducerStamp::NONE).unwrap();
    assert_eq!(account.used(), ByteCount::from(batch.bytes.value.capacity()), "more is held than the batch");
    batch.bytes.into_bytes()
}

fn read_all(reader: &mut RecordReader) -> Result<Vec<Plain>, ReadError> {
    let mut all = Vec::new();
    loop {
        match reader.read()? {
            Read::Record(record) => all.push(Plain {
                offset: record.offset.0,
                timestamp: record.timestamp,
                key: record.key.map(<[u8]>::to_vec),
                value: record.value.map(<[u8]>::to_vec),
                headers: (record.headers.iter())
                    .map(|header| (header.key.to_vec(), header.value.map(<[u8]>::to_vec)))
                    .collect(),
            }),
            Read::NeedMemory(n) => panic!("{n} more"),
            Read::End => return Ok(all),
        }
    }
}

fn reader() -> RecordReader {
    RecordReader::new(account(ByteCount::mib(16)), ByteCount::mib(4))
}

fn open_and_read(reader: &mut RecordReader, batch: &Bytes) -> Result<Vec<Plain>, ReadError> {
    reader.open(batch.clone())?;
    read_all(reader)
}

fn bytes_strategy(max: usize) -> impl Strategy<Value = Option<Vec<u8>>> {
    proptest::option::of(proptest::collection::vec(0u8..4, 0..max))
}

prop_compose! {
    fn record_strategy()(
        timestamp in 0..1_800_000_000_000i64,
        key in bytes_strategy(20),
        value in bytes_strategy(3000),
        headers in proptest::collection::vec(("[a-c]{0,3}", bytes_strategy(9)), 0..4),
    ) -> Plain {
        let headers = headers.into_iter().map(|(key, value)| (key.into_bytes(), value)).collect();
        Plain { offset: 0, timestamp, key, value, headers }
    }
}

fn records_strategy() -> impl Strategy<Value = Vec<Plain>> {
    proptest::collection::vec(record_strategy(), 1..60).prop_map(|mut records| {
        for (offset, record) in records.iter_mut().enumerate() {
            record.offset = offset as i64;
        }
        records
    })
}

fn without_repeated_headers(mut records: Vec<Plain>) -> Vec<Plain> {
    for record in &mut records {
        let mut seen = std::collections::HashSet::new();
        record.headers.retain(|(key, _)| seen.insert(key.clone()));
    }
    records
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    #[test]
    fn batches_of_another_implementation_are_read(records in records_strategy()) {
        let records = without_repeated_headers(records);
        let mut reader = reader();
        for codec in Codec::ALL {
            prop_assert_eq!(&open_and_read(&mut reader, &oracle_batch(&records, codec)).unwrap(), &records);
        }
    }

    #[test]
    fn our_batches_read_back_with_repeated_headers(records in records_strategy()) {
        let mut reader = reader();
        for codec in Codec::ALL {
            let batch = batch(&records, codec);
            let found = Batches::new(&batch).next().unwrap().unwrap();
            found.header.verify(found.bytes).unwrap();
            prop_assert_eq!(&open_and_read(&mut reader, &batch).unwrap(), &records);
        }
    }

    #[test]
    fn our_batches_are_read_by_another_implementation(records in records_strategy()) {
        let records = without_repeated_headers(records);
        for codec in Codec::ALL {
            let mut batch = batch(&records, codec);
            let found: Vec<Plain> = (RecordBatchDecoder::decode(&mut batch).unwrap().records.into_iter())
                .map(|record| Plain {
                    offset: record.offset,
                    timestamp: record.timestamp,
                    key: record.key.map(|key| key.to_vec()),
                    value: record.value.map(|value| value.to_vec()),
                    headers: (record.headers.into_iter())
                        .map(|(key, value)| (key.as_bytes().to_vec(), value.map(|value| value.to_vec())))
                        .collect(),
                })
                .collect();
            prop_assert_eq!(found, records.clone());
        }
    }

    #[test]
    fn damage_never_panics_nor_costs_more_than_is_held(
        records in records_strategy(),
        which in 0usize..5,
        hits in proptest::collection::vec((any::<u16>(), any::<u8>()), 1..5),
    ) {
        let mut batch = batch(&records, Codec::ALL[which]).to_vec();
        for (at, byte) in hits {
            let at = BatchHeader::CRC_FROM + usize::from(at) % (batch.len() - BatchHeader::CRC_FROM);
            batch[at] = byte;
        }
        let account = account(ByteCount::mib(3));
        let mut reader = RecordReader::new(account.clone(), ByteCount::mib(1));
        if reader.open(Bytes::from(batch)).is_ok() {
            let mut read = 0;
            loop {
                match reader.read() {
                    Ok(Read::End | Read::NeedMemory(_)) => break,
                    Ok(Read::Record(_)) | Err(ReadError::TooLarge(_)) => read += 1,
                    Err(ReadError::Batch(_)) => break,
                }
                prop_assert!(read < 1_000_000, "it does not end");
            }
        }
        prop_assert_eq!(reader.held(), account.used());
    }
}

fn plain(offset: i64, value_len: usize) -> Plain {
    Plain { offset, timestamp: 5, key: None, value: Some(vec![b'v'; value_len]), headers: Vec::new() }
}

/// Changes header fields of a batch and seals it again.
fn edited(batch: &Bytes, edit: impl FnOnce(&mut BatchHeader)) -> Bytes {
    let mut bytes = batch.to_vec();
    let mut header = BatchHeader::parse(&bytes).unwrap();
    edit(&mut header);
    header.seal(&mut bytes).unwrap();
    Bytes::from(bytes)
}

#[test]
fn a_batch_that_claims_two_billion_records_is_refused_without_memory() {
    let header = edited(&batch(&[plain(0, 1)], Codec::None), |header| {
        header.record_count = i32::MAX;
        header.last_offset_delta = i32::MAX - 1;
    });
    let header = edited(&header.slice(..BatchHeader::BYTES), |_| {});
    let account = account(ByteCount::kib(1));
    let mut reader = RecordReader::new(account.clone(), ByteCount::mib(1));
    let error = open_and_read(&mut reader, &header).unwrap_err().to_string();
    assert!(error.contains("record 0: its length cannot be read"), "{error}");
    assert_eq!(account.used(), ByteCount::ZERO);
}

#[test]
fn a_record_beyond_the_limit_is_named_and_passed_over() {
    let records = [plain(0, 10), plain(1, 300_000), plain(2, 20)];
    for codec in Codec::ALL {
        let batch = edited(&batch(&records, codec), |header| header.base_offset = Offset(70));
        let account = account(ByteCount::mib(4));
        let mut reader = RecordReader::new(account.clone(), ByteCount::kib(100));
        reader.open(batch).unwrap();
        assert!(matches!(reader.read(), Ok(Read::Record(_))));
        let Err(ReadError::TooLarge(error)) = reader.read() else { panic!("{codec}: it was taken") };
        assert_eq!((error.offset, error.limit), (Offset(71), ByteCount::kib(100)));
        assert!(error.bytes > ByteCount(300_000) && error.bytes < ByteCount(300_100), "{}", error.bytes);
        let Ok(Read::Record(last)) = reader.read() else { panic!("{codec}: it was not passed over") };
        assert_eq!((last.offset, last.value.unwrap().len()), (Offset(72), 20));
        assert!(matches!(reader.read(), Ok(Read::End)));
        assert!(account.used() < ByteCount::mib(1), "{codec}: {} held", account.used());
    }
}

#[test]
fn a_window_grows_for_a_large_record_and_shrinks_again() {
    let mut reader = reader();
    for codec in [Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd] {
        let small = [plain(0, 10), plain(1, 10)];
        let large = [plain(0, 10), plain(1, 2_000_000), plain(2, 10)];
        assert_eq!(open_and_read(&mut reader, &batch(&large, codec)).unwrap(), large);
        assert!(reader.held() > ByteCount(2_000_000));
        assert_eq!(open_and_read(&mut reader, &batch(&small, codec)).unwrap(), small);
        assert_eq!(open_and_read(&mut reader, &batch(&small, codec)).unwrap(), small);
    }
    assert!(reader.window.held() <= ByteCount::kib(64), "{}", reader.held());
    reader.release();
    assert_eq!(reader.held(), ByteCount::ZERO);
}

#[test]
fn a_reader_takes_the_largest_record_with_its_floor_and_nothing_else() {
    const RECORD: usize = 1 << 20;
    let records = [plain(0, 70_000), plain(1, RECORD - 40), plain(2, 10)];
    // A zstd frame as Java writes it: of unknown size, with a window of 2 MiB.
    let mut streamed = zstd::Encoder::new(Vec::new(), 3).unwrap();
    let whole = batch(&records, Codec::None);
    std::io::Write::write_all(&mut streamed, &whole[BatchHeader::BYTES..]).unwrap();
    let streamed = [&whole[..BatchHeader::BYTES], &streamed.finish().unwrap()].concat();
    let java = edited(&Bytes::from(streamed), |header| header.attributes = header.attributes.with_codec(Codec::Zstd));
    let floor = RecordReader::floor(ByteCount::from(RECORD));
    for batch in [java].into_iter().chain(Codec::ALL.map(|codec| batch(&records, codec))) {
        let memory = Budget::new(floor).account("records", floor);
        let mut reader = RecordReader::new(memory.clone(), ByteCount::from(RECORD));
        assert_eq!(open_and_read(&mut reader, &batch).unwrap(), records);
        assert!(memory.peak() <= floor);
    }
}

#[test]
fn reading_goes_on_where_memory_was_missing() {
    let records = [plain(0, 10), plain(1, 500_000), plain(2, 10)];
    for codec in [Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd] {
        let batch = batch(&records, codec);
        let account = account(ByteCount::mib(3));
        let mut others = Some(account.try_reserve(ByteCount::mib(3)).unwrap());
        let mut reader = RecordReader::new(account.clone(), ByteCount::mib(1));
        reader.open(batch).unwrap();
        let (mut read, mut asked) = (0, 0);
        loop {
            match reader.read().unwrap() {
                Read::Record(record) => {
                    assert_eq!(record.offset, Offset(read));
                    read += 1;
                }
                Read::NeedMemory(missing) => {
                    asked += 1;
                    // Frees just what was asked for, as another holder would.
                    let held = others.as_mut().unwrap();
                    assert!(held.bytes() >= missing, "{codec}: {missing} more");
                    held.shrink_to(held.bytes() - missing);
                }
                Read::End => break,
            }
        }
        assert_eq!(read, 3);
        assert!(asked >= 2, "{codec}: asked {asked} times");
    }
}

#[test]
fn compacted_batches_keep_their_offsets_and_log_append_time_rules() {
    let records = [plain(0, 1), plain(1, 1)];
    let compacted = edited(&batch(&records, Codec::Lz4), |header| {
        header.base_offset = Offset(100);
        header.last_offset_delta = 9;
        header.attributes = header.attributes.with_timestamp_type(TimestampType::LogAppend);
        header.max_timestamp = 777;
    });
    let mut reader = reader();
    let found = open_and_read(&mut reader, &compacted).unwrap();
    assert_eq!(
        found.iter().map(|record| (record.offset, record.timestamp)).collect::<Vec<_>>(),
        [(100, 777), (101, 777)]
    );

    let empty = edited(&batch(&records, Codec::Gzip).slice(..BatchHeader::BYTES), |header| header.record_count = 0);
    assert_eq!(BatchHeader::parse(&empty).unwrap().next_offset(), Offset(2));
    assert_eq!(open_and_read(&mut reader, &empty).unwrap(), []);
}

/// What reading says about a batch whose header is changed.
fn check(edit: impl FnOnce(&mut BatchHeader), says: &str) {
    let records = [plain(0, 1), plain(1, 1), plain(2, 1)];
    let error = open_and_read(&mut reader(), &edited(&batch(&records, Codec::None), edit)).unwrap_err().to_string();
    assert!(error.contains("record batch at offset 0: ") && error.contains(says), "'{error}' does not say '{says}'");
}

#[test]
fn batches_that_contradict_themselves_are_refused() {
    check(|header| header.record_count = 2, "bytes are left after its last record");
    check(|header| (header.record_count, header.last_offset_delta) = (4, 3), "record 3: its length cannot be read");
    check(|header| (header.record_count, header.last_offset_delta) = (2, 1), "bytes are left");
    check(|header| (header.record_count, header.last_offset_delta) = (1, 0), "bytes are left");
    check(|header| header.attributes = header.attributes.with_codec(Codec::Gzip), "cannot decompress it: gzip");
}

#[test]
fn markers_of_transactions_are_told_from_their_key() {
    use crate::records::Marker;
    for (kind, marker) in [(0, Marker::Abort), (1, Marker::Commit), (7, Marker::Other(7))] {
        let record = Plain { key: Some(vec![0, 0, 0, kind]), value: Some(vec![0; 6]), ..plain(0, 0) };
        let control = edited(&batch(&[record], Codec::None), |header| {
            header.attributes = header.attributes.transactional().control();
        });
        let header = BatchHeader::parse(&control).unwrap();
        assert_eq!(Marker::read(&header, &control).unwrap(), marker);
        for cut in BatchHeader::BYTES..control.len() {
            assert!(Marker::read(&header, &control[..cut]).is_err());
        }
    }
}

#[test]
fn a_full_batch_takes_no_more_and_stays_within_its_room() {
    let account = account(ByteCount::kib(64));
    let mut builder = BatchBuilder::new(account.try_reserve(ByteCount(500)).unwrap());
    let value = [7; 100];
    let record = NewRecord { timestamp: 1, key: None, value: Some(&value), headers: &[] };
    let mut appended = 0;
    while let Some(index) = builder.append(&record) {
        assert_eq!(index, appended);
        appended += 1;
    }
    assert_eq!((builder.records(), appended), (3, 3));
    assert!(builder.len() <= 500);
}
