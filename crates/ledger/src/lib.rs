//! The ledger: one budget per process, accounts with floors, and reservations that travel with the bytes.
//!
//! A [`Budget`] is the operator's `--memory`. An [`Account`] names who holds bytes and owns a floor that nobody else can
//! take; above its floor it borrows from what is left, the shared pool. A [`Reservation`] is the right to hold bytes; it
//! gives them back when dropped. [`Owned`] ties it to the value it pays for, so that a buffer is charged until its last
//! owner drops. [`channel`] is the only kind of queue between stages: bounded in bytes, because what is in it is paid.
//!
//! Reserving and releasing take no lock: `pool` (the word that lends), `entry` (an account's line), `ages` (count and age
//! of what is open). Waiting does: `lending`, [`Reserve`]. When memory is short, [`Pressure`] pauses sources and a
//! [`Reclaimer`] is asked to give back. A [`Reconciler`] compares all this once a second with what the allocator and the
//! kernel say; [`Arithmetic`] adds up at start whether it can fit at all.

mod sync;

mod ages;
mod entry;
mod lending;
mod pool;

mod oversize;
mod pressure;
mod reclaim;
mod waker;

mod account;
mod budget;
mod owned;
mod reservation;
mod reserve;

pub mod channel;

mod arithmetic;
mod report;

mod machine;
mod process;
mod sample;

mod decide;
mod explain;
mod reconcile;

pub use account::Account;
pub use arithmetic::{Arithmetic, Cost, CostKind};
pub use budget::{AccountOptions, Budget};
pub use decide::Decision;
pub use machine::{default_budget, default_budget_of};
pub use oversize::OversizeLease;
pub use owned::Owned;
pub use pressure::{CRITICAL_PERCENT, HIGH_PERCENT, NORMAL_PERCENT, Pressure, PressureWatch};
pub use process::ProcessFigures;
pub use reclaim::{Reclaim, Reclaimer};
pub use reconcile::{Reconciler, SAMPLE_INTERVAL};
pub use report::{AccountReport, BudgetReport};
pub use reservation::{Reservation, TooLarge};
pub use reserve::{Reserve, Waited};
pub use sample::{AllocatorFigures, AllocatorStats, Sample};
pub use waker::Waker;
