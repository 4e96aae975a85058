//! How progress reads, for `run` and the demo alike.

use std::fmt;

use base::ByteCount;
use indicatif::{ProgressBar, ProgressStyle};

/// One line for a person.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProgressLine {
    pub(crate) records: u64,
    pub(crate) records_per_second: f64,
    pub(crate) lag: u64,
    pub(crate) commits: u64,
    pub(crate) skipped: u64,
    pub(crate) dead_lettered: u64,
    pub(crate) resident: ByteCount,
    pub(crate) limit: ByteCount,
}

impl fmt::Display for ProgressLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { records, records_per_second, lag, commits, skipped, dead_lettered, resident, limit } = self;
        let rate = *records_per_second as u64;
        write!(f, "{records} records, {rate}/s, lag {lag}, {commits} commits")?;
        for (count, what) in [(skipped, "skipped"), (dead_lettered, "dead-lettered")] {
            if *count > 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        write!(f, ", memory {resident} of {limit}")
    }
}

/// A bar for a terminal, its message a [`ProgressLine`].
pub(crate) fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(0).with_style(style)
}
