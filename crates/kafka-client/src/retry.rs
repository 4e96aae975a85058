//! How long to wait before the next try, and when to give up.

use std::time::Duration;

use base::{Backoff, Error, Retry};
use tokio::time::Instant;

use crate::config::ClientConfig;

/// Pauses after failed requests: `retry.backoff.ms` and `retry.backoff.max.ms`.
pub(crate) fn retry_pauses(config: &ClientConfig) -> Backoff {
    pauses(config.retry_backoff_ms, config.retry_backoff_max_ms)
}

/// Pauses after failed connections: `reconnect.backoff.ms` and `reconnect.backoff.max.ms`.
pub(crate) fn reconnect_pauses(config: &ClientConfig) -> Backoff {
    pauses(config.reconnect_backoff_ms, config.reconnect_backoff_max_ms)
}

fn pauses(first_ms: u64, max_ms: u64) -> Backoff {
    Backoff::new(Duration::from_millis(first_ms), Duration::from_millis(max_ms))
}

/// With pauses of a second, three times a minute.
const WARN_EVERY: u32 = 20;

/// An operation's time: `default.api.timeout.ms` from its start on.
#[derive(Debug)]
pub(crate) struct Patience {
    until: Instant,
    backoff: Backoff,
}

impl Patience {
    pub(crate) fn new(config: &ClientConfig) -> Self {
        let until = Instant::now() + Duration::from_millis(config.api_timeout_ms);
        Self { until, backoff: retry_pauses(config) }
    }

    /// Waits for the next try; gives `error` back if it is final or the time is up.
    pub(crate) async fn wait(&mut self, error: Error) -> Result<(), Error> {
        let pause = self.backoff.next_pause();
        if error.retry() == Retry::Never || Instant::now() + pause > self.until {
            return Err(error);
        }
        // A user who waits learns why, but not at every try.
        if self.backoff.tries() % WARN_EVERY == 1 {
            tracing::warn!(%error, "trying again");
        }
        tokio::time::sleep(pause).await;
        Ok(())
    }
}
