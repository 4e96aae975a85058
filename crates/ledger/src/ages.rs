//! How many reservations of an account are open, and since when the oldest is.
//!
//! A reservation remembers one of sixteen buckets, the one that was current when it opened; opening and closing add and
//! subtract one there, and nothing else happens on the hot path. Once a tick (about a second) the ledger turns the
//! account to an empty bucket and stamps it. So:
//!
//! - the count is exact;
//! - the age of the oldest is right to one tick, never too small by more than a tick. It is too large by more only when
//!   fifteen buckets of different ages are held open at once: then the current one keeps collecting under its old stamp.
//!   An account in that state has fifteen older reservations to look at first.
//!
//! These counters decide nothing, hence the standard library's atomics, relaxed.

use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed};

const BUCKETS: usize = 16;

/// The bucket that a reservation was counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bucket(u8);

#[derive(Debug, Default)]
pub(crate) struct Ages {
    current: AtomicU8,
    open: [AtomicU32; BUCKETS],
    /// When each bucket became current, in milliseconds of the ledger's ticks.
    born_ms: [AtomicU64; BUCKETS],
}

impl Ages {
    pub(crate) fn new(now_ms: u64) -> Self {
        let ages = Self::default();
        ages.born_ms[0].store(now_ms, Relaxed);
        ages
    }

    /// Counts a reservation that opens now.
    pub(crate) fn open(&self) -> Bucket {
        let bucket = Bucket(self.current.load(Relaxed) % BUCKETS as u8);
        self.open_in(bucket);
        bucket
    }

    /// Counts one more of the age of `bucket` (a part split off is as old as the whole).
    pub(crate) fn open_in(&self, bucket: Bucket) {
        self.open[usize::from(bucket.0)].fetch_add(1, Relaxed);
    }

    pub(crate) fn close(&self, bucket: Bucket) {
        self.open[usize::from(bucket.0)].fetch_sub(1, Relaxed);
    }

    /// Whether `a` became current before `b`.
    pub(crate) fn is_older(&self, a: Bucket, b: Bucket) -> bool {
        self.born(usize::from(a.0)) < self.born(usize::from(b.0))
    }

    /// A tick: what opens from now on is counted under `now_ms`.
    pub(crate) fn turn(&self, now_ms: u64) {
        let current = usize::from(self.current.load(Relaxed)) % BUCKETS;
        let empty = (0..BUCKETS).map(|i| (current + i) % BUCKETS).find(|&i| self.open[i].load(Relaxed) == 0);
        if let Some(bucket) = empty {
            self.born_ms[bucket].store(now_ms, Relaxed);
            self.current.store(bucket as u8, Relaxed);
        }
    }

    pub(crate) fn count(&self) -> u64 {
        self.open.iter().map(|open| u64::from(open.load(Relaxed))).sum()
    }

    /// The tick, in milliseconds, at which the oldest open reservation was opened at the earliest.
    pub(crate) fn oldest_ms(&self) -> Option<u64> {
        (0..BUCKETS).filter(|&i| self.open[i].load(Relaxed) > 0).map(|i| self.born(i)).min()
    }

    fn born(&self, bucket: usize) -> u64 {
        self.born_ms[bucket].load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_open_reservation_is_known_to_a_tick() {
        let ages = Ages::new(0);
        assert_eq!((ages.count(), ages.oldest_ms()), (0, None));
        let first = ages.open();
        ages.turn(1000);
        let second = ages.open();
        ages.turn(2000);
        assert_eq!((ages.count(), ages.oldest_ms()), (2, Some(0)));
        assert!(ages.is_older(first, second));
        ages.close(first);
        assert_eq!((ages.count(), ages.oldest_ms()), (1, Some(1000)));
        ages.close(second);
        assert_eq!((ages.count(), ages.oldest_ms()), (0, None));
    }

    #[test]
    fn with_all_buckets_held_the_oldest_stays_exact() {
        let ages = Ages::new(0);
        let mut held = Vec::new();
        for tick in 1..=40 {
            held.push(ages.open());
            ages.turn(tick * 1000);
        }
        assert_eq!((ages.count(), ages.oldest_ms()), (40, Some(0)));
        ages.close(held.remove(0));
        assert_eq!(ages.oldest_ms(), Some(1000));
        for bucket in held {
            ages.close(bucket);
        }
        assert_eq!((ages.count(), ages.oldest_ms()), (0, None));
        ages.turn(50_000);
        ages.open();
        assert_eq!(ages.oldest_ms(), Some(50_000));
    }
}
