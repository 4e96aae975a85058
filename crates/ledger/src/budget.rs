//! The budget of the process or of one part of it: its limit, its fixed costs, its accounts' floors, and the pool that
//! accounts borrow from.
//!
//! A budget can be divided into shares ([`Budget::share`]): budgets of their own whose bytes are taken off the parent's
//! pool for good. Shares lend each other nothing, so that the embedded broker and the job in one process cannot wait for
//! each other's memory in a circle.

use std::sync::atomic::{AtomicI64 as Statistic, Ordering::Relaxed};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use base::ByteCount;
use tokio::sync::watch;

use crate::entry::Entry;
use crate::lending::Lending;
use crate::oversize::{Oversize, OversizeLease};
use crate::pool::BYTES_MAX;
use crate::pressure::{Pressure, PressureWatch};
use crate::reclaim::{Reclaim, Reclaimers};
use crate::sync::{Mutex, lock};

/// The memory that the operator gave. Cheap to clone; all clones are the same budget.
#[derive(Clone, Debug)]
pub struct Budget {
    pub(crate) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    name: Option<String>,
    limit: u64,
    pub(crate) lending: Lending,
    pub(crate) reclaimers: Arc<Reclaimers>,
    registry: Mutex<Registry>,
    pressure: watch::Sender<Pressure>,
    oversize: Oversize,
    parent: Option<Arc<Shared>>,
    trim: OnceLock<fn()>,
    /// The most that was ever found allocated without a reservation.
    worst_unaccounted: Statistic,
}

/// Everything that has a name. Locked when something opens or closes and for reports, never to reserve or release.
#[derive(Debug, Default)]
struct Registry {
    fixed: Vec<(String, u64)>,
    entries: Vec<Arc<Entry>>,
    shares: Vec<Weak<Shared>>,
    opened: u64,
    now_ms: u64,
}

/// What a new account is to be.
#[derive(Clone, Debug, Default)]
pub struct AccountOptions {
    /// Who holds the bytes, as a path: `source/orders/fetch`. A name that is open already gets a suffix, `#2`.
    pub name: String,
    /// The largest unit that its owner must hold to make progress; nobody else can take it.
    pub floor: ByteCount,
    /// The option of the job that sizes this unit, for messages: `properties.fetch.max.bytes`.
    pub setting: Option<String>,
}

impl Budget {
    pub fn new(limit: ByteCount) -> Self {
        Self { shared: Arc::new(Shared::new(None, limit.0.min(BYTES_MAX), None)) }
    }

    /// Divides: a budget of `bytes` that nobody outside of it can borrow from, and that borrows from nobody. Its bytes
    /// come back when it and all its accounts are dropped. [`Budget::check`] refuses shares that do not fit. A name that
    /// is in use gets a suffix, `#2`.
    pub fn share(&self, name: impl Into<String>, bytes: ByteCount) -> Self {
        let bytes = bytes.0.min(BYTES_MAX);
        let siblings = self.shares();
        let name = free_name(name.into(), |name| siblings.iter().any(|share| share.name() == Some(name)));
        let shared = Arc::new(Shared::new(Some(name), bytes, Some(self.shared.clone())));
        self.shared.lending.commit(bytes);
        lock(&self.shared.registry).shares.push(Arc::downgrade(&shared));
        Self { shared }
    }

    /// The name of a share; `None` for the whole.
    pub fn name(&self) -> Option<&str> {
        self.shared.name.as_deref()
    }

    pub fn limit(&self) -> ByteCount {
        ByteCount(self.shared.limit)
    }

    /// Sets aside what the process costs before it holds any data: code, stacks, runtime, allocator slack.
    pub fn fixed(&self, name: impl Into<String>, bytes: ByteCount) {
        let bytes = bytes.0.min(BYTES_MAX);
        lock(&self.shared.registry).fixed.push((name.into(), bytes));
        self.shared.lending.commit(bytes);
    }

