//! What to do about a sample: pure decisions.

use base::ByteCount;

use crate::pressure::Pressure;
use crate::sample::Sample;

/// What a sample calls for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Fine,
    /// Sources pause and reclaimers are asked.
    Pause,
    /// The allocator keeps pages in which nothing lives: it gives them back first.
    PurgeAllocator,
    /// Resident memory has reached the budget and nothing of it can be given back: better a report and a resumable stop
    /// than a silent kill.
    StopWithReport,
}

/// The part of the budget from which purging is worth its system calls: 2 MiB of 128 MiB.
const PURGE_WORTH_FRACTION: u64 = 64;

/// A pause that frees nothing for so many samples ends, for as many samples: whoever holds the bytes holds them for
/// longer, and floors guarantee progress without them.
const PATIENCE: u32 = 10;

/// Decides; `level` is the pressure that resident memory or the ledger exerts, `purged` whether the allocator has just
/// given back what it could.
pub(crate) fn decide(sample: &Sample, level: Pressure, purged: bool) -> Decision {
    let resident = sample.resident();
    let worth = ByteCount(sample.limit.0 / PURGE_WORTH_FRACTION).max(ByteCount(1));
    if resident >= sample.limit {
        return if purged { Decision::StopWithReport } else { Decision::PurgeAllocator };
    }
    let resident_is_high = Pressure::Normal.next(resident, sample.limit).pauses_sources();
    if resident_is_high && !purged && sample.purgeable() >= worth {
        return Decision::PurgeAllocator;
    }
    if level.pauses_sources() { Decision::Pause } else { Decision::Fine }
}

/// Pressure from one figure, kept from pausing for nothing.
///
/// Sources are paused so that what is borrowed drains. If nothing is borrowed there is nothing to drain, and if it does not
/// drain the pause is pointless; in both cases everybody goes on within the floors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Drain {
    level: Pressure,
    lowest: u64,
    without_success: u32,
    resting: u32,
}

impl Default for Drain {
    fn default() -> Self {
        Self { level: Pressure::Normal, lowest: u64::MAX, without_success: 0, resting: 0 }
    }
}

impl Drain {
    /// The level after a sample with `used` of `limit` in use and `borrowed` above the floors.
    pub(crate) fn step(&mut self, used: ByteCount, limit: ByteCount, borrowed: ByteCount) -> Pressure {
        let level = self.level.next(used, limit);
        if !level.pauses_sources() || borrowed == ByteCount::ZERO {
            *self = Self { level, ..Self::default() };
            return Pressure::Normal;
        }
        self.level = level;
        if self.resting > 0 {
            self.resting -= 1;
            return Pressure::Normal;
        }
        if borrowed.0 < self.lowest {
            (self.lowest, self.without_success) = (borrowed.0, 0);
        } else {
            self.without_success += 1;
        }
        if self.without_success >= PATIENCE {
            *self = Self { level, resting: PATIENCE, ..Self::default() };
            return Pressure::Normal;
        }
        level
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::ProcessFigures;
    use crate::sample::AllocatorFigures;

    fn sample(rss: u64, heap_resident: u64, active: u64) -> Sample {
        let allocator = AllocatorFigures {
            allocated: ByteCount(active),
            active: ByteCount(active),
            resident: ByteCount(heap_resident),
            metadata: ByteCount::ZERO,
        };
        let process = ProcessFigures { resident: ByteCount(rss), ..ProcessFigures::default() };
        Sample { limit: ByteCount(1280), allocator, process, ..Sample::default() }
    }

    #[test]
    fn decisions_follow_resident_memory_and_pressure() {
        use Decision::{Fine, Pause, PurgeAllocator, StopWithReport};
        use Pressure::{High, Normal};
        for (rss, heap, active, level, purged, expected) in [
            (100, 100, 90, Normal, false, Fine),
            (100, 100, 90, High, false, Pause),
            (1200, 1000, 990, High, false, Pause),
            (1200, 1000, 900, High, false, PurgeAllocator),
            (1200, 1000, 900, High, true, Pause),
            (1200, 1000, 900, Normal, true, Fine),
            (1280, 1000, 900, High, false, PurgeAllocator),
            (1280, 1000, 1000, High, false, PurgeAllocator),
            (1280, 1000, 1000, High, true, StopWithReport),
            (0, 1280, 1280, High, true, StopWithReport),
        ] {
            let decided = decide(&sample(rss, heap, active), level, purged);
            assert_eq!(decided, expected, "rss {rss}, heap {heap}, active {active}, {level:?}, purged: {purged}");
        }
    }

    #[test]
    fn a_pause_that_drains_goes_on_and_one_that_does_not_ends() {
        let step = |drain: &mut Drain, borrowed: u64| drain.step(ByteCount(95), ByteCount(100), ByteCount(borrowed));
        let mut drain = Drain::default();
        assert_eq!(step(&mut drain, 0), Pressure::Normal, "nothing to drain");
        for borrowed in (10..50).rev() {
            assert_eq!(step(&mut drain, borrowed), Pressure::High, "drains");
        }
        let levels: Vec<_> = (0..2 * PATIENCE + 5).map(|_| step(&mut drain, 10)).collect();
        let pauses = levels.iter().filter(|level| level.pauses_sources()).count() as u32;
        assert_eq!(pauses, PATIENCE - 1 + 5, "pauses, rests as long, pauses again: {levels:?}");
        assert_eq!(drain.step(ByteCount(10), ByteCount(100), ByteCount(10)), Pressure::Normal);
    }
}
