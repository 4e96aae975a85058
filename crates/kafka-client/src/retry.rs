//! How long to wait before the next try, and when to give up.

use std::time::Duration;

use base::{Error, Retry, Rng};
use tokio::time::Instant;

use crate::config::ClientConfig;

/// Pauses that double up to a limit, with 20 % jitter so that many clients do not come back at once (KIP-580).
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    first: Duration,
    max: Duration,
    tries: u32,
    rng: Rng,
}

impl Backoff {
    pub(crate) fn new(first_ms: u64, max_ms: u64) -> Self {
        let (first, max) = (Duration::from_millis(first_ms), Duration::from_millis(max_ms.max(first_ms)));
        Self { first, max, tries: 0, rng: Rng::from_entropy() }
    }

    pub(crate) fn of_retries(config: &ClientConfig) -> Self {
        Self::new(config.retry_backoff_ms, config.retry_backoff_max_ms)
    }

    pub(crate) fn of_reconnects(config: &ClientConfig) -> Self {
        Self::new(config.reconnect_backoff_ms, config.reconnect_backoff_max_ms)
    }

    /// The pause before the next try.
    pub(crate) fn next(&mut self) -> Duration {
        let pause = self.first.saturating_mul(1 << self.tries.min(20)).min(self.max);
        self.tries += 1;
        let per_mille = 800 + self.rng.below(401) as u32;
        pause * per_mille / 1000
    }

    /// The next pause is the first again.
    pub(crate) fn reset(&mut self) {
        self.tries = 0;
    }
}

/// An operation's time: `default.api.timeout.ms` from its start on.
#[derive(Debug)]
pub(crate) struct Patience {
    until: Instant,
    backoff: Backoff,
}

impl Patience {
    pub(crate) fn new(config: &ClientConfig) -> Self {
        let until = Instant::now() + Duration::from_millis(config.api_timeout_ms);
        Self { until, backoff: Backoff::of_retries(config) }
    }

    /// Waits for the next try; gives `error` back if it is final or the time is up.
    pub(crate) async fn wait(&mut self, error: Error) -> Result<(), Error> {
        let pause = self.backoff.next();
        if error.retry() == Retry::Never || Instant::now() + pause > self.until {
            return Err(error);
        }
        tokio::time::sleep(pause).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_their_limit_with_jitter() {
        let mut backoff = Backoff::new(100, 1000);
        for expected in [100u64, 200, 400, 800, 1000, 1000] {
            let pause = backoff.next().as_millis() as u64;
            assert!((expected * 8 / 10..=expected * 12 / 10).contains(&pause), "{pause} for {expected}");
        }
        backoff.reset();
        assert!(backoff.next().as_millis() <= 120);
    }
}
