//! Lending with waiting: the pool, who waits for what, and in which order they are served.
//!
//! - Waiters are first come, first served within an account; between accounts the order of arrival is the order of
//!   asking, but a small request may be served before an older one that does not fit yet.
//! - Only those who wait have an order. A step under way (`try_reserve`, `try_grow`) takes what is there: were it held up
//!   by a waiter of its own account, the two could wait for each other.
//! - So that the large one is not starved, a waiter that has waited for [`CLOSES_AFTER_MS`] closes the pool: until it is
//!   served no other account borrows. Floors stay open, hence everybody still makes progress and the pool fills up.
//! - Bytes are handed over by whoever gives them back, under the lock of the queue; wakers are called after it.
//!
//! Whoever gives bytes back looks at two flags in words that it changes anyway (see `pool` and `entry`); the lock here is
//! taken only while somebody waits.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;

use crate::entry::{Claim, Entry};
use crate::pool::{Borrower, Pool};
use crate::sync::{AtomicI64, Mutex, Ordering, lock};

/// How long a waiter whose request exceeds its floor tolerates that others borrow before it.
pub(crate) const CLOSES_AFTER_MS: u64 = 2_000;

#[derive(Debug)]
pub(crate) struct Lending {
    pub(crate) pool: Pool,
    /// What the pool holds when nobody borrows; negative while floors exceed the budget.
    lendable: AtomicI64,
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    /// One line per account with waiters, in the order of their first waiter's arrival.
    lines: VecDeque<Line>,
    /// The account for which the pool is closed.
    closed_for: Option<Arc<Entry>>,
    /// The last tick.
    now_ms: u64,
    /// Numbers the tickets in the order of arrival.
    arrivals: u64,
}

#[derive(Debug)]
struct Line {
    entry: Arc<Entry>,
    tickets: VecDeque<Arc<Ticket>>,
}

/// A place in an account's line.
#[derive(Debug)]
pub(crate) struct Ticket {
    wanted: u64,
    arrival: u64,
    since_ms: u64,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    Waiting(Waker),
    Granted,
    /// Floors that were opened meanwhile have made the request larger than the account can ever hold.
    Refused,
}

/// What a ticket has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    Waits,
    Granted,
    Refused,
}

impl Ticket {
    /// Where it stands; keeps `waker` if it still waits.
    pub(crate) fn poll(&self, waker: &Waker) -> Turn {
        let mut state = lock(&self.state);
        match &mut *state {
            State::Granted => Turn::Granted,
            State::Refused => Turn::Refused,
            State::Waiting(kept) => {
                kept.clone_from(waker);
                Turn::Waits
            }
        }
    }

    fn settle(&self, outcome: State) -> Option<Waker> {
        match std::mem::replace(&mut *lock(&self.state), outcome) {
            State::Waiting(waker) => Some(waker),
            State::Granted | State::Refused => None,
        }
    }
}

impl Lending {
    pub(crate) fn new(bytes: u64) -> Self {
        let waiting = Mutex::new(Waiting::default());
        Self { pool: Pool::new(bytes), lendable: AtomicI64::new(bytes as i64), waiting }
    }

    /// Takes `n` bytes for `entry` now, or says no.
    pub(crate) fn take(&self, entry: &Entry, n: u64, claim: Claim) -> bool {
        let attempt = entry.take(&self.pool, n, claim);
        if attempt.serve {
            self.serve();
        }
        attempt.taken
    }

    pub(crate) fn give(&self, entry: &Entry, n: u64) {
        if entry.give(&self.pool, n) {
            self.serve();
        }
    }

    /// The most that `entry` could hold if nobody else borrowed.
    pub(crate) fn most(&self, entry: &Entry) -> u64 {
        entry.floor() + self.lendable()
    }

    /// What the pool holds when nobody borrows.
    pub(crate) fn lendable(&self) -> u64 {
        self.lendable.load(Ordering::Acquire).max(0) as u64
    }

    /// Sets bytes aside for a floor or a fixed cost, whether they are there or not.
    pub(crate) fn commit(&self, n: u64) {
        self.lendable.fetch_sub(n as i64, Ordering::AcqRel);
        self.pool.commit(n);
        self.serve();
    }

    /// Sets bytes aside only if nobody has borrowed them.
    pub(crate) fn try_commit(&self, n: u64) -> bool {
        let taken = self.pool.take(n, Borrower::Any);
        if taken {
            self.lendable.fetch_sub(n as i64, Ordering::AcqRel);
            self.serve();
        }
        taken
    }

    /// Undoes [`Self::commit`].
    pub(crate) fn release(&self, n: u64) {
        self.lendable.fetch_add(n as i64, Ordering::AcqRel);
        if self.pool.give(n) {
            self.serve();
        }
    }

    /// Joins the line of `entry`. The ticket may be granted at once.
    pub(crate) fn join(&self, entry: &Arc<Entry>, wanted: u64, waker: &Waker) -> Arc<Ticket> {
        let mut waiting = lock(&self.waiting);
        let state = Mutex::new(State::Waiting(waker.clone()));
        waiting.arrivals += 1;
        let (arrival, since_ms) = (waiting.arrivals, waiting.now_ms);
        let ticket = Arc::new(Ticket { wanted, arrival, since_ms, state });
        let line = waiting.lines.iter_mut().find(|line| line.entry.id == entry.id);
        match line {
            Some(line) => line.tickets.push_back(ticket.clone()),
            None => {
                let tickets = VecDeque::from([ticket.clone()]);
                waiting.lines.push_back(Line { entry: entry.clone(), tickets });
                self.pool.announce_waiters(true);
                entry.announce_waiters(true);
            }
        }
        // The last look, after the flags are up: from now on whoever gives bytes back sees them.
        let woken = waiting.serve(self);
        drop(waiting);
        wake(woken);
        ticket
    }

