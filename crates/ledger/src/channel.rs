//! Queues between stages. What is sent carries its [`crate::Reservation`], so the bytes in a queue are bounded by the
//! account that paid for them, and receiving needs no new memory: an edge's capacity is its account's floor plus what it
//! borrowed. Sending therefore never waits; whoever sends has waited for the reservation before.
//!
//! Signals without bytes (barriers, watermarks, idle, end) use pre-paid slots: [`SIGNAL_SLOTS`] of them are paid for
//! when the channel is made, they never wait for memory (a paused source still sends barriers, else pressure would stop
//! the very checkpoint that relieves it), and a signal that can be folded into the one waiting before it takes none.
//!
//! A queue's own slot costs [`slot_bytes`]; a sender of many tiny items adds that to what it reserves for each.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll};

use base::ByteCount;

use crate::sync::{Mutex, MutexGuard, lock};
pub use crate::waker::Waker;

/// Pre-paid signals that may wait in one channel. One checkpoint is in flight at a time and watermarks and idleness fold
/// into their predecessor, so a handful is in use: barrier, watermark, idle, end. The rest is head room.
pub const SIGNAL_SLOTS: usize = 16;

/// A queue that has grown beyond so many slots gives them back when it runs empty.
const SLOTS_KEPT: usize = 64;

#[derive(Debug)]
struct Queue<T> {
    items: Mutex<Items<T>>,
}

#[derive(Debug)]
struct Items<T> {
    waiting: VecDeque<Item<T>>,
    signals: usize,
    bytes: u64,
    sent: u64,
    senders: usize,
    receiver_gone: bool,
    /// Told on every change, for receivers that are driven by a worker thread.
    worker: Option<Waker>,
    /// The task that waits in `recv`.
    task: Option<std::task::Waker>,
}

#[derive(Debug)]
struct Item<T> {
    value: T,
    bytes: u64,
    is_signal: bool,
}

/// The sending end; clones are further senders.
#[derive(Debug)]
pub struct Sender<T>(Arc<Queue<T>>);

/// The receiving end.
#[derive(Debug)]
pub struct Receiver<T>(Arc<Queue<T>>);

/// The receiver is gone; the value comes back.
#[derive(Debug)]
pub struct Closed<T>(pub T);

/// Why a signal was not sent; the value comes back.
#[derive(Debug)]
pub enum SignalError<T> {
    /// The receiver is gone.
    Closed(T),
    /// All pre-paid slots wait to be received: the sender sends more signals than it may have outstanding.
    NoSlot(T),
}

/// What [`Receiver::try_recv`] found.
#[derive(Debug, PartialEq, Eq)]
pub enum Received<T> {
    Item(T),
    /// Nothing now.
    Empty,
    /// Nothing, and no sender is left.
    Ended,
}

/// A channel at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Items that wait, signals included.
    pub items: usize,
    pub signals: usize,
    /// What the waiting items were said to hold when they were sent.
    pub bytes: ByteCount,
    /// Items and signals ever sent.
    pub sent: u64,
}

/// What one slot of a queue of `T` costs, beside the bytes that the item itself has reserved. Queues double when they
/// grow, hence twice the size.
pub const fn slot_bytes<T>() -> ByteCount {
    ByteCount(2 * size_of::<Item<T>>() as u64)
}

/// A queue whose bytes are paid by what is sent.
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let items = Items {
        waiting: VecDeque::new(),
        signals: 0,
        bytes: 0,
        sent: 0,
        senders: 1,
        receiver_gone: false,
        worker: None,
        task: None,
    };
    let queue = Arc::new(Queue { items: Mutex::new(items) });
    (Sender(queue.clone()), Receiver(queue))
}

impl<T> Queue<T> {
    fn items(&self) -> MutexGuard<'_, Items<T>> {
        lock(&self.items)
    }
}

impl<T> Items<T> {
    fn push(&mut self, item: Item<T>) {
        self.bytes += item.bytes;
        self.signals += usize::from(item.is_signal);
        self.sent += 1;
        self.waiting.push_back(item);
    }

    fn pop(&mut self) -> Received<T> {
        let Some(item) = self.waiting.pop_front() else {
            return if self.senders == 0 { Received::Ended } else { Received::Empty };
        };
        self.bytes -= item.bytes;
        self.signals -= usize::from(item.is_signal);
        if self.waiting.is_empty() && self.waiting.capacity() > SLOTS_KEPT {
            self.waiting.shrink_to(SLOTS_KEPT);
        }
        Received::Item(item.value)
    }

