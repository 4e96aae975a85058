//! Every interleaving (loom) of small programs over a channel: nothing is lost, and no wake-up is (that is a deadlock).

use ledger::channel::{Received, channel};
use loom::thread;

#[test]
fn loom_two_senders_and_their_end_reach_a_waiting_receiver() {
    // Three threads: with at most two involuntary switches the model ends within seconds, and nearly all races need no
    // more (Musuvathi and Qadeer, 2007).
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(|| {
        let (sender, mut receiver) = channel();
        let second = sender.clone();
        let one = thread::spawn(move || sender.send(1).unwrap());
        let two = thread::spawn(move || second.signal(2, |_, new| Err(new)).unwrap());
        let mut sum = 0;
        while let Some(item) = loom::future::block_on(receiver.recv()) {
            sum += item;
        }
        assert_eq!(sum, 3);
        one.join().unwrap();
        two.join().unwrap();
    });
}

#[test]
fn loom_a_dropped_receiver_leaves_nothing_in_the_queue() {
    loom::model(|| {
        let (sender, mut receiver) = channel();
        let paid = std::sync::Arc::new(());
        let item = paid.clone();
        let sends = thread::spawn(move || {
            let _sent_or_returned = sender.send(item).is_ok();
        });
        if let Received::Item(item) = receiver.try_recv() {
            drop(item);
        }
        drop(receiver);
        sends.join().unwrap();
        assert_eq!(std::sync::Arc::strong_count(&paid), 1);
    });
}
