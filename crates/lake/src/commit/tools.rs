//! What the steps of a commit work with.

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};

use base::Disk;
use ledger::{Account, Waker};

use super::names::FileNames;
use crate::options::SinkOptions;
use crate::table::{Shared, TableInfo};

/// Tools and places, once the table is known.
#[derive(Clone, Debug)]
pub struct PrepareWith {
    pub disk: Arc<dyn Disk>,
    /// Its floor holds everything that must be there, and only that takes from it.
    pub account: Account,
    /// What makes work go faster is borrowed here, so that it cannot use the floor up.
    pub more: Account,
    /// Pays for what is prepared while it waits for its commit.
    pub kept: Account,
    pub shared: Shared,
    pub info: Arc<TableInfo>,
    pub options: SinkOptions,
    pub names: FileNames,
    pub state_dir: PathBuf,
}

/// Tools and places, before the table is known.
#[derive(Clone, Debug)]
pub struct Tools {
    pub disk: Arc<dyn Disk>,
    /// Its floor holds everything that must be there, and only that takes from it.
    pub account: Account,
    /// What makes work go faster is borrowed here, so that it cannot use the floor up.
    pub more: Account,
    /// Pays for what is prepared while it waits for its commit.
    pub kept: Account,
    pub shared: Shared,
    pub options: SinkOptions,
    pub names: FileNames,
    pub state_dir: PathBuf,
}

impl Tools {
    pub fn with(&self, info: Arc<TableInfo>) -> PrepareWith {
        PrepareWith {
            disk: self.disk.clone(),
            account: self.account.clone(),
            more: self.more.clone(),
            kept: self.kept.clone(),
            shared: self.shared.clone(),
            info,
            options: self.options,
            names: self.names.clone(),
            state_dir: self.state_dir.clone(),
        }
    }
}

/// The right to prepare: one sink of a job at a time, since writing is paid from one account whatever the number of
/// tables. Cheap to clone; all clones are the same right.
#[derive(Clone, Debug, Default)]
pub struct Lease(Arc<Right>);

#[derive(Debug, Default)]
struct Right {
    state: Mutex<Taken>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct Taken {
    is_taken: bool,
    /// Of those who may want it; who is gone is forgotten when the next one comes.
    waiting: Vec<Weak<Waker>>,
}

impl Lease {
    /// `None` while another sink prepares. Whoever entered ([`Self::enter`]) is woken when it is done.
    pub fn try_take(&self) -> Option<LeaseGuard> {
        let was_taken = std::mem::replace(&mut self.lock().is_taken, true);
        (!was_taken).then(|| LeaseGuard(self.clone()))
    }

    /// Waits for it: only on the committer's thread. Whoever prepares never waits for a commit, so it comes.
    pub fn take(&self) -> LeaseGuard {
        let taken = self.0.freed.wait_while(self.lock(), |taken| taken.is_taken);
        taken.unwrap_or_else(PoisonError::into_inner).is_taken = true;
        LeaseGuard(self.clone())
    }

    /// Has `waker` called each time that the right becomes free, as long as the caller keeps what it gets.
    #[must_use]
    pub fn enter(&self, waker: Waker) -> Arc<Waker> {
        let waker = Arc::new(waker);
        let mut taken = self.lock();
        taken.waiting.retain(|other| other.strong_count() > 0);
        taken.waiting.push(Arc::downgrade(&waker));
        waker
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A [`Lease`] that is taken, until this drops.
#[derive(Debug)]
pub struct LeaseGuard(Lease);

impl Drop for LeaseGuard {
    fn drop(&mut self) {
        let mut taken = self.0.lock();
        taken.is_taken = false;
        let waiting: Vec<Arc<Waker>> = taken.waiting.iter().filter_map(Weak::upgrade).collect();
        drop(taken);
        self.0.0.freed.notify_one();
        for waker in waiting {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use base::ByteCount;

    use super::*;

    #[test]
    fn the_right_is_one_sinks_at_a_time_and_those_who_wait_are_woken() {
        let lease = Lease::default();
        let rings = Arc::new(AtomicU32::new(0));
        let waker = || {
            let rings = rings.clone();
            Waker::new(move || {
                rings.fetch_add(1, Ordering::SeqCst);
            })
        };
        let (stays, goes) = (lease.enter(waker()), lease.enter(waker()));
        let first = lease.try_take().unwrap();
        assert!(lease.try_take().is_none());
        drop(goes);
        drop(first);
        assert_eq!(rings.load(Ordering::SeqCst), 1, "who is gone is not woken");
        let second = lease.clone().try_take().unwrap();
        let (entered, inside) = (Arc::new(AtomicU32::new(0)), lease.clone());
        let seen = entered.clone();
        let thread = base::threads::spawn("takes", ByteCount::kib(256), move || {
            let _guard = inside.take();
            seen.store(1, Ordering::SeqCst);
        });
        assert_eq!(entered.load(Ordering::SeqCst), 0);
        drop(second);
        thread.unwrap().join().unwrap();
        assert_eq!((entered.load(Ordering::SeqCst), rings.load(Ordering::SeqCst)), (1, 3));
        assert!(lease.try_take().is_some());
        drop(stays);
    }
}
