//! Queues whose items carry what pays for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use base::ByteCount;
use ledger::channel::{Closed, Received, SIGNAL_SLOTS, SignalError, channel, slot_bytes};
use ledger::{Budget, Owned, Waker};

use crate::block_on;

#[derive(Debug, PartialEq)]
enum Message {
    Data(u32),
    Watermark(i64),
    Barrier(u64),
}

/// A later watermark replaces the one before it.
fn fold(last: &mut Message, new: Message) -> Result<(), Message> {
    match (last, new) {
        (Message::Watermark(last), Message::Watermark(new)) => {
            *last = new;
            Ok(())
        }
        (_, new) => Err(new),
    }
}

#[test]
fn items_and_signals_come_in_their_order() {
    let (sender, mut receiver) = channel();
    sender.send_counted(Message::Data(1), ByteCount(100)).unwrap();
    sender.signal(Message::Watermark(5), fold).unwrap();
    sender.signal(Message::Watermark(7), fold).unwrap();
    sender.signal(Message::Barrier(1), fold).unwrap();
    sender.send(Message::Data(2)).unwrap();
    sender.signal(Message::Watermark(9), fold).unwrap();
    let counts = sender.counts();
    assert_eq!((counts.items, counts.signals, counts.bytes, counts.sent), (5, 3, ByteCount(100), 5));
    drop(sender);
    let mut got = Vec::new();
    while let Received::Item(item) = receiver.try_recv() {
        got.push(item);
    }
    use Message::{Barrier, Data, Watermark};
    assert_eq!(got, [Data(1), Watermark(7), Barrier(1), Data(2), Watermark(9)]);
    assert_eq!(receiver.try_recv(), Received::Ended);
    assert_eq!(receiver.counts().bytes, ByteCount::ZERO);
}

#[test]
fn signals_are_bounded_in_number_and_data_is_not_in_their_way() {
    let (sender, mut receiver) = channel();
    for epoch in 0..SIGNAL_SLOTS as u64 {
        sender.signal(Message::Barrier(epoch), fold).unwrap();
    }
    assert!(matches!(sender.signal(Message::Barrier(99), fold), Err(SignalError::NoSlot(Message::Barrier(99)))));
    sender.send(Message::Data(1)).unwrap();
    assert_eq!(receiver.try_recv(), Received::Item(Message::Barrier(0)));
    sender.signal(Message::Barrier(99), fold).unwrap();
    drop(receiver);
    assert!(matches!(sender.signal(Message::Barrier(100), fold), Err(SignalError::Closed(_))));
    assert!(matches!(sender.send(Message::Data(2)), Err(Closed(Message::Data(2)))));
    assert!(sender.is_closed());
}

#[test]
fn a_dropped_receiver_frees_what_waited() {
    let account = Budget::new(ByteCount(100)).account("edge", ByteCount(10));
    let (sender, receiver) = channel();
    sender.send(Owned::new(1, account.try_reserve(ByteCount(60)).unwrap())).unwrap();
    drop(receiver);
    assert_eq!(account.used(), ByteCount::ZERO);
    assert_eq!(sender.counts().items, 0);
}

#[test]
fn a_receive_that_is_dropped_loses_nothing() {
    let (sender, mut receiver) = channel();
    {
        let mut waits = Box::pin(receiver.recv());
        assert!(crate::poll(&mut waits).is_pending());
        sender.send(1).unwrap();
    }
    assert_eq!(block_on(receiver.recv()), Some(1));
    let second = sender.clone();
    drop(sender);
    let mut waits = Box::pin(receiver.recv());
    assert!(crate::poll(&mut waits).is_pending(), "a sender is left");
    drop(second);
    assert_eq!(crate::poll(&mut waits), Poll::Ready(None));
}

#[test]
fn workers_are_woken_on_every_change() {
    let (sender, mut receiver) = channel();
    let wakes = Arc::new(AtomicUsize::new(0));
    let counter = wakes.clone();
    receiver.wake_with(Waker::new(move || {
        counter.fetch_add(1, Ordering::Relaxed);
    }));
    sender.send(1).unwrap();
    sender.signal(2, |_, new| Err(new)).unwrap();
    drop(sender);
    assert_eq!(wakes.load(Ordering::Relaxed), 3);
    assert_eq!(receiver.backlog(), 2);
}

#[test]
fn a_slot_has_a_price() {
    assert!(slot_bytes::<[u8; 100]>() >= ByteCount(200));
}