    /// Leaves the line, whatever the ticket has come to; bytes already granted go to the next.
    pub(crate) fn leave(&self, entry: &Entry, ticket: &Arc<Ticket>) {
        let mut waiting = lock(&self.waiting);
        if let Some(line) = waiting.lines.iter_mut().find(|line| line.entry.id == entry.id) {
            line.tickets.retain(|other| !Arc::ptr_eq(other, ticket));
        }
        waiting.reopen(self, entry);
        // Grants happen under this lock only, so what the ticket says now is final.
        if matches!(*lock(&ticket.state), State::Granted) {
            let _served_in_any_case = entry.give(&self.pool, ticket.wanted);
        }
        let woken = waiting.serve(self);
        drop(waiting);
        wake(woken);
    }

    /// Hands out what came back.
    pub(crate) fn serve(&self) {
        let woken = lock(&self.waiting).serve(self);
        wake(woken);
    }

    /// A tick: closes the pool for the oldest waiter that needs it. Returns how many bytes that waiter lacks.
    pub(crate) fn tick(&self, now_ms: u64) -> Option<u64> {
        let mut waiting = lock(&self.waiting);
        waiting.now_ms = now_ms;
        let starved = waiting.lines.iter().find_map(|line| {
            let ticket = line.tickets.front()?;
            let old = now_ms.saturating_sub(ticket.since_ms) >= CLOSES_AFTER_MS;
            (old && ticket.wanted > line.entry.floor()).then(|| (line.entry.clone(), ticket.wanted))
        });
        let (entry, wanted) = starved?;
        if waiting.closed_for.is_none() {
            entry.prefer(true);
            waiting.closed_for = Some(entry);
            self.pool.close(true);
        }
        let woken = waiting.serve(self);
        drop(waiting);
        wake(woken);
        Some(wanted)
    }

    /// How many requests wait.
    pub(crate) fn waiters(&self) -> usize {
        lock(&self.waiting).lines.iter().map(|line| line.tickets.len()).sum()
    }
}

impl Waiting {
    /// Serves every line as far as bytes go; returns whom to wake once the lock is released.
    #[must_use]
    fn serve(&mut self, lending: &Lending) -> Vec<Waker> {
        let mut woken = Vec::new();
        let mut again = true;
        while again {
            again = false;
            for index in 0..self.lines.len() {
                let entry = self.lines[index].entry.clone();
                let oldest = self.is_closed_for(&entry);
                let served = self.lines[index].serve(lending, oldest, &mut woken);
                again |= served.excess_returned;
                if oldest && served.tickets > 0 {
                    self.reopen(lending, &entry);
                    again = true;
                }
            }
        }
        if !self.lines.is_empty() {
            self.tidy(lending);
        }
        woken
    }

    /// Drops the lines that have ended and brings the others back into the order of arrival.
    fn tidy(&mut self, lending: &Lending) {
        self.lines.retain(|line| {
            if line.tickets.is_empty() {
                line.entry.announce_waiters(false);
            }
            !line.tickets.is_empty()
        });
        self.lines.make_contiguous().sort_by_key(|line| line.tickets.front().map(|ticket| ticket.arrival));
        if self.lines.is_empty() {
            lending.pool.announce_waiters(false);
        }
    }

    fn is_closed_for(&self, entry: &Entry) -> bool {
        self.closed_for.as_ref().is_some_and(|oldest| oldest.id == entry.id)
    }

    /// Opens the pool again if it was closed for this account.
    fn reopen(&mut self, lending: &Lending, entry: &Entry) {
        if self.is_closed_for(entry) {
            self.closed_for = None;
            entry.prefer(false);
            lending.pool.close(false);
        }
    }
}

/// What serving a line came to.
#[derive(Default)]
struct Served {
    tickets: usize,
    /// Bytes went back to the pool on the way, so that earlier lines deserve another look.
    excess_returned: bool,
}

impl Line {
    /// Serves this line; `oldest` if the pool is closed for it, which holds for one ticket.
    fn serve(&mut self, lending: &Lending, oldest: bool, woken: &mut Vec<Waker>) -> Served {
        let mut served = Served::default();
        while let Some(ticket) = self.tickets.front() {
            let outcome = if ticket.wanted > lending.most(&self.entry) {
                State::Refused
            } else {
                let attempt = self.entry.take(&lending.pool, ticket.wanted, Claim::Now);
                served.excess_returned |= attempt.serve;
                if !attempt.taken {
                    break;
                }
                State::Granted
            };
            woken.extend(ticket.settle(outcome));
            self.tickets.pop_front();
            served.tickets += 1;
            if oldest {
                break;
            }
        }
        served
    }
}

fn wake(wakers: Vec<Waker>) {
    for waker in wakers {
        waker.wake();
    }
}
