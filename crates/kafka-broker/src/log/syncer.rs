//! Group commit: one thread syncs, and one sync serves all appends that wait for it.
//!
//! While a sync runs, further appends queue up; the next round takes them all. A log is queued at most once.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use base::{ByteCount, Result};

/// Something that has bytes to sync.
pub(crate) trait Flush: Send + Sync + std::fmt::Debug {
    /// Makes everything written so far durable and tells who waits; keeps failures to itself.
    fn flush(&self);
    /// Marks it as queued; false if it is already.
    fn enqueue(&self) -> bool;
}

/// The queue and its thread. Dropping it ends the thread without syncing; [`Syncer::stop`] syncs first.
#[derive(Debug)]
pub(crate) struct Syncer {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    dirty: Vec<Arc<dyn Flush>>,
    stopping: bool,
}

impl Syncer {
    pub(crate) fn start() -> Result<Self> {
        let shared = Arc::new(Shared { queue: Mutex::default(), changed: Condvar::new() });
        let of_thread = shared.clone();
        let thread = base::threads::spawn("broker-sync", ByteCount::kib(256), move || run(&of_thread))?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)) })
    }

    /// Has `log` synced soon.
    pub(crate) fn request(&self, log: Arc<dyn Flush>) {
        if log.enqueue() {
            self.shared.queue().dirty.push(log);
            self.shared.changed.notify_one();
        }
    }

    /// Syncs what is queued and ends the thread. Blocks for as long as that takes.
    pub(crate) fn stop(&self) {
        self.shared.queue().stopping = true;
        self.shared.changed.notify_one();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the broker's sync thread panicked");
        }
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        self.shared.queue().dirty.clear();
        self.stop();
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn run(shared: &Shared) {
    loop {
        let mut queue = shared.queue();
        while queue.dirty.is_empty() && !queue.stopping {
            queue = shared.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        let round = std::mem::take(&mut queue.dirty);
        if round.is_empty() {
            return;
        }
        drop(queue);
        for log in round {
            log.flush();
        }
    }
}
