//! Once a second: compares the ledger with the allocator and the kernel, and acts before memory runs out.

use std::time::Duration;

use base::{ByteCount, Clock, Error};
use tokio::sync::watch;

use crate::budget::Budget;
use crate::decide::{Decision, Drain, decide};
use crate::pressure::{NORMAL_PERCENT, Pressure};
use crate::process::ProcessFigures;
use crate::reclaim::Reclaim;
use crate::sample::{AllocatorStats, Sample};

/// Time between samples.
pub const SAMPLE_INTERVAL: Duration = Duration::from_secs(1);

/// Samples, decides and acts; owned by one task.
pub struct Reconciler {
    budget: Budget,
    allocator: Box<dyn AllocatorStats>,
    process: Box<dyn FnMut() -> ProcessFigures + Send>,
    resident: Drain,
    /// One per budget, the whole and each share, by path.
    ledgers: Vec<(String, Drain)>,
    latest: watch::Sender<Sample>,
}

impl std::fmt::Debug for Reconciler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reconciler").field("latest", &*self.latest.borrow()).finish_non_exhaustive()
    }
}

impl Reconciler {
    pub fn new(budget: Budget, allocator: Box<dyn AllocatorStats>) -> Self {
        Self::with_process(budget, allocator, Box::new(ProcessFigures::read))
    }

    /// With the kernel's figures from elsewhere, for tests.
    pub fn with_process(
        budget: Budget,
        allocator: Box<dyn AllocatorStats>,
        process: Box<dyn FnMut() -> ProcessFigures + Send>,
    ) -> Self {
        let (resident, latest) = (Drain::default(), watch::Sender::new(Sample::default()));
        Self { budget, allocator, process, resident, ledgers: Vec::new(), latest }
    }

    /// Follows the samples, for progress, metrics and reports.
    pub fn watch(&self) -> watch::Receiver<Sample> {
        self.latest.subscribe()
    }

    /// Takes a sample and publishes it, and does nothing about it.
    pub fn sample(&mut self, now: Duration) -> Sample {
        let fixed = self.budget.fixed_costs().iter().map(|(_, bytes)| *bytes).sum();
        // Work goes on meanwhile. The ledger is read before and after, and the larger figure counts: a batch that comes or
        // goes between two readings is no unaccounted memory.
        let before = self.budget.used();
        let allocator = self.allocator.figures();
        let process = (self.process)();
        let (ledger, borrowed) = (self.budget.used().max(before), self.budget.borrowed());
        let limit = self.budget.limit();
        let mut sample = Sample { at: now, limit, fixed, ledger, borrowed, allocator, process, worst_unaccounted: 0 };
        sample.worst_unaccounted = self.budget.note_unaccounted(sample.unaccounted());
        self.latest.send_replace(sample);
        sample
    }

    /// One round: a tick of the ledger, a sample, and what it calls for. What is returned was decided last, after the
    /// allocator was purged where that was called for.
    pub fn step(&mut self, now: Duration) -> Decision {
        self.budget.tick(now);
        let mut sample = self.sample(now);
        let mut level = self.resident.step(sample.resident(), sample.limit, sample.borrowed);
        let ledger = self.ledger_levels(&sample);
        let mut decision = decide(&sample, level.max(ledger), false);
        if decision == Decision::PurgeAllocator {
            self.allocator.purge();
            sample = self.sample(now);
            if !Pressure::Normal.next(sample.resident(), sample.limit).pauses_sources() {
                level = Pressure::Normal;
            }
            decision = decide(&sample, level.max(ledger), true);
        }
        self.press(level, &sample);
        decision
    }

    /// Runs until resident memory reaches the budget; the error carries the report.
    ///
    /// # Cancel safety
    /// May be dropped at any time.
    pub async fn run(mut self, clock: &dyn Clock) -> Error {
        loop {
            if self.step(clock.monotonic()) == Decision::StopWithReport {
                return self.out_of_memory();
            }
            tokio::time::sleep(SAMPLE_INTERVAL).await;
        }
    }

    /// The error with which the process stops itself.
    pub fn out_of_memory(&self) -> Error {
        let sample = *self.latest.borrow();
        let message = format!("resident memory has reached the budget: {} of {}", sample.resident(), sample.limit);
        Error::internal(message)
            .detail(crate::explain::explain(&self.budget.report(), &sample))
            .hint("start again, it resumes from its last commit; raise --memory if it recurs, and report what is above")
    }

    /// The account-by-account report of this moment; its last line is `sum = RSS +- n`.
    pub fn report(&mut self, now: Duration) -> String {
        let sample = self.sample(now);
        crate::explain::explain(&self.budget.report(), &sample)
    }

    /// What each ledger presses by itself; the highest of all.
    fn ledger_levels(&mut self, sample: &Sample) -> Pressure {
        let family = self.budget.family();
        self.ledgers.retain(|(path, _)| family.iter().any(|(other, _)| other == path));
        let mut highest = Pressure::Normal;
        for (path, budget) in &family {
            let fixed = budget.fixed_costs().iter().map(|(_, bytes)| *bytes).sum();
            let room = budget.limit().saturating_sub(fixed);
            let (used, borrowed) = (budget.used(), budget.borrowed());
            let level = self.drain_of(path).step(used, room, borrowed);
            budget.set_pressure(level);
            if level.pauses_sources() {
                ask(budget, level, used, room);
            }
            highest = highest.max(level);
        }
        tracing::trace!(ledger = sample.ledger.0, ?highest, "memory sampled");
        highest
    }

    fn drain_of(&mut self, path: &str) -> &mut Drain {
        let known = self.ledgers.iter().position(|(known, _)| known == path);
        let index = known.unwrap_or_else(|| {
            self.ledgers.push((path.to_owned(), Drain::default()));
            self.ledgers.len() - 1
        });
        &mut self.ledgers[index].1
    }

    /// Resident memory presses on everybody.
    fn press(&self, level: Pressure, sample: &Sample) {
        if !level.pauses_sources() {
            return;
        }
        for (_, budget) in self.budget.family() {
            budget.set_pressure(budget.pressure().max(level));
            ask(&budget, level, sample.resident(), sample.limit);
        }
    }
}

/// Asks for what brings `used` below the mark at which sources go on; under critical pressure for all that is borrowed.
fn ask(budget: &Budget, level: Pressure, used: ByteCount, limit: ByteCount) {
    let mark = ByteCount((u128::from(limit.0) * u128::from(NORMAL_PERCENT) / 100) as u64);
    let excess = used.saturating_sub(mark);
    let wanted = if level == Pressure::Critical { excess.max(budget.borrowed()) } else { excess };
    budget.ask_back(wanted, Reclaim::EarlyCommit);
}
