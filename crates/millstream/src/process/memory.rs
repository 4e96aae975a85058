//! The memory of the process: its budget, what it costs before it holds data, and the watch over it.

use std::sync::Arc;

use crate::allocator::Jemalloc;
use base::{ByteCount, Clock, Error, Result};
use ledger::{Budget, Reconciler, Sample, default_budget};

/// All code ([`super::code`]), thread stacks, the I/O runtime, SQLite's and jemalloc's own: the RSS of a planned job that
/// waits for data, rounded up (docs/results.md).
pub(crate) const JOB: ByteCount = ByteCount::mib(23);

/// The same of a broker, and what of its code comes into memory with the first requests.
pub(crate) const BROKER: ByteCount = ByteCount::mib(16);

/// What the allocator holds beyond what is in use: partly filled size classes and pages that wait a twentieth of a second to go
/// back. It grows with what flows, so it is a part of the budget: an eighth, within these bounds.
const SLACK_MIN: ByteCount = ByteCount::mib(6);
const SLACK_MAX: ByteCount = ByteCount::mib(64);

/// The budget of this process: `--memory`, or the default of this machine, with the fixed costs set aside: what a `process`
/// of its kind takes, and the allocator.
pub(crate) fn budget(memory: Option<ByteCount>, process: ByteCount) -> Budget {
    let limit = memory.unwrap_or_else(default_budget);
    let budget = Budget::new(limit);
    budget.trim_with(crate::allocator::purge);
    budget.fixed("process: code, stacks, runtime", process);
    budget.fixed("allocator slack", ByteCount(limit.0 / 8).clamp(SLACK_MIN, SLACK_MAX));
    budget
}

/// Samples once a second and stops the process's work, with a report, before the budget is exceeded.
pub(crate) struct Watch {
    reconciler: Reconciler,
    clock: Arc<dyn Clock>,
}

impl Watch {
    pub(crate) fn new(budget: &Budget, clock: Arc<dyn Clock>) -> Self {
        Self { reconciler: Reconciler::new(budget.clone(), Box::new(Jemalloc)), clock }
    }

    /// Runs until resident memory reaches the budget; the error carries the report. Its first look comes after a moment, so
    /// that a budget that is too small from the start is refused with the arithmetic instead.
    pub(crate) async fn run(self) -> Error {
        tokio::time::sleep(ledger::SAMPLE_INTERVAL).await;
        let clock = self.clock.clone();
        self.reconciler.run(&*clock).await
    }
}

/// The memory of this moment, account by account.
pub(crate) fn report(budget: &Budget, clock: &dyn Clock) -> String {
    Reconciler::new(budget.clone(), Box::new(Jemalloc)).report(clock.monotonic())
}

/// The figures of this moment.
pub(crate) fn sample(budget: &Budget, clock: &dyn Clock) -> Sample {
    Reconciler::new(budget.clone(), Box::new(Jemalloc)).sample(clock.monotonic())
}

/// `kill -USR1`: says where every byte is, each time.
pub(crate) async fn tell_on_request(budget: &Budget, clock: &dyn Clock) -> Result<()> {
    let mut asked = super::signals::report_requests()?;
    while asked.recv().await.is_some() {
        tracing::info!("memory:\n{}", report(budget, clock));
    }
    Ok(())
}
