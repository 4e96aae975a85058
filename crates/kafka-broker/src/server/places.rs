//! Places for connections: a bounded number, so that a crowd of clients takes neither memory nor file descriptors from those
//! that are served.
//!
//! When all are taken, a newcomer gets the place of the connection that is needed least: of those that never sent a whole
//! request the oldest, else the one that was quiet longest, if that is a while (KIP-402 closes the least recently used,
//! too). Clients open a connection again when they need one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

/// A client that sent a request so recently keeps its place: consumers poll at least twice a second.
const QUIET: Duration = Duration::from_secs(2);

/// All places.
#[derive(Debug)]
pub(super) struct Places {
    most: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    next: u64,
    by: BTreeMap<u64, Holder>,
}

#[derive(Debug)]
struct Holder {
    /// Whether a whole request came, and when the last one did; before that, when the connection was made.
    has_asked: bool,
    heard: Duration,
    leave: Arc<Notify>,
}

/// A connection's place; free again when it drops.
#[derive(Debug)]
pub(super) struct Place {
    id: u64,
    places: Arc<Places>,
    leave: Arc<Notify>,
}

impl Places {
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, taken: Mutex::default() })
    }

    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// A place for a connection made `now`; `None` if all are taken by clients that need theirs.
    pub(super) fn take(self: &Arc<Self>, now: Duration) -> Option<Place> {
        let mut taken = self.lock();
        if taken.by.len() >= self.most {
            let (&id, least) = taken.by.iter().min_by_key(|(_, holder)| (holder.has_asked, holder.heard))?;
            if least.has_asked && now.saturating_sub(least.heard) < QUIET {
                return None;
            }
            least.leave.notify_one();
            taken.by.remove(&id);
        }
        let (id, leave) = (taken.next, Arc::new(Notify::new()));
        taken.next += 1;
        taken.by.insert(id, Holder { has_asked: false, heard: now, leave: leave.clone() });
        Some(Place { id, places: self.clone(), leave })
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// A whole request came.
    pub(super) fn heard(&self, now: Duration) {
        if let Some(holder) = self.places.lock().by.get_mut(&self.id) {
            (holder.has_asked, holder.heard) = (true, now);
        }
    }

    /// Waits until the place is given to another.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub(super) async fn given_away(&self) {
        self.leave.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.lock().by.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn is_given_away(place: &Place) -> bool {
        let waiting = std::pin::pin!(place.given_away());
        waiting.poll(&mut std::task::Context::from_waker(std::task::Waker::noop())).is_ready()
    }

    #[test]
    fn the_silent_give_way_first_then_the_quiet_and_the_busy_never() {
        let places = Places::new(3);
        let busy = places.take(at(0)).unwrap();
        let quiet = places.take(at(0)).unwrap();
        let silent = places.take(at(1)).unwrap();
        quiet.heard(at(3));
        busy.heard(at(10));
        let second = places.take(at(10)).expect("the silent one's place");
        assert!(is_given_away(&silent) && !is_given_away(&quiet) && !is_given_away(&busy));
        drop(silent);
        second.heard(at(10));
        let third = places.take(at(10)).expect("the quiet one's place");
        assert!(is_given_away(&quiet) && !is_given_away(&busy));
        third.heard(at(11));
        assert!(places.take(at(11)).is_none(), "all others have just asked for something");
        drop(third);
        assert!(places.take(at(11)).is_some());
    }
}
