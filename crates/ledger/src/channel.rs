//! Queues between stages. What is sent is [`Owned`], so the bytes in a queue are bounded by the account that paid for
//! them; receiving needs no new memory. Signals without bytes (barriers, end) may be sent at any time and are bounded in
//! number by their senders.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

#[derive(Debug)]
struct Queue<T> {
    items: Mutex<Items<T>>,
    changed: Notify,
}

#[derive(Debug)]
struct Items<T> {
    waiting: VecDeque<T>,
    senders: usize,
    receiver_gone: bool,
    /// Told on every change, for receivers that are driven by a worker thread.
    waker: Option<Waker>,
}

/// A callback that wakes the worker which drives the receiver.
#[derive(Clone)]
pub struct Waker(pub Arc<dyn Fn() + Send + Sync>);

impl std::fmt::Debug for Waker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Waker")
    }
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

/// What [`Receiver::try_recv`] found.
#[derive(Debug, PartialEq, Eq)]
pub enum Received<T> {
    Item(T),
    /// Nothing now.
    Empty,
    /// Nothing, and no sender is left.
    Ended,
}

/// A queue whose bytes are paid by what is sent.
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let items = Items { waiting: VecDeque::new(), senders: 1, receiver_gone: false, waker: None };
    let queue = Arc::new(Queue { items: Mutex::new(items), changed: Notify::new() });
    (Sender(queue.clone()), Receiver(queue))
}

impl<T> Queue<T> {
    fn items(&self) -> MutexGuard<'_, Items<T>> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self) {
        let waker = self.items().waker.clone();
        self.changed.notify_one();
        if let Some(waker) = waker {
            (waker.0)();
        }
    }
}

impl<T> Sender<T> {
    /// Never waits: the memory was reserved before.
    pub fn send(&self, item: T) -> Result<(), Closed<T>> {
        let mut items = self.0.items();
        if items.receiver_gone {
            return Err(Closed(item));
        }
        items.waiting.push_back(item);
        drop(items);
        self.0.tell();
        Ok(())
    }

    /// How many items wait.
    pub fn backlog(&self) -> usize {
        self.0.items().waiting.len()
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
        self.0.items().senders -= 1;
        self.0.tell();
    }
}

impl<T> Receiver<T> {
    pub fn try_recv(&mut self) -> Received<T> {
        let mut items = self.0.items();
        match items.waiting.pop_front() {
            Some(item) => Received::Item(item),
            None if items.senders == 0 => Received::Ended,
            None => Received::Empty,
        }
    }

    /// The next item, or `None` when all senders are gone.
    ///
    /// # Cancel safety
    /// No item is lost when the future is dropped.
    pub async fn recv(&mut self) -> Option<T> {
        loop {
            let changed = self.0.changed.notified();
            match self.try_recv_now() {
                Received::Item(item) => return Some(item),
                Received::Ended => return None,
                Received::Empty => changed.await,
            }
        }
    }

    fn try_recv_now(&self) -> Received<T> {
        let mut items = self.0.items();
        match items.waiting.pop_front() {
            Some(item) => Received::Item(item),
            None if items.senders == 0 => Received::Ended,
            None => Received::Empty,
        }
    }

    /// Calls `waker` on every change from now on.
    pub fn wake_with(&mut self, waker: Waker) {
        self.0.items().waker = Some(waker);
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let mut items = self.0.items();
        items.receiver_gone = true;
        let left = std::mem::take(&mut items.waiting);
        drop(items);
        drop(left);
    }
}
