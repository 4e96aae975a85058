//! The three books side by side: the ledger's, the allocator's, the kernel's.

use std::time::Duration;

use base::ByteCount;

use crate::process::ProcessFigures;

/// What the allocator says of itself; the names are jemalloc's (`stats.*`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AllocatorFigures {
    /// Handed out to the program.
    pub allocated: ByteCount,
    /// In pages that hold anything handed out.
    pub active: ByteCount,
    /// In pages that are resident: active, dirty and the allocator's own.
    pub resident: ByteCount,
    /// The allocator's own.
    pub metadata: ByteCount,
}

/// The allocator, as the binary has it (jemalloc, over `mallctl`).
pub trait AllocatorStats: Send {
    fn figures(&mut self) -> AllocatorFigures;

    /// Gives pages that hold nothing back to the kernel now (`arena.N.purge` of every arena).
    fn purge(&mut self);
}

/// All figures at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sample {
    /// On the ledger's clock.
    pub at: Duration,
    pub limit: ByteCount,
    /// What was set aside for fixed costs.
    pub fixed: ByteCount,
    /// All reservations.
    pub ledger: ByteCount,
    /// The part of them above the floors.
    pub borrowed: ByteCount,
    pub allocator: AllocatorFigures,
    pub process: ProcessFigures,
    /// The largest `unaccounted` of any sample of this budget so far, in bytes; never negative.
    pub worst_unaccounted: i64,
}

impl Sample {
    /// What was allocated without a reservation, in bytes: the runtime's and the libraries' own, and what somebody forgot
    /// to reserve. Negative while reservations are ahead of their allocations.
    pub fn unaccounted(&self) -> i64 {
        self.allocator.allocated.0 as i64 - self.ledger.0 as i64
    }

    /// What the promise is about: the kernel's figure, or the allocator's where the kernel tells none.
    pub fn resident(&self) -> ByteCount {
        if self.process.resident > ByteCount::ZERO { self.process.resident } else { self.allocator.resident }
    }

    /// Pages that the allocator keeps although nothing lives in them.
    pub fn purgeable(&self) -> ByteCount {
        self.allocator.resident.saturating_sub(self.allocator.active).saturating_sub(self.allocator.metadata)
    }
}
