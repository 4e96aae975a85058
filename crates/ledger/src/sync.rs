//! The synchronisation that correctness rests on: the standard library's, or loom's when a test explores interleavings.
//!
//! Only what decides who holds which bytes goes through here. Statistics (peaks, ages) use the standard atomics even
//! under loom: they decide nothing, and each would multiply the interleavings to explore.

use std::sync::PoisonError;

#[cfg(loom)]
pub(crate) use loom::sync::atomic::{AtomicI64, AtomicU64, Ordering};
#[cfg(loom)]
pub(crate) use loom::sync::{Mutex, MutexGuard};
#[cfg(not(loom))]
pub(crate) use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
#[cfg(not(loom))]
pub(crate) use std::sync::{Mutex, MutexGuard};

/// Locks; a panic of another holder is that holder's to report, what is guarded here stays consistent.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
