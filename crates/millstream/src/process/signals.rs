//! SIGTERM and Ctrl-C: the first asks to end in order, a second one ends at once.

use base::{Error, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Waits for the first signal that asks to end; its name.
///
/// # Cancel safety
/// Safe, but a signal that came before the first call is not seen.
pub(crate) async fn asked_to_end() -> Result<&'static str> {
    let cannot = |error| Error::external("cannot listen for signals").caused_by(error);
    let mut terminate = signal(SignalKind::terminate()).map_err(cannot)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(cannot)?;
    Ok(tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "Ctrl-C",
    })
}

/// SIGUSR1, each time it comes.
pub(crate) fn report_requests() -> Result<Signal> {
    signal(SignalKind::user_defined1()).map_err(|error| Error::external("cannot listen for signals").caused_by(error))
}
