//! The committer of sinks that have only one phase: what is written is out, positions are kept nowhere.

use base::Result;
use flow::sink::Published;
use flow::{Committable, Committer, Outcome, Recovered};

/// Commits nothing and recovers nothing: such a sink is at-least-once within a run, and a new run begins by the source's
/// startup mode.
#[derive(Debug)]
pub(crate) struct OnePhase;

/// What a one-phase writer hands over: how many rows went out.
#[derive(Debug)]
pub(crate) struct WentOut(pub(crate) u64);

impl Committer for OnePhase {
    fn recover(&mut self) -> Result<Recovered> {
        Ok(Recovered::default())
    }

    fn commit(&mut self, prepared: Committable) -> Result<Outcome> {
        let rows = prepared.downcast_ref::<WentOut>().map_or(0, |went_out| went_out.0);
        Ok(Outcome::Published(Published { rows, ..Published::default() }))
    }
}
