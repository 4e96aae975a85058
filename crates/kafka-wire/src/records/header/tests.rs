use kafka_protocol::records::{
    Compression, Record as OracleRecord, RecordBatchEncoder, RecordEncodeOptions, TimestampType as OracleTimestamp,
};
use proptest::prelude::*;

use super::super::Batches;
use super::*;

fn oracle_batch(records: usize, offset: i64) -> Vec<u8> {
    let records: Vec<OracleRecord> = (0..records)
        .map(|i| OracleRecord {
            transactional: true,
            control: false,
            partition_leader_epoch: 7,
            producer_id: 4000,
            producer_epoch: 3,
            timestamp_type: OracleTimestamp::Creation,
            offset: offset + i as i64,
            sequence: 17 + i as i32,
            timestamp: 1_700_000_000_000 + i as i64,
            key: None,
            value: Some(vec![i as u8; 10].into()),
            headers: kafka_protocol::indexmap::IndexMap::default(),
            delete_horizon: false,
        })
        .collect();
    let mut out = bytes::BytesMut::new();
    let options = RecordEncodeOptions { version: 2, compression: Compression::None };
    RecordBatchEncoder::encode(&mut out, &records, &options).unwrap();
    out.to_vec()
}

#[test]
fn a_header_of_another_implementation_reads_back() {
    let batch = oracle_batch(3, 1000);
    let header = BatchHeader::parse(&batch).unwrap();
    assert_eq!(
        header,
        BatchHeader {
            base_offset: Offset(1000),
            len: batch.len(),
            partition_leader_epoch: 7,
            crc: header.crc,
            attributes: Attributes::default().transactional(),
            last_offset_delta: 2,
            base_timestamp: 1_700_000_000_000,
            max_timestamp: 1_700_000_000_002,
            producer_id: 4000,
            producer_epoch: 3,
            base_sequence: 17,
            record_count: 3,
        }
    );
    header.verify(&batch).unwrap();
    assert_eq!(header.next_offset(), Offset(1003));

    let mut sealed = batch.clone();
    sealed[..BatchHeader::BYTES].fill(0xEE);
    header.seal(&mut sealed).unwrap();
    assert_eq!(sealed, batch);
}

#[test]
fn placing_leaves_the_checksum_alone() {
    let mut batch = oracle_batch(2, 0);
    BatchHeader::place(batch.first_chunk_mut().unwrap(), Offset(99), 12);
    let header = BatchHeader::parse(&batch).unwrap();
    header.verify(&batch).unwrap();
    assert_eq!((header.base_offset, header.partition_leader_epoch), (Offset(99), 12));
}

#[test]
fn every_flipped_bit_under_the_checksum_is_found() {
    let batch = oracle_batch(2, 5);
    for bit in (BatchHeader::CRC_AT * 8)..(batch.len() * 8) {
        let mut torn = batch.clone();
        torn[bit / 8] ^= 1 << (bit % 8);
        let found = BatchHeader::parse(&torn).and_then(|header| header.verify(&torn));
        assert_eq!(found.expect_err("a flipped bit passed").base_offset, Offset(5));
    }
}

/// What parsing says about a batch whose bytes at `at` are replaced.
fn check(at: usize, bytes: &[u8], says: &str) {
    let mut batch = oracle_batch(2, 5);
    batch[at..at + bytes.len()].copy_from_slice(bytes);
    let error = BatchHeader::parse(&batch).expect_err(says).to_string();
    assert!(error.contains(says), "'{error}' does not say '{says}'");
}

#[test]
fn wrong_headers_are_refused_with_a_reason() {
    check(16, &[1], "old format v1");
    check(16, &[9], "format byte is 9");
    check(8, &48i32.to_be_bytes(), "length field says 48");
    check(8, &(-1i32).to_be_bytes(), "length field says -1");
    check(8, &i32::MAX.to_be_bytes(), "length field says 2147483647");
    check(22, &[5], "codec is 5");
    check(57, &i32::MAX.to_be_bytes(), "claims 2147483647 records in 2 offsets");
    check(57, &(-1i32).to_be_bytes(), "claims -1 records");
    check(23, &(-1i32).to_be_bytes(), "leave the range of offsets");
    check(0, &(i64::MAX - 1).to_be_bytes(), "leave the range of offsets");
}

#[test]
fn a_buffer_ends_in_the_midst_of_a_batch() {
    let mut buffer = oracle_batch(2, 5);
    buffer.extend(oracle_batch(4, 7));
    let whole = buffer.len();
    buffer.extend(&oracle_batch(1, 11)[..40]);
    let mut batches = Batches::new(&buffer);
    let offsets: Vec<i64> = batches.by_ref().map(|batch| batch.unwrap().header.base_offset.0).collect();
    assert_eq!(offsets, [5, 7]);
    assert_eq!(batches.rest(), &buffer[whole..]);
}

proptest! {
    #[test]
    fn any_bytes_are_walked_over_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let walked: usize = Batches::new(&bytes).map_while(Result::ok).map(|batch| batch.bytes.len()).sum();
        prop_assert!(walked <= bytes.len());
    }
}
