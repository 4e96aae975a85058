//! Logs go to standard error: warnings and what a user should know; `MILLSTREAM_LOG=debug` shows more.

use std::io::Write;

use base::Error;
use tracing::level_filters::LevelFilter;

/// Starts logging from `default` on, or from what the environment says.
pub(crate) fn start(default: LevelFilter) {
    let level = std::env::var("MILLSTREAM_LOG").ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(level)
        .with_target(false)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .init();
}

/// The last words of a command that failed. Nothing can be done where even standard error is gone.
pub(crate) fn failed(error: &Error) {
    drop(writeln!(std::io::stderr().lock(), "error: {}", error.report()));
}
