//! What the demo tells: progress on the way, and at the end whether the tables are what PostgreSQL holds.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base::{Clock, Error, Result, SystemClock};
use indicatif::ProgressBar;

use super::capture;
use super::child::Shown;
use super::compare::Compared;
use crate::process::progress::{self, ProgressLine};
use crate::process::say;

/// Time between two lines where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(2);

pub(super) struct Report {
    dir: PathBuf,
    /// Over the whole capture: it goes from empty to full once, whatever was read twice on the way.
    bar: Option<ProgressBar>,
    clock: SystemClock,
    told_at: Duration,
    records_told: u64,
}

impl Report {
    pub(super) fn new(dir: &Path, bootstrap: &str) -> Result<Self> {
        say(format!("broker at {bootstrap}, job and warehouse in {}", dir.display()))?;
        let bar = std::io::stderr().is_terminal().then(progress::bar);
        Ok(Self::with_bar(dir, bar))
    }

    fn with_bar(dir: &Path, bar: Option<ProgressBar>) -> Self {
        if let Some(bar) = &bar {
            bar.set_length(capture::total());
        }
        let clock = SystemClock::new();
        Self { dir: dir.to_owned(), bar, clock, told_at: Duration::ZERO, records_told: 0 }
    }

    /// Says something above the bar.
    fn say_above(&self, line: &str) -> Result<()> {
        self.bar.as_ref().map_or_else(|| say(line), |bar| bar.suspend(|| say(line)))
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
                bar.set_message(line.to_string());
                // A job that was killed begins where it has committed.
                bar.set_position(bar.position().max(shown.position));
            }
            None => say(line)?,
        }
        (self.told_at, self.records_told) = (now, shown.records);
        Ok(())
    }

    pub(super) fn killed(&mut self, last: &Shown) -> Result<()> {
        self.records_told = 0;
        let (records, commits) = (last.records, last.commits);
        self.say_above(&format!("killed the job (SIGKILL) after {records} records and {commits} commits"))
    }

    pub(super) fn loaded(&self, sent: u64) -> Result<()> {
        self.say_above(&format!("{sent} change events are on the broker; the job resumes from its tables"))
    }

    /// Says how it went; fails if anything differs that should not.
    pub(super) fn finish(self, shown: &Shown, compared: &[Compared]) -> Result<()> {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_goes_from_empty_to_full_once() {
        let mut report = Report::with_bar(Path::new("demo"), Some(ProgressBar::hidden()));
        let mut at = |records, position| {
            let shown = Shown { records, position, ..Shown::default() };
            report.progress(&shown).unwrap();
            report.bar.as_ref().map(|bar| (bar.position(), bar.length()))
        };
        let all = capture::total();
        let full = Some(all);
        assert_eq!(all, 36_125);
        // The first run reads all that is loaded; the second begins where the first has committed, table by table.
        let steps = [(0, 0), (500, 500), (7_000, 7_000), (0, 0), (0, 2_000), (100, 5_900), (4_000, 9_800)];
        let shown: Vec<_> = steps.map(|(records, position)| at(records, position)).into();
        let expected = [0, 500, 7_000, 7_000, 7_000, 7_000, 9_800].map(|position| Some((position, full)));
        assert_eq!(shown, expected);
        assert_eq!(at(30_000, all), Some((all, full)));
    }
}
