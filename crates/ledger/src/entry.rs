//! One account's line in the ledger, and the two moves on it: take and give.
//!
//! Invariants, at every moment and under any interleaving:
//! - what lies above the floors is never more than what was taken from the pool: taking goes to the pool first and to the
//!   account second, giving the other way round;
//! - `used` changes by successful moves only, so a failed attempt is invisible to everybody else in the account, and an
//!   attempt that fits the floor never looks at the pool: nobody can make it fail.

use std::sync::atomic::{AtomicU64 as Statistic, Ordering::Relaxed};

use crate::ages::Ages;
use crate::pool::{BYTES_MAX, Borrower, Pool};
use crate::sync::{AtomicU64, Ordering};

/// Set in `used` while the account has waiters: who gives bytes back serves them.
const WAITERS: u64 = 1 << 63;
/// Set in `used` while the pool is closed for the sake of this account's first waiter.
const OLDEST: u64 = 1 << 62;
const BYTES: u64 = OLDEST - 1;

#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct Entry {
    used: AtomicU64,
    floor: u64,
    peak: Statistic,
    pub(crate) ages: Ages,
    pub(crate) id: u64,
    pub(crate) name: String,
    /// The option that sizes the account's units, for messages.
    pub(crate) setting: Option<String>,
}

/// Whom a request may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// Nobody who waits in the account's line: a request that is ready to wait itself.
    Queued,
    /// Everybody: a step under way, which would hold up what the waiters wait for, or the first in line.
    Now,
}

/// What an attempt came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) struct Attempt {
    pub(crate) taken: bool,
    /// Bytes went back to the pool and somebody waits for them.
    pub(crate) serve: bool,
}

impl Entry {
    pub(crate) fn new(id: u64, name: String, floor: u64, setting: Option<String>, now_ms: u64) -> Self {
        let (used, peak, ages) = (AtomicU64::new(0), Statistic::new(0), Ages::new(now_ms));
        Self { used, floor: floor.min(BYTES_MAX), peak, ages, id, name, setting }
    }

    pub(crate) fn floor(&self) -> u64 {
        self.floor
    }

    pub(crate) fn used(&self) -> u64 {
        self.used.load(Ordering::Acquire) & BYTES
    }

    /// What it holds above its floor.
    pub(crate) fn borrowed(&self) -> u64 {
        self.above_floor(self.used())
    }

    pub(crate) fn peak(&self) -> u64 {
        self.peak.load(Relaxed)
    }

    pub(crate) fn reset_peak(&self) {
        self.peak.store(self.used(), Relaxed);
    }

    pub(crate) fn announce_waiters(&self, any: bool) {
        self.flag(WAITERS, any);
    }

    /// Whether this account may borrow from a closed pool. All of it may, not its waiter alone: what the waiter waits for
    /// may be held by a step of the same account.
    pub(crate) fn prefer(&self, oldest: bool) {
        self.flag(OLDEST, oldest);
    }

    fn flag(&self, flag: u64, on: bool) {
        if on {
            self.used.fetch_or(flag, Ordering::AcqRel);
        } else {
            self.used.fetch_and(!flag, Ordering::AcqRel);
        }
    }

    fn above_floor(&self, used: u64) -> u64 {
        used.saturating_sub(self.floor)
    }

    /// Takes `n` bytes, from the floor first and then from the pool, all or nothing.
    pub(crate) fn take(&self, pool: &Pool, n: u64, claim: Claim) -> Attempt {
        if n > BYTES_MAX {
            return Attempt { taken: false, serve: false };
        }
        // What this attempt has taken from the pool and not yet handed to the account.
        let mut lent = 0;
        let mut word = self.used.load(Ordering::Acquire);
        loop {
            let used = word & BYTES;
            let needed = self.above_floor(used + n) - self.above_floor(used);
            let borrower = if word & OLDEST == 0 { Borrower::Any } else { Borrower::Oldest };
            let behind_waiters = claim == Claim::Queued && word & WAITERS != 0;
            if behind_waiters || (needed > lent && !pool.take(needed - lent, borrower)) {
                // The account may have shrunk meanwhile and need less of the pool; then this is not a refusal.
                let now = self.used.load(Ordering::Acquire);
                if now == word || behind_waiters {
                    return Attempt { taken: false, serve: lent > 0 && pool.give(lent) };
                }
                word = now;
                continue;
            }
            lent = lent.max(needed);
            match self.used.compare_exchange_weak(word, word + n, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => {
                    self.note_peak(used + n);
                    let excess = lent - needed;
                    return Attempt { taken: true, serve: excess > 0 && pool.give(excess) };
                }
                Err(now) => word = now,
            }
        }
    }

    /// Gives `n` bytes back; true if somebody waits and must be served.
    #[must_use]
    pub(crate) fn give(&self, pool: &Pool, n: u64) -> bool {
        let word = self.used.fetch_sub(n, Ordering::AcqRel);
        let used = word & BYTES;
        debug_assert!(used >= n, "'{}' gives back {n} of {used} bytes", self.name);
        let returned = self.above_floor(used) - self.above_floor(used - n);
        let pool_waiters = returned > 0 && pool.give(returned);
        word & WAITERS != 0 || pool_waiters
    }

    fn note_peak(&self, used: u64) {
        if used > self.peak.load(Relaxed) {
            self.peak.fetch_max(used, Relaxed);
        }
    }
}
