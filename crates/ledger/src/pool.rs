//! The shared pool: the bytes of a budget that belong to nobody's floor.
//!
//! One word holds everything that a borrower and a waiter must see together:
//!
//! ```text
//! bits 2..64  bytes that can be lent now, signed; negative while floors exceed the budget (no start, or a new account)
//! bit 1       CLOSED: a waiter has waited too long, no account but its own may borrow
//! bit 0       WAITERS: somebody waits; whoever gives bytes back must serve the waiters
//! ```
//!
//! A waiter sets WAITERS by a read-modify-write before it looks a last time, a giver adds by a read-modify-write: one of
//! the two comes first in the word's modification order, so either the waiter sees the bytes or the giver sees the waiter.

use crate::sync::{AtomicI64, Ordering};

const WAITERS: i64 = 1;
const CLOSED: i64 = 2;
const SHIFT: u32 = 2;

/// No budget, account or request is larger (64 PiB); keeps every sum below within 62 bits.
pub(crate) const BYTES_MAX: u64 = 1 << 56;

#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct Pool {
    word: AtomicI64,
}

/// Who borrows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Borrower {
    /// Anybody: refused while the pool is closed.
    Any,
    /// The account for whose waiter the pool was closed.
    Oldest,
}

impl Pool {
    pub(crate) fn new(bytes: u64) -> Self {
        Self { word: AtomicI64::new((bytes as i64) << SHIFT) }
    }

    /// Takes `n` bytes, all or nothing.
    pub(crate) fn take(&self, n: u64, borrower: Borrower) -> bool {
        let asked = (n as i64) << SHIFT;
        let mut word = self.word.load(Ordering::Acquire);
        loop {
            let closed = word & CLOSED != 0 && borrower == Borrower::Any;
            if closed || (word >> SHIFT) < n as i64 {
                return false;
            }
            match self.word.compare_exchange_weak(word, word - asked, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return true,
                Err(now) => word = now,
            }
        }
    }

    /// Gives `n` bytes back; true if somebody waits and must be served.
    #[must_use]
    pub(crate) fn give(&self, n: u64) -> bool {
        self.word.fetch_add((n as i64) << SHIFT, Ordering::AcqRel) & WAITERS != 0
    }

    /// Sets `n` bytes aside whether they are there or not (fixed costs and floors; `check` refuses what does not fit).
    pub(crate) fn commit(&self, n: u64) {
        self.word.fetch_sub((n as i64) << SHIFT, Ordering::AcqRel);
    }

    /// What is lent although it was set aside since; 0 as a rule.
    pub(crate) fn overdrawn(&self) -> u64 {
        (self.word.load(Ordering::Acquire) >> SHIFT).min(0).unsigned_abs()
    }

    pub(crate) fn announce_waiters(&self, any: bool) {
        self.flag(WAITERS, any);
    }

    pub(crate) fn close(&self, closed: bool) {
        self.flag(CLOSED, closed);
    }

    fn flag(&self, flag: i64, on: bool) {
        if on {
            self.word.fetch_or(flag, Ordering::AcqRel);
        } else {
            self.word.fetch_and(!flag, Ordering::AcqRel);
        }
    }
}
