//! What every command shares: logging, exit codes, the runtime, signals, and the memory of the process.

pub(crate) mod code;
pub(crate) mod log;
pub(crate) mod memory;
pub(crate) mod progress;
pub(crate) mod signals;

use std::process::ExitCode;
use std::sync::Arc;

use base::{Clock, Domain, Error, Result, SystemClock};

/// 2 as for wrong usage where the user must change something, 70 (`EX_SOFTWARE`) where we are wrong, else 1.
pub(crate) fn exit_code(error: &Error) -> ExitCode {
    ExitCode::from(match error.domain() {
        Domain::User => 2,
        Domain::External => 1,
        Domain::Internal => 70,
    })
}

/// The runtime for I/O: one thread, since nothing on it computes.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(2)
        .thread_name("io")
        .enable_all()
        .build()
        .map_err(|error| Error::external("cannot start the I/O runtime").caused_by(error))
}

pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock::new())
}

/// Writes a line to standard output; a reader that went away ends the command quietly.
pub(crate) fn say(line: impl std::fmt::Display) -> Result<()> {
    use std::io::Write;
    writeln!(std::io::stdout().lock(), "{line}")
        .map_err(|error| Error::external("cannot write to standard output").caused_by(error))
}
