//! The figures of a running job, added up for progress and for the last words.

use std::time::Duration;

use flow::runtime::{PipelineProgress, ProgressReport};
use ledger::Sample;
use serde_json::{Value, json};

use crate::process::progress::ProgressLine;

/// A job at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Figures {
    pub(super) elapsed: Duration,
    pub(super) tables: ProgressReport,
    pub(super) memory: Sample,
    /// The memory account by account, where somebody reads it.
    pub(super) report: Option<String>,
}

impl Figures {
    pub(super) fn records(&self) -> u64 {
        self.sum(|table| table.counts.records)
    }

    pub(super) fn lag(&self) -> u64 {
        self.sum(PipelineProgress::lag)
    }

    fn position(&self) -> u64 {
        self.sum(PipelineProgress::position)
    }

    pub(super) fn commits(&self) -> u64 {
        self.sum(|table| table.commits)
    }

    fn sum(&self, of: impl Fn(&PipelineProgress) -> u64) -> u64 {
        self.tables.iter().map(of).sum()
    }

    /// Records a second since `before`.
    pub(super) fn rate_since(&self, before: &Self) -> f64 {
        let seconds = self.elapsed.saturating_sub(before.elapsed).as_secs_f64();
        if seconds > 0.0 { (self.records() - before.records()) as f64 / seconds } else { 0.0 }
    }

    /// One line for a person.
    pub(super) fn line(&self, before: &Self) -> ProgressLine {
        ProgressLine {
            records: self.records(),
            records_per_second: self.rate_since(before),
            lag: self.lag(),
            commits: self.commits(),
            skipped: self.sum(|table| table.counts.skipped),
            dead_lettered: self.sum(|table| table.counts.dead_lettered),
            resident: self.memory.resident(),
            limit: self.memory.limit,
        }
    }

    /// One line for a program.
    pub(super) fn json(&self) -> Value {
        let table = |table: &PipelineProgress| {
            json!({
                "name": table.name, "records": table.counts.records, "skipped": table.counts.skipped,
                "dead_lettered": table.counts.dead_lettered, "rows": table.rows, "lag": table.lag(),
                "commits": table.commits, "rows_published": table.rows_published,
                "deletes_published": table.deletes_published, "bytes_published": table.bytes_published,
                "version": table.last_version, "restarts": table.restarts, "finished": table.finished,
            })
        };
        let memory = &self.memory;
        json!({
            "elapsed_ms": self.elapsed.as_millis() as u64, "records": self.records(),
            "bytes": self.sum(|table| table.counts.bytes), "position": self.position(), "lag": self.lag(), "commits": self.commits(),
            "restarts": self.sum(|table| table.restarts),
            "rss": memory.resident().get(), "peak_rss": memory.process.resident_peak.get(), "limit": memory.limit.get(),
            "ledger": memory.ledger.get(), "allocated": memory.allocator.allocated.get(),
            "threads": memory.process.threads, "tasks": base::tasks::live(), "open_files": memory.process.open_files,
            "unaccounted": memory.unaccounted(), "memory": self.report, "tables": self.tables.iter().map(table).collect::<Vec<_>>(),
        })
    }
}
