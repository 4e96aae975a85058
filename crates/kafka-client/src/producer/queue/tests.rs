use base::ByteCount;
use kafka_wire::records::NewRecord;
use ledger::{Account, Budget};

use super::*;
use crate::partition::TopicPartition;

const IDENTITY: Identity = Identity { producer_id: 7, producer_epoch: 0 };

fn account() -> Account {
    Budget::new(ByteCount::mib(1)).account("batches", ByteCount::ZERO)
}

/// A closed batch of so many records.
fn batch(id: u64, records: usize) -> Batch {
    let mut builder = BatchBuilder::new(account().try_reserve(ByteCount(1000)).unwrap());
    for _ in 0..records {
        builder.append(&NewRecord { timestamp: 0, key: None, value: None, headers: &[] }).unwrap();
    }
    let promise = Promise(Arc::new(Completion::new(TopicPartition::new("t", 0))));
    Batch::new(id, builder.into_batch(), promise, Instant::now())
}

fn queue(batches: u64) -> Queue {
    let mut queue = Queue::default();
    (0..batches).for_each(|id| queue.push(batch(id, 3)));
    queue
}

/// Sends all that may be sent; the batches' ids.
fn send_all(queue: &mut Queue) -> Vec<u64> {
    let mut sent = Vec::new();
    queue.adopt(IDENTITY);
    while let Sendable::Now(index) = queue.sendable(Instant::now(), 5) {
        sent.push(queue.begin(index).unwrap().0);
    }
    sent
}

fn fail(queue: &mut Queue, id: u64) {
    queue.closed.iter_mut().find(|batch| batch.id == id).unwrap().in_flight = false;
}

fn acknowledge(queue: &mut Queue, id: u64) {
    queue.closed.retain(|batch| batch.id != id);
}

#[test]
fn batches_go_out_in_order_up_to_five_with_their_sequences() {
    let mut queue = queue(7);
    assert_eq!(send_all(&mut queue), [0, 1, 2, 3, 4]);
    let sequences: Vec<_> = queue.closed.iter().map(|batch| batch.sequence).collect();
    assert_eq!(sequences, [Some(0), Some(3), Some(6), Some(9), Some(12), None, None]);
    acknowledge(&mut queue, 0);
    assert_eq!(send_all(&mut queue), [5]);
}

#[test]
fn a_batch_that_failed_goes_alone_and_before_those_behind_it() {
    let mut queue = queue(4);
    assert_eq!(send_all(&mut queue), [0, 1, 2, 3]);
    fail(&mut queue, 1);
    assert_eq!(send_all(&mut queue), [0; 0], "others are in flight");
    acknowledge(&mut queue, 0);
    fail(&mut queue, 2);
    assert_eq!(send_all(&mut queue), [0; 0]);
    fail(&mut queue, 3);
    assert_eq!(send_all(&mut queue), [1], "the first alone");
    acknowledge(&mut queue, 1);
    assert_eq!(send_all(&mut queue), [2]);
    acknowledge(&mut queue, 2);
    assert_eq!(send_all(&mut queue), [3]);
}

/// The header that a batch would be sent with, and whether its checksum is right.
fn sent_header(queue: &mut Queue) -> (u64, BatchHeader) {
    queue.adopt(IDENTITY);
    let Sendable::Now(index) = queue.sendable(Instant::now(), 5) else { panic!("nothing to send") };
    let (id, bytes) = queue.begin(index).unwrap();
    let header = BatchHeader::parse(&bytes).unwrap();
    header.verify(&bytes).unwrap();
    (id, header)
}

#[test]
fn what_was_sent_keeps_its_numbers_behind_a_hole_until_the_broker_does_not_have_it() {
    let mut queue = queue(3);
    assert_eq!(send_all(&mut queue), [0, 1, 2]);
    (0..3).for_each(|id| fail(&mut queue, id));
    queue.push(batch(3, 3));
    // The first is given up; the others may be in the log.
    acknowledge(&mut queue, 0);
    queue.break_sequence();
    let (id, header) = sent_header(&mut queue);
    assert_eq!((id, header.producer_epoch, header.base_sequence), (1, 0, 3));
    assert_eq!(send_all(&mut queue), [0; 0], "alone");
    acknowledge(&mut queue, 1);
    assert_eq!(sent_header(&mut queue).0, 2);
    fail(&mut queue, 2);
    queue.unnumber(2);
    for (sent, sequence) in [(2, 0), (3, 3)] {
        let (id, header) = sent_header(&mut queue);
        assert_eq!((id, header.producer_id, header.producer_epoch, header.base_sequence), (sent, 7, 1, sequence));
        acknowledge(&mut queue, id);
    }
}

#[test]
fn after_the_last_epoch_a_newer_identity_is_needed() {
    let last = Identity { producer_id: 7, producer_epoch: i16::MAX };
    let mut queue = queue(1);
    assert!(queue.lacks_identity(None) && !queue.lacks_identity(Some(last)));
    queue.adopt(last);
    queue.break_sequence();
    assert!(queue.lacks_identity(Some(last)));
    queue.adopt(last);
    assert_eq!(queue.sendable(Instant::now(), 5), Sendable::None);
    let newer = Identity { producer_id: 8, producer_epoch: 0 };
    assert!(!queue.lacks_identity(Some(newer)));
    queue.adopt(newer);
    assert_eq!(queue.sendable(Instant::now(), 5), Sendable::Now(0));
}

#[test]
fn a_frame_that_still_holds_the_bytes_keeps_them_as_they_are() {
    let mut queue = queue(1);
    queue.adopt(IDENTITY);
    let (_, bytes) = queue.begin(0).unwrap();
    fail(&mut queue, 0);
    queue.unnumber(0);
    queue.adopt(IDENTITY);
    assert!(queue.begin(0).is_none());
    drop(bytes);
    assert!(queue.begin(0).is_some());
}

#[test]
fn sequences_wrap_to_zero() {
    assert_eq!(after(i32::MAX - 1, 1), i32::MAX);
    assert_eq!(after(i32::MAX, 1), 0);
    assert_eq!(after(i32::MAX - 1, 5), 3);
}
