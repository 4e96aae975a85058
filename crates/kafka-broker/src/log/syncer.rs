//! Group commit: a sync serves all appends that wait for it.
//!
//! While a log is being synced, further appends to it queue it once more; its next round takes them all. A log is queued at
//! most once. A few threads sync different logs at the same time: a file system joins their commits to its journal.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use base::{ByteCount, Result};

/// More do not help: the disk is one.
const THREADS: usize = 4;

/// Something that has bytes to sync.
pub(crate) trait Flush: Send + Sync + std::fmt::Debug {
    /// Makes everything written so far durable and tells who waits; keeps failures to itself.
    fn flush(&self);
    /// Marks it as queued; false if it is already.
    fn enqueue(&self) -> bool;
}

/// The queue and its threads. Dropping it ends them without syncing; [`Syncer::stop`] syncs first.
#[derive(Debug)]
pub(crate) struct Syncer {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    dirty: VecDeque<Arc<dyn Flush>>,
    stopping: bool,
}

impl Syncer {
    pub(crate) fn start() -> Result<Self> {
        let shared = Arc::new(Shared { queue: Mutex::default(), changed: Condvar::new() });
        let syncer = Self { shared, threads: Mutex::default() };
        for number in 0..THREADS {
            let shared = syncer.shared.clone();
            let thread =
                base::threads::spawn(&format!("broker-sync-{number}"), ByteCount::kib(256), move || run(&shared))?;
            syncer.threads().push(thread);
        }
        Ok(syncer)
    }

    fn threads(&self) -> MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has `log` synced soon.
    pub(crate) fn request(&self, log: Arc<dyn Flush>) {
        if log.enqueue() {
            self.shared.queue().dirty.push_back(log);
            self.shared.changed.notify_one();
        }
    }

    /// Syncs what is queued and ends the threads. Blocks for as long as that takes.
    pub(crate) fn stop(&self) {
        self.shared.queue().stopping = true;
        self.shared.changed.notify_all();
        let threads = std::mem::take(&mut *self.threads());
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a sync thread of the broker panicked");
            }
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
        let Some(log) = queue.dirty.pop_front() else { return };
        drop(queue);
        log.flush();
    }
}
