//! Asking for memory back.
//!
//! A stage that holds memory it could give up (read ahead, a sort run that can be spilled, a row group that can be
//! written, a commit that can come early) registers a [`Reclaimer`]. The ledger only ever *asks*: it sets a number and
//! calls a waker, under no lock. The stage answers between its steps, by freeing reservations; it never reserves for it.
//! A driver that waits for memory answers as well ([`crate::Account::reserve_or_reclaim`]): who waits is also a victim.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use base::ByteCount;

use crate::entry::Entry;
use crate::waker::Waker;

/// What a reclaimer gives up, in the order in which they are asked: cheapest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reclaim {
    /// Fetched and not yet looked at: fetched again later.
    ReadAhead,
    /// Sorted in memory: spilled.
    SortRun,
    /// Columns collected for a Parquet row group: the group is written smaller.
    RowGroup,
    /// Everything since the last commit: a commit comes early.
    EarlyCommit,
}

/// An ask that was not answered for so many rounds (of the ledger's tick) no longer counts as memory on its way.
const ANSWER_ROUNDS: u64 = 2;

#[derive(Debug)]
pub(crate) struct Slot {
    kind: Reclaim,
    /// Where the memory is, if it is all in one account.
    entry: Option<Arc<Entry>>,
    /// What the stage says it could free; `u64::MAX` means all that its account holds.
    offer: AtomicU64,
    /// What it is asked for; 0 when nothing.
    asked: AtomicU64,
    asked_round: AtomicU64,
    waker: Waker,
    task: Mutex<Option<std::task::Waker>>,
}

/// The reclaimers of a budget, in the order in which they are asked.
#[derive(Debug, Default)]
pub(crate) struct Reclaimers {
    slots: Mutex<VecDeque<Arc<Slot>>>,
    round: AtomicU64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Slot {
    fn could_free(&self) -> u64 {
        let held = self.entry.as_ref().map_or(u64::MAX, |entry| entry.used());
        self.offer.load(Ordering::Relaxed).min(held)
    }

    fn wake(&self) {
        self.waker.wake();
        let task = lock(&self.task).take();
        if let Some(task) = task {
            task.wake();
        }
    }
}

impl Reclaimers {
    pub(crate) fn register(&self, kind: Reclaim, entry: Option<Arc<Entry>>, waker: Waker) -> Arc<Slot> {
        let offer = AtomicU64::new(if entry.is_some() { u64::MAX } else { 0 });
        let slot = Arc::new(Slot {
            kind,
            entry,
            offer,
            asked: AtomicU64::new(0),
            asked_round: AtomicU64::new(0),
            waker,
            task: Mutex::new(None),
        });
        let mut slots = lock(&self.slots);
        let place = slots.partition_point(|other| other.kind <= kind);
        slots.insert(place, slot.clone());
        slot
    }

    pub(crate) fn remove(&self, slot: &Arc<Slot>) {
        lock(&self.slots).retain(|other| !Arc::ptr_eq(other, slot));
    }

    /// A tick: asks grow old.
    pub(crate) fn tick(&self) {
        self.round.fetch_add(1, Ordering::Relaxed);
    }

    /// Asks, in order and up to the kind `last`, until what is asked for covers `wanted`; within a kind the largest
    /// holder first. What was asked for lately and not answered yet counts. Returns what is now on its way.
    pub(crate) fn ask(&self, wanted: u64, last: Reclaim) -> u64 {
        let round = self.round.load(Ordering::Relaxed);
        let mut candidates: Vec<Arc<Slot>> =
            lock(&self.slots).iter().filter(|slot| slot.kind <= last).cloned().collect();
        candidates.sort_by_key(|slot| (slot.kind, std::cmp::Reverse(slot.could_free())));
        let mut covered = 0;
        for slot in candidates {
            if covered >= wanted {
                break;
            }
            let pending = slot.asked.load(Ordering::Acquire);
            if pending > 0 {
                let fresh = round.saturating_sub(slot.asked_round.load(Ordering::Relaxed)) < ANSWER_ROUNDS;
                covered += if fresh { pending } else { 0 };
                continue;
            }
            let ask = slot.could_free().min(wanted - covered);
            if ask > 0 {
                slot.asked_round.store(round, Ordering::Relaxed);
                slot.asked.store(ask, Ordering::Release);
                slot.wake();
                covered += ask;
            }
        }
        covered
    }
}

/// A stage's place among those who can give memory back; dropping it takes it off the list.
#[derive(Debug)]
pub struct Reclaimer {
    slot: Arc<Slot>,
    home: Arc<Reclaimers>,
}

impl Reclaimer {
    pub(crate) fn new(home: Arc<Reclaimers>, kind: Reclaim, entry: Option<Arc<Entry>>, waker: Waker) -> Self {
        Self { slot: home.register(kind, entry, waker), home }
    }

    /// Says how much the stage could free if asked. Until it says, that is all its account holds; nothing where it was
    /// registered without an account.
    pub fn offer(&self, bytes: ByteCount) {
        self.slot.offer.store(bytes.0, Ordering::Relaxed);
    }

    /// What the stage is asked to free, if anything; it stays asked until [`Self::answer`].
    pub fn asked(&self) -> Option<ByteCount> {
        let asked = self.slot.asked.load(Ordering::Acquire);
        (asked > 0).then_some(ByteCount(asked))
    }

    /// The stage has freed what it could; it may be asked again.
    pub fn answer(&self) {
        self.slot.asked.store(0, Ordering::Release);
    }

    /// Waits until the stage is asked.
    ///
    /// # Cancel safety
    /// The request stays when the future is dropped.
    pub async fn requested(&self) -> ByteCount {
        std::future::poll_fn(|context| self.poll_requested(context)).await
    }

    /// [`Self::requested`] for hand-written futures and drivers. Keeps one waker: one task waits for a reclaimer.
    pub fn poll_requested(&self, context: &mut Context<'_>) -> Poll<ByteCount> {
        let before = lock(&self.slot.task).replace(context.waker().clone());
        drop(before);
        // The last look, after the waker is there.
        self.asked().map_or(Poll::Pending, Poll::Ready)
    }
}

impl Drop for Reclaimer {
    fn drop(&mut self) {
        self.home.remove(&self.slot);
    }
}