    /// All bytes reserved now, shares included.
    pub fn used(&self) -> ByteCount {
        let own: u64 = self.entries().iter().map(|entry| entry.used()).sum();
        self.shares().iter().map(Self::used).fold(ByteCount(own), ByteCount::saturating_add)
    }

    /// All bytes that accounts hold above their floors now, shares included.
    pub fn borrowed(&self) -> ByteCount {
        let own: u64 = self.entries().iter().map(|entry| entry.borrowed()).sum();
        self.shares().iter().map(Self::borrowed).fold(ByteCount(own), ByteCount::saturating_add)
    }

    /// What accounts may borrow beyond their floors, all together.
    pub fn pool(&self) -> ByteCount {
        ByteCount(self.shared.lending.lendable())
    }

    /// How many requests wait for memory, shares included.
    pub fn waiters(&self) -> usize {
        self.shares().iter().map(Self::waiters).fold(self.shared.lending.waiters(), |sum, n| sum + n)
    }

    /// Takes the lease for an oversize record: one per share at a time, taken before any other wait.
    ///
    /// # Cancel safety
    /// The place in the line is lost when the future is dropped.
    pub async fn oversize(&self) -> OversizeLease {
        self.shared.oversize.lease().await
    }

    /// The lease if it is free, for drivers that do not wait here.
    pub fn try_oversize(&self) -> Option<OversizeLease> {
        self.shared.oversize.try_lease()
    }

    pub fn pressure(&self) -> Pressure {
        *self.shared.pressure.borrow()
    }

    pub fn watch_pressure(&self) -> PressureWatch {
        PressureWatch::new(self.shared.pressure.subscribe())
    }

    /// Sets the pressure on this budget; the reconciler does, once a second.
    pub fn set_pressure(&self, level: Pressure) {
        self.shared.pressure.send_if_modified(|now| std::mem::replace(now, level) != level);
    }

    /// Says how the allocator gives its free pages back to the kernel; the first one counts.
    pub fn trim_with(&self, trim: fn()) {
        self.shared.trim.get_or_init(|| trim);
    }

    /// Gives the allocator's free pages back to the kernel now. For a stage that has just freed some MiB that nobody
    /// needs again at once (a sort run, a row group): until pages are given back they are resident, and the next stage
    /// comes on top. Costs a system call and, later, a page fault per 4 KiB used anew.
    pub fn trim(&self) {
        let mut shared = &self.shared;
        while let Some(parent) = &shared.parent {
            shared = parent;
        }
        if let Some(trim) = shared.trim.get() {
            trim();
        }
    }

    /// Asks reclaimers, in order up to the kind `last`, to free `wanted` bytes; returns what is on its way.
    pub fn ask_back(&self, wanted: ByteCount, last: Reclaim) -> ByteCount {
        ByteCount(self.shared.reclaimers.ask(wanted.0, last))
    }

    /// A tick of the ledger's clock, about once a second: ages of reservations advance, and a waiter that others have
    /// overtaken for two seconds closes the pool and asks reclaimers for what it needs.
    pub fn tick(&self, now: Duration) {
        let now_ms = now.as_millis() as u64;
        lock(&self.shared.registry).now_ms = now_ms;
        for entry in self.entries() {
            entry.ages.turn(now_ms);
        }
        self.shared.reclaimers.tick();
        if let Some(wanted) = self.shared.lending.tick(now_ms) {
            self.shared.reclaimers.ask(wanted, Reclaim::EarlyCommit);
        }
        self.ask_back_overdraft();
        for share in self.shares() {
            share.tick(now);
        }
    }

    /// Forgets the peaks: from now on an account's peak is what it reaches from here.
    pub fn reset_peaks(&self) {
        for entry in self.entries() {
            entry.reset_peak();
        }
        for share in self.shares() {
            share.reset_peaks();
        }
    }

    /// Opens a line in the ledger. What others have borrowed of its floor is asked back.
    pub(crate) fn open_entry(&self, options: AccountOptions) -> Arc<Entry> {
        self.shared.lending.commit(options.floor.0.min(BYTES_MAX));
        self.ask_back_overdraft();
        self.list_entry(options)
    }

