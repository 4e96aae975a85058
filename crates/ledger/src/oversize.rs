//! One oversize record at a time.
//!
//! A record larger than its stage's floor needs the pool, and two such records could each hold half of it and wait for
//! the other half. So whoever meets one takes this lease first, before any other wait, and keeps it until the record's
//! bytes are reserved. First come, first served.
//!
//! Each share of a budget has a lease of its own: shares lend each other nothing, and one lease for broker and job would
//! tie the job (which waits for the broker's answer) to the broker (which would wait for the job's lease).

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

#[derive(Clone, Debug)]
pub(crate) struct Oversize(Arc<Semaphore>);

/// The right to reserve for an oversize record; the next in line gets it when this drops.
#[derive(Debug)]
#[must_use = "the lease ends when it is dropped"]
pub struct OversizeLease(#[expect(dead_code, reason = "held for its drop")] Option<OwnedSemaphorePermit>);

impl Oversize {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }

    pub(crate) async fn lease(&self) -> OversizeLease {
        // Acquiring fails only for a closed semaphore, and nobody closes this one.
        OversizeLease(self.0.clone().acquire_owned().await.ok())
    }

    pub(crate) fn try_lease(&self) -> Option<OversizeLease> {
        self.0.clone().try_acquire_owned().ok().map(|permit| OversizeLease(Some(permit)))
    }
}
