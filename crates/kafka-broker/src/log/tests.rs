//! The log on a disk that fails, forgets, tears and flips bits.

mod faults;
mod model;
mod recovery;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::disk::faulty::FaultyDisk;
use base::{ByteCount, Disk, Offset};
use kafka_wire::records::{Attributes, BatchHeader, Batches};
use ledger::Budget;

use super::{Flush, LogSettings, PartitionLog, check_batch};

const SETTINGS: LogSettings =
    LogSettings { segment_bytes: 1500, retention_bytes: None, retention_ms: None, deletes: true };

fn folder() -> PathBuf {
    PathBuf::from("data/orders-0")
}

fn new_disk() -> FaultyDisk {
    let disk = FaultyDisk::new();
    disk.create_dir_all(&folder()).unwrap();
    disk.sync_dir(Path::new("data")).unwrap();
    disk.sync_dir(&folder()).unwrap();
    disk
}

fn try_open(disk: &Arc<dyn Disk>, settings: LogSettings, clean: bool) -> base::Result<Arc<PartitionLog>> {
    let tables = Budget::new(ByteCount::mib(4)).account("tables", ByteCount::ZERO);
    PartitionLog::open(disk.clone(), folder(), "orders-0".to_owned(), settings, clean, &tables)
}

fn open(disk: &FaultyDisk, clean: bool) -> Arc<PartitionLog> {
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    try_open(&disk, SETTINGS, clean).unwrap()
}

/// Who sends a batch: a producer id and the sequence of its first record.
#[derive(Clone, Copy, Debug)]
struct From {
    producer_id: i64,
    base_sequence: i32,
}

const NOBODY: From = From { producer_id: -1, base_sequence: -1 };

/// A batch of `records` records and `len` bytes; what is in the records does not matter to a broker.
fn batch(records: i32, len: usize, timestamp: i64, from: From) -> Vec<u8> {
    let mut bytes: Vec<u8> =
        (0..len.max(BatchHeader::BYTES + 7 * records as usize)).map(|at| at as u8 ^ 0x5a).collect();
    let header = BatchHeader {
        base_offset: Offset(0),
        len: bytes.len(),
        partition_leader_epoch: -1,
        crc: 0,
        attributes: Attributes(0),
        last_offset_delta: records - 1,
        base_timestamp: timestamp,
        max_timestamp: timestamp,
        producer_id: from.producer_id,
        producer_epoch: if from.producer_id < 0 { -1 } else { 0 },
        base_sequence: from.base_sequence,
        record_count: records,
    };
    header.seal(&mut bytes).unwrap();
    bytes
}

fn append(log: &PartitionLog, batch: &[u8]) -> Result<super::Appended, super::Refused> {
    let header = check_batch(batch, usize::MAX, 9)?;
    log.append(&header, batch)
}

/// All visible batches from `offset` on: base offset and the bytes behind the leader epoch.
fn read_all(log: &PartitionLog, mut offset: i64) -> Vec<(i64, Vec<u8>)> {
    let mut found = Vec::new();
    while let Some(located) = log.locate(offset).unwrap() {
        let mut buffer = vec![0; (located.available as usize).min(700).max(located.first_batch)];
        let whole = located.read(&mut buffer).unwrap();
        assert!(whole >= located.first_batch, "a batch was not read whole");
        for batch in Batches::new(&buffer[..whole]) {
            let batch = batch.unwrap();
            batch.header.verify(batch.bytes).unwrap();
            assert!(batch.header.next_offset().0 > offset, "a batch before the wanted offset");
            found.push((batch.header.base_offset.0, batch.bytes[16..].to_vec()));
            offset = batch.header.next_offset().0;
        }
    }
    found
}

#[test]
fn who_waits_already_is_not_noted_again() {
    let log = open(&new_disk(), true);
    let waiter = Arc::new(tokio::sync::Notify::new());
    for _ in 0..3 {
        log.tell(&waiter);
    }
    assert_eq!(log.waiters.lock().unwrap().len(), 1);
    drop(waiter);
    log.tell(&Arc::new(tokio::sync::Notify::new()));
    assert_eq!(log.waiters.lock().unwrap().len(), 1, "who is gone is forgotten");
}
