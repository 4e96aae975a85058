//! Pauses between tries: they double up to a limit and are jittered, so that many clients of one broken server do not come
//! back at the same moment (KIP-580 has 20%, and so have we).

use std::time::Duration;

use crate::rng::Rng;

/// How much a pause differs from its nominal length, in thousandths, up or down.
const JITTER_PER_MILLE: u32 = 200;

/// The pauses of one operation. Computes only; the caller waits.
#[derive(Clone, Debug)]
pub struct Backoff {
    first: Duration,
    max: Duration,
    tries: u32,
    rng: Rng,
}

impl Backoff {
    /// Pauses from `first` on, doubled up to `max` (or `first`, if that is larger); the jitter differs between calls.
    pub fn new(first: Duration, max: Duration) -> Self {
        Self::with_rng(first, max, Rng::from_entropy())
    }

    /// [`Self::new`] with given randomness.
    pub fn with_rng(first: Duration, max: Duration, rng: Rng) -> Self {
        Self { first, max: max.max(first), tries: 0, rng }
    }

    /// The pause before the next try.
    pub fn next_pause(&mut self) -> Duration {
        let doubled = self.first.saturating_mul(1_u32.checked_shl(self.tries).unwrap_or(u32::MAX));
        self.tries = self.tries.saturating_add(1);
        let per_mille = 1000 - JITTER_PER_MILLE + self.rng.below(u64::from(2 * JITTER_PER_MILLE) + 1) as u32;
        doubled.min(self.max).saturating_mul(per_mille) / 1000
    }

    /// How many pauses were asked for since the start or the last reset.
    pub fn tries(&self) -> u32 {
        self.tries
    }

    /// Something succeeded: the next pause is the first again.
    pub fn reset(&mut self) {
        self.tries = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(first_ms: u64, max_ms: u64, expected_ms: &[u64]) {
        let (first, max) = (Duration::from_millis(first_ms), Duration::from_millis(max_ms));
        for seed in 0..50 {
            let mut backoff = Backoff::with_rng(first, max, Rng::from_seed(seed));
            for expected in expected_ms {
                let pause = backoff.next_pause().as_millis() as u64;
                assert!(
                    (expected * 8 / 10..=expected * 12 / 10).contains(&pause),
                    "{pause} for {expected}, seed {seed}"
                );
            }
            assert_eq!(backoff.tries() as usize, expected_ms.len());
            backoff.reset();
            assert!(backoff.next_pause() <= first * 12 / 10);
        }
    }

    #[test]
    fn pauses_double_up_to_their_limit_with_jitter() {
        check(100, 1000, &[100, 200, 400, 800, 1000, 1000]);
        check(500, 100, &[500, 500]);
        check(0, 0, &[0, 0]);
    }

    #[test]
    fn clients_do_not_come_back_at_once() {
        let second = Duration::from_secs(1);
        let pauses: std::collections::HashSet<_> =
            (0..20).map(|seed| Backoff::with_rng(second, second, Rng::from_seed(seed)).next_pause()).collect();
        assert!(pauses.len() > 15);
    }

    #[test]
    fn a_server_that_is_down_for_ever_overflows_nothing() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::MAX);
        for _ in 0..100 {
            backoff.next_pause();
        }
        let mut backoff = Backoff::new(Duration::MAX, Duration::MAX);
        assert!(backoff.next_pause() > Duration::from_hours(1));
    }
}
