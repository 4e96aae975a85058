//! The start of a pipeline: asks the sink where to go on (on the committer thread) and opens the source there. It may wait
//! for long, so each is a task of its own; it ends with everything that a worker and an I/O task need.

use std::sync::Arc;

use base::{Clock, Error, Result};
use ledger::{Account, Budget};
use rows::Positions;
use rows::position::{find, put};

use crate::plan::TransformPlan;
use crate::runtime::committer::CommitDesk;
use crate::runtime::feed::{self, Feed};
use crate::runtime::pipeline::{Parts, Pipeline};
use crate::runtime::progress::Gauge;
use crate::settings::Settings;
use crate::sink::Sink;
use crate::source::SourceParts;
use crate::transform::Transform;

/// What a start needs; dropped with all it holds if the start is given up.
pub(super) struct Start {
    pub(super) name: String,
    pub(super) source: SourceParts,
    pub(super) sink: Sink,
    pub(super) transforms: Vec<TransformPlan>,
    pub(super) settings: Settings,
    pub(super) desk: CommitDesk,
    pub(super) gauge: Gauge,
    pub(super) budget: Budget,
    /// Of the worker that will step it.
    pub(super) scratch: Account,
    pub(super) clock: Arc<dyn Clock>,
}

/// A pipeline that is ready for its worker, and the feed that will bring it data.
pub(super) struct Started {
    pub(super) feed: Feed,
    pub(super) pipeline: Pipeline,
}

impl Start {
    /// # Errors
    /// What the sink, the source or a setting has to say; transient ones are for the supervisor to try again.
    ///
    /// # Cancel safety
    /// Nothing was read yet and nothing is lost; a recovery that is under way ends on the committer thread.
    pub(super) async fn run(self) -> Result<Started> {
        let Self { name, source, sink, transforms, settings, desk, gauge, budget, scratch, clock } = self;
        let SourceParts { mut source, decoder } = source;
        let Sink { writer, committer } = sink;
        let limits = limits(&settings)?;
        let transforms = transforms.iter().map(|plan| Transform::new(plan, limits, &name)).collect::<Result<_>>()?;
        let interval = settings.duration(super::INTERVAL.0, super::INTERVAL.1)?;
        let (reply, answer) = tokio::sync::oneshot::channel();
        desk.recover(committer, reply)?;
        let (committer, recovered) = answer.await.map_err(|_| Error::internal("the committer thread is gone"))?;
        let recovered = recovered?;
        for note in &recovered.notes {
            tracing::warn!(table = %name, "{note}");
        }
        let opened = source.open(&recovered.positions).await?;
        let commit_start = opened.start_moves && opened.start.keys().any(|id| find(&recovered.positions, id).is_none());
        let start = start_positions(opened.start, &recovered.positions);
        gauge.update(|progress| progress.began(&start, opened.end.as_ref()));
        let (feed, ends) = feed::feed(source, budget.watch_pressure());
        // The answer of the commit before a failure may have been lost: the source hears of it now.
        if !recovered.positions.is_empty() && ends.published.send(recovered.positions.clone()).is_err() {
            return Err(Error::internal("a feed ended before it began"));
        }
        let parts = Parts {
            name,
            feed: ends,
            decoder,
            transforms,
            writer,
            committer,
            desk,
            start,
            commit_start,
            interval,
            gauge,
            budget,
            scratch,
        };
        Ok(Started { feed, pipeline: Pipeline::new(parts, clock.monotonic()) })
    }
}

/// The source knows every partition; for those that were committed, the sink's word counts.
fn start_positions(mut opened: Positions, committed: &Positions) -> Positions {
    for (partition, offset) in committed {
        put(&mut opened, partition, *offset);
    }
    opened
}

/// What a session sets for all its expressions.
pub(super) fn limits(settings: &Settings) -> Result<eval::Limits> {
    const ZONE: &str = "table.local-time-zone";
    let zone = settings.get(ZONE).map_or(Ok(eval::Zone::UTC), eval::Zone::parse);
    let zone = zone.map_err(|error| Error::user(format!("setting '{ZONE}': {error}")))?;
    Ok(eval::Limits { zone, ..eval::Limits::default() })
}

#[cfg(test)]
mod tests {
    use base::{Offset, PartitionIndex};
    use rows::PartitionId;

    use super::*;

    #[test]
    fn what_is_committed_counts_and_the_source_says_what_it_is_called() {
        let id = |index, topic_id: &str| PartitionId {
            topic: "t".into(),
            index: PartitionIndex(index),
            cluster: "c".into(),
            topic_id: topic_id.into(),
        };
        let opened: Positions = [(id(0, "x"), Offset(0)), (id(1, "x"), Offset(3)), (id(2, "x"), Offset(4))].into();
        let committed: Positions = [(id(0, "x"), Offset(7)), (id(1, ""), Offset(8)), (id(9, "y"), Offset(9))].into();
        let start = start_positions(opened, &committed);
        let expected: Positions =
            [(id(0, "x"), Offset(7)), (id(1, "x"), Offset(8)), (id(2, "x"), Offset(4)), (id(9, "y"), Offset(9))].into();
        assert_eq!(start, expected);
    }
}