    /// Whom to tell of a change, once the lock is released.
    fn listeners(&mut self) -> (Option<Waker>, Option<std::task::Waker>) {
        (self.worker.clone(), self.task.take())
    }
}

fn tell((worker, task): (Option<Waker>, Option<std::task::Waker>)) {
    if let Some(worker) = worker {
        worker.wake();
    }
    if let Some(task) = task {
        task.wake();
    }
}

impl<T> Sender<T> {
    /// Never waits: the memory was reserved before.
    pub fn send(&self, value: T) -> Result<(), Closed<T>> {
        self.send_counted(value, ByteCount::ZERO)
    }

    /// [`Self::send`], and counts the `bytes` that the item carries in [`Counts::bytes`].
    pub fn send_counted(&self, value: T, bytes: ByteCount) -> Result<(), Closed<T>> {
        let mut items = self.0.items();
        if items.receiver_gone {
            return Err(Closed(value));
        }
        items.push(Item { value, bytes: bytes.0, is_signal: false });
        let listeners = items.listeners();
        drop(items);
        tell(listeners);
        Ok(())
    }

    /// Sends a signal in a pre-paid slot. `fold` is called with the last waiting item if that is a signal too, and either
    /// takes the new one into it (a later watermark replaces an earlier one) or gives it back. It runs under the queue's
    /// lock: it compares and assigns, nothing else.
    pub fn signal(&self, value: T, fold: impl FnOnce(&mut T, T) -> Result<(), T>) -> Result<(), SignalError<T>> {
        let mut items = self.0.items();
        if items.receiver_gone {
            return Err(SignalError::Closed(value));
        }
        let value = match items.waiting.back_mut().filter(|last| last.is_signal) {
            Some(last) => match fold(&mut last.value, value) {
                Ok(()) => return Ok(()),
                Err(value) => value,
            },
            None => value,
        };
        if items.signals >= SIGNAL_SLOTS {
            return Err(SignalError::NoSlot(value));
        }
        items.push(Item { value, bytes: 0, is_signal: true });
        let listeners = items.listeners();
        drop(items);
        tell(listeners);
        Ok(())
    }

    /// How many items wait.
    pub fn backlog(&self) -> usize {
        self.0.items().waiting.len()
    }

    pub fn counts(&self) -> Counts {
        self.0.counts()
    }

    /// Whether nobody will receive any more.
    pub fn is_closed(&self) -> bool {
        self.0.items().receiver_gone
    }
}

impl<T> Queue<T> {
    fn counts(&self) -> Counts {
        let items = self.items();
        let (signals, bytes, sent) = (items.signals, ByteCount(items.bytes), items.sent);
        Counts { items: items.waiting.len(), signals, bytes, sent }
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.0.items().senders += 1;
        Self(self.0.clone())
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut items = self.0.items();
        items.senders -= 1;
        let listeners = items.listeners();
        drop(items);
        tell(listeners);
    }
}

impl<T> Receiver<T> {
    pub fn try_recv(&mut self) -> Received<T> {
        self.0.items().pop()
    }

    /// The next item, or `None` when all senders are gone.
    ///
    /// # Cancel safety
    /// No item is lost when the future is dropped.
    pub async fn recv(&mut self) -> Option<T> {
        std::future::poll_fn(|context| self.poll_recv(context)).await
    }

    /// [`Self::recv`] for hand-written futures and drivers.
    pub fn poll_recv(&mut self, context: &mut Context<'_>) -> Poll<Option<T>> {
        let mut items = self.0.items();
        match items.pop() {
            Received::Item(item) => Poll::Ready(Some(item)),
            Received::Ended => Poll::Ready(None),
            Received::Empty => {
                let before = items.task.replace(context.waker().clone());
                drop(items);
                // Not under the lock: it may be the last to hold a task, and the task a sender of this queue.
                drop(before);
                Poll::Pending
            }
        }
    }

    /// Calls `waker` on every change from now on.
    pub fn wake_with(&mut self, waker: Waker) {
        let before = self.0.items().worker.replace(waker);
        drop(before);
    }

    /// How many items wait.
    pub fn backlog(&self) -> usize {
        self.0.items().waiting.len()
    }

    pub fn counts(&self) -> Counts {
        self.0.counts()
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let mut items = self.0.items();
        items.receiver_gone = true;
        let left = std::mem::take(&mut items.waiting);
        (items.signals, items.bytes) = (0, 0);
        drop(items);
        drop(left);
    }
}
