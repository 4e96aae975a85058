//! How short memory is, for those who can wait: sources pause from [`Pressure::High`] on.
//!
//! The level rises at once and falls with hysteresis, so that a source does not flap around the mark.

use base::ByteCount;
use tokio::sync::watch;

/// How short memory is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pressure {
    #[default]
    Normal,
    /// Sources pause, reclaimers are asked in their order.
    High,
    /// Every reclaimer is asked, early commits included.
    Critical,
}

/// At 90% of the budget sources pause.
pub const HIGH_PERCENT: u64 = 90;
/// They go on below 85%: a fetch or a row group of a small budget (5% of 128 MiB is 6 MiB) fits in between.
pub const NORMAL_PERCENT: u64 = 85;
/// At 97% everything that can be given back is asked for.
pub const CRITICAL_PERCENT: u64 = 97;
const _: () = assert!(NORMAL_PERCENT < HIGH_PERCENT && HIGH_PERCENT < CRITICAL_PERCENT && CRITICAL_PERCENT < 100);

impl Pressure {
    /// The level when `used` of `limit` is in use, coming from `self`.
    pub fn next(self, used: ByteCount, limit: ByteCount) -> Self {
        let at_least = |percent: u64| u128::from(used.0) * 100 >= u128::from(limit.0) * u128::from(percent);
        if at_least(CRITICAL_PERCENT) {
            Self::Critical
        } else if at_least(HIGH_PERCENT) {
            Self::High
        } else if at_least(NORMAL_PERCENT) {
            self.min(Self::High)
        } else {
            Self::Normal
        }
    }

    /// Whether sources must pause.
    pub fn pauses_sources(self) -> bool {
        self >= Self::High
    }
}

/// Follows the pressure on a budget.
#[derive(Clone, Debug)]
pub struct PressureWatch(watch::Receiver<Pressure>);

impl PressureWatch {
    pub(crate) fn new(receiver: watch::Receiver<Pressure>) -> Self {
        Self(receiver)
    }

    pub fn now(&self) -> Pressure {
        *self.0.borrow()
    }

    /// Waits until the level differs from the one last seen through this watch, and returns it.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub async fn changed(&mut self) -> Pressure {
        if self.0.changed().await.is_err() {
            // The budget is gone, and with it everything that could press.
            std::future::pending::<()>().await;
        }
        *self.0.borrow_and_update()
    }

    /// Waits until sources may read. A paused source still sends barriers, so it waits for this beside its control.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub async fn until_normal(&mut self) {
        while self.0.borrow_and_update().pauses_sources() {
            if self.0.changed().await.is_err() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_rises_at_once_and_falls_with_hysteresis() {
        use Pressure::{Critical, High, Normal};
        for (before, used, after) in [
            (Normal, 0, Normal),
            (Normal, 89, Normal),
            (Normal, 90, High),
            (Normal, 97, Critical),
            (High, 96, High),
            (High, 89, High),
            (High, 85, High),
            (High, 84, Normal),
            (Critical, 96, High),
            (Critical, 86, High),
            (Critical, 10, Normal),
            (Normal, 250, Critical),
        ] {
            assert_eq!(before.next(ByteCount(used), ByteCount(100)), after, "{before:?} at {used}");
        }
        assert_eq!(Normal.next(ByteCount(u64::MAX), ByteCount(u64::MAX)), Critical, "no overflow");
    }
}
