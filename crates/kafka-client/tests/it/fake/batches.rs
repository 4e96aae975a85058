//! Record batches as a producer would send them.

use base::{ByteCount, Offset};
use bytes::Bytes;
use kafka_wire::codec::{Codec, Compressor};
use kafka_wire::records::{BatchBuilder, Header, NewRecord, ProducerStamp};
use ledger::{Account, Budget};

/// How a batch is marked.
#[derive(Clone, Copy, Default)]
pub(crate) struct Marks {
    pub(crate) producer_id: Option<i64>,
    pub(crate) control: bool,
}

/// A batch of records at `base_offset`, values only.
pub(crate) fn batch(base_offset: i64, values: &[&[u8]], codec: Codec) -> Bytes {
    marked_batch(base_offset, values.iter().map(|value| (None, *value)).collect(), codec, Marks::default())
}

pub(crate) fn marked_batch(
    base_offset: i64,
    records: Vec<(Option<&[u8]>, &[u8])>,
    codec: Codec,
    marks: Marks,
) -> Bytes {
    let account = account(ByteCount::mib(64));
    let mut builder = BatchBuilder::new(account.try_reserve(ByteCount::mib(8)).unwrap());
    for (key, value) in records {
        let headers = [Header { key: b"h", value: None }];
        builder.append(&NewRecord { timestamp: 7, key, value: Some(value), headers: &headers }).unwrap();
    }
    builder.close(&mut Compressor::new(account), codec).unwrap();
    let mut batch = builder.into_batch();
    batch.header.base_offset = Offset(base_offset);
    if marks.control {
        batch.header.attributes = batch.header.attributes.control();
    }
    let stamp = match marks.producer_id {
        Some(id) => ProducerStamp { producer_id: id, producer_epoch: 0, base_sequence: 0, transactional: true },
        None => ProducerStamp::NONE,
    };
    batch.stamp(stamp).unwrap();
    Bytes::from(batch.bytes.value)
}

pub(crate) fn account(bytes: ByteCount) -> Account {
    Budget::new(bytes).account("test", ByteCount::ZERO)
}
