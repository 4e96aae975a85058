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

/// Failures in a row. A user who waits learns why and what to do, but not at every try, and when it is over.
#[derive(Debug, Default)]
pub(crate) struct Outage {
    tries: u32,
}

impl Outage {
    /// Another try has failed.
    pub(crate) fn failed(&mut self, error: &Error) {
        if self.tries.is_multiple_of(WARN_EVERY) {
            tracing::warn!("trying again: {}", error.report());
        }
        self.tries = self.tries.saturating_add(1);
    }

    /// A try has succeeded.
    pub(crate) fn over(&mut self, broker: &dyn std::fmt::Display) {
        if std::mem::take(&mut self.tries) > 0 {
            tracing::info!("the Kafka broker at {broker} answers again; going on");
        }
    }
}

/// An operation's time: `default.api.timeout.ms` from its start on.
#[derive(Debug)]
pub(crate) struct Patience {
    until: Instant,
    backoff: Backoff,
    outage: Outage,
}

impl Patience {
    pub(crate) fn new(config: &ClientConfig) -> Self {
        Self::lasting(Duration::from_millis(config.api_timeout_ms), config)
    }

    /// Another time than the configured one.
    pub(crate) fn lasting(time: Duration, config: &ClientConfig) -> Self {
        let until = Instant::now() + time;
        Self { until, backoff: retry_pauses(config), outage: Outage::default() }
    }

    /// Waits for the next try; gives `error` back if it is final or the time is up.
    pub(crate) async fn wait(&mut self, error: Error) -> Result<(), Error> {
        let pause = self.backoff.next_pause();
        if error.retry() == Retry::Never || Instant::now() + pause > self.until {
            return Err(error);
        }
        self.outage.failed(&error);
        tokio::time::sleep(pause).await;
        Ok(())
    }
}