    fn ask_back_overdraft(&self) {
        let overdrawn = self.shared.lending.pool.overdrawn();
        if overdrawn > 0 {
            self.shared.reclaimers.ask(overdrawn, Reclaim::EarlyCommit);
        }
    }

    /// Opens a line in the ledger if nobody has borrowed its floor.
    pub(crate) fn try_open_entry(&self, options: AccountOptions) -> Option<Arc<Entry>> {
        let floor = options.floor.0.min(BYTES_MAX);
        self.shared.lending.try_commit(floor).then(|| self.list_entry(options))
    }

    fn list_entry(&self, options: AccountOptions) -> Arc<Entry> {
        let mut registry = lock(&self.shared.registry);
        registry.opened += 1;
        let name = free_name(options.name, |name| registry.entries.iter().any(|entry| entry.name == name));
        let entry = Arc::new(Entry::new(registry.opened, name, options.floor.0, options.setting, registry.now_ms));
        registry.entries.push(entry.clone());
        entry
    }

    /// Takes a line off the ledger and gives its floor back to the pool.
    pub(crate) fn close_entry(&self, entry: &Entry) {
        debug_assert_eq!(entry.used(), 0, "'{}' closes with open reservations", entry.name);
        lock(&self.shared.registry).entries.retain(|other| other.id != entry.id);
        self.shared.lending.release(entry.floor());
    }

    pub(crate) fn entries(&self) -> Vec<Arc<Entry>> {
        lock(&self.shared.registry).entries.clone()
    }

    /// The shares that live. (Dropping one here takes the registry's lock, so it is released before.)
    pub(crate) fn shares(&self) -> Vec<Self> {
        let weak = lock(&self.shared.registry).shares.clone();
        weak.iter().filter_map(Weak::upgrade).map(|shared| Self { shared }).collect()
    }

    /// This budget and all shares below it, with their paths (`broker/log`); this one's is empty.
    pub(crate) fn family(&self) -> Vec<(String, Self)> {
        let mut family = vec![(String::new(), self.clone())];
        for share in self.shares() {
            let name = share.name().unwrap_or_default().to_owned();
            family.extend(share.family().into_iter().map(|(path, budget)| match path.as_str() {
                "" => (name.clone(), budget),
                below => (format!("{name}/{below}"), budget),
            }));
        }
        family
    }

    /// Notes what was found unaccounted for; returns the most so far.
    pub(crate) fn note_unaccounted(&self, bytes: i64) -> i64 {
        self.shared.worst_unaccounted.fetch_max(bytes, Relaxed).max(bytes)
    }

    pub(crate) fn fixed_costs(&self) -> Vec<(String, ByteCount)> {
        lock(&self.shared.registry).fixed.iter().map(|(name, bytes)| (name.clone(), ByteCount(*bytes))).collect()
    }

    /// The time of the last tick.
    pub(crate) fn now_ms(&self) -> u64 {
        lock(&self.shared.registry).now_ms
    }
}

/// `name`, or `name#2`, `name#3`, … if that is taken already.
fn free_name(name: String, taken: impl Fn(&str) -> bool) -> String {
    let mut candidate = name.clone();
    let mut n = 1;
    while taken(&candidate) {
        n += 1;
        candidate = format!("{name}#{n}");
    }
    candidate
}

impl Shared {
    fn new(name: Option<String>, limit: u64, parent: Option<Arc<Self>>) -> Self {
        Self {
            name,
            limit,
            lending: Lending::new(limit),
            reclaimers: Arc::default(),
            registry: Mutex::new(Registry::default()),
            pressure: watch::Sender::new(Pressure::Normal),
            oversize: Oversize::new(),
            parent,
            trim: OnceLock::new(),
            worst_unaccounted: Statistic::new(0),
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(parent) = &self.parent {
            lock(&parent.registry).shares.retain(|share| share.strong_count() > 0);
            parent.lending.release(self.limit);
        }
    }
}
