//! What the demo tells: progress on the way, and at the end whether the tables are what PostgreSQL holds.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base::{Clock, Error, Result, SystemClock};
use indicatif::ProgressBar;

use super::child::Shown;
use super::compare::Compared;
use crate::process::progress::{self, ProgressLine};
use crate::process::say;

/// Time between two lines where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(2);

pub(super) struct Report {
    dir: PathBuf,
    bar: Option<ProgressBar>,
    clock: SystemClock,
    told_at: Duration,
    records_told: u64,
}

impl Report {
    pub(super) fn new(dir: &Path, bootstrap: &str) -> Result<Self> {
        say(format!("broker at {bootstrap}, job and warehouse in {}", dir.display()))?;
        let bar = std::io::stderr().is_terminal().then(progress::bar);
        let clock = SystemClock::new();
        Ok(Self { dir: dir.to_owned(), bar, clock, told_at: Duration::ZERO, records_told: 0 })
    }

    pub(super) fn progress(&mut self, shown: &Shown) -> Result<()> {
        let now = self.clock.monotonic();
        let seconds = now.saturating_sub(self.told_at).as_secs_f64();
        if self.bar.is_none() && now.saturating_sub(self.told_at) < LINE_EVERY {
            return Ok(());
        }
        let rate = shown.records.saturating_sub(self.records_told) as f64 / seconds.max(0.001);
        let line = ProgressLine {
            records: shown.records,
            records_per_second: rate,
            lag: shown.lag,
            commits: shown.commits,
            skipped: 0,
            dead_lettered: 0,
            resident: shown.rss,
            limit: shown.limit,
        };
        match &self.bar {
            Some(bar) => {
                bar.set_length(shown.records + shown.lag);
                bar.set_position(shown.records);
                bar.set_message(line.to_string());
            }
            None => say(line)?,
        }
        (self.told_at, self.records_told) = (now, shown.records);
        Ok(())
    }

    pub(super) fn killed(&mut self, last: &Shown) -> Result<()> {
        self.clear();
        self.records_told = 0;
        say(format!("killed the job (SIGKILL) after {} records and {} commits", last.records, last.commits))
    }

    pub(super) fn loaded(sent: u64) -> Result<()> {
        say(format!("{sent} change events are on the broker; the job resumes from its tables"))
    }

    /// Says how it went; fails if anything differs that should not.
    pub(super) fn finish(mut self, shown: &Shown, compared: &[Compared]) -> Result<()> {
        self.clear();
        say("")?;
        say(shown.memory.trim_end())?;
        say(format!("peak RSS {} of {}", shown.peak_rss, shown.limit))?;
        say("")?;
        for table in compared {
            say(format!("lake.shop.{}: {} rows, {} snapshots", table.table, table.rows, table.snapshots))?;
        }
        let sum = |of: fn(&Compared) -> u64| compared.iter().map(of).sum::<u64>();
        let (cells, differences, waiting) = (sum(|t| t.cells), sum(|t| t.differences), sum(|t| t.waiting));
        say(format!("{differences} of {cells} cells differ"))?;
        say(format!("{waiting} cells wait for carry: their value was sent only with the row's old key"))?;
        for (table, difference) in
            compared.iter().flat_map(|table| table.first.iter().map(move |first| (table.table, first)))
        {
            say(format!("  {table}{difference}"))?;
        }
        self.readers(compared)?;
        if differences > 0 || cells == 0 {
            return Err(Error::internal(format!("{differences} cells differ from PostgreSQL's own dump")));
        }
        Ok(())
    }

    /// Two lines to paste, for readers that are not ours.
    fn readers(&self, compared: &[Compared]) -> Result<()> {
        let Some(orders) = compared.iter().find(|table| table.table == "orders") else { return Ok(()) };
        let warehouse = std::path::absolute(self.dir.join("warehouse")).unwrap_or_else(|_| self.dir.join("warehouse"));
        let (warehouse, metadata) = (warehouse.display(), &orders.metadata_location);
        say("")?;
        say("query them with DuckDB, and with PyIceberg:")?;
        say(format!(
            r#"  duckdb -c "INSTALL iceberg; LOAD iceberg; SELECT status, count(*), sum(total) FROM iceberg_scan('{metadata}') GROUP BY status""#
        ))?;
        say(format!(
            r#"  python3 -c "from pyiceberg.catalog.sql import SqlCatalog; print(SqlCatalog('lake', uri='sqlite:///{warehouse}/catalog.db', warehouse='{warehouse}').load_table('shop.orders').scan(limit=5).to_arrow())""#
        ))
    }

    fn clear(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
