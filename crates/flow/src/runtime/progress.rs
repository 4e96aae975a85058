//! What a running job has done, for progress bars, logs and metrics.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use base::Offset;
use rows::{PartitionId, Positions};

use crate::sink::Published;
use crate::source::DecoderCounts;

/// What one pipeline has done since the job started, over all its restarts.
#[derive(Clone, Debug, Default)]
pub struct PipelineProgress {
    /// The sink table's name.
    pub name: String,
    pub counts: DecoderCounts,
    /// Rows that reached the sink.
    pub rows: u64,
    pub commits: u64,
    pub rows_published: u64,
    pub deletes_published: u64,
    pub bytes_published: u64,
    pub last_version: String,
    pub restarts: u64,
    pub finished: bool,
    /// Next offset to read and end of the partition as last seen.
    pub partitions: BTreeMap<PartitionId, (Offset, Offset)>,
}

impl PipelineProgress {
    /// Records between what is read and the ends of the partitions.
    pub fn lag(&self) -> u64 {
        self.partitions.values().map(|(read, end)| (end.0 - read.0).max(0) as u64).sum()
    }

    /// The offsets that lie behind, from the first on, whichever run has read them.
    pub fn position(&self) -> u64 {
        self.partitions.values().map(|(read, _)| read.0.max(0) as u64).sum()
    }

    /// A life begins at `start`; where the ends are not known yet, what was seen before or the start itself stands for them.
    pub(crate) fn began(&mut self, start: &Positions, ends: Option<&Positions>) {
        for (partition, from) in start {
            let seen = self.partitions.get(partition).map_or(*from, |(_, end)| *end);
            let end = ends.and_then(|ends| ends.get(partition)).copied().unwrap_or(seen);
            self.partitions.insert(partition.clone(), (*from, end));
        }
    }

    pub(crate) fn published(&mut self, published: &Published) {
        self.commits += 1;
        self.rows_published += published.rows;
        self.deletes_published += published.deletes;
        self.bytes_published += published.bytes;
        self.last_version.clone_from(&published.version);
    }

    pub(crate) fn counted(&mut self, since: DecoderCounts, now: DecoderCounts) {
        self.counts.records += now.records - since.records;
        self.counts.bytes += now.bytes - since.bytes;
        self.counts.skipped += now.skipped - since.skipped;
        self.counts.dead_lettered += now.dead_lettered - since.dead_lettered;
    }
}

/// All pipelines at one moment, in the order of the plan.
pub type ProgressReport = Vec<PipelineProgress>;

/// Shared between a pipeline and whoever watches it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gauge(Arc<Mutex<PipelineProgress>>);

impl Gauge {
    pub(crate) fn named(name: &str) -> Self {
        Self(Arc::new(Mutex::new(PipelineProgress { name: name.to_owned(), ..PipelineProgress::default() })))
    }

    pub(crate) fn update<T>(&self, change: impl FnOnce(&mut PipelineProgress) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn read(&self) -> PipelineProgress {
        self.update(|progress| progress.clone())
    }
}
