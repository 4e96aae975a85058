//! The ledger: one budget per process, accounts with floors, and reservations that travel with the bytes.
//!
//! A [`Budget`] is the operator's `--memory`. An [`Account`] names who holds bytes and owns a floor that nobody else can
//! take; above its floor it borrows from what is left, the shared pool. A [`Reservation`] is the right to hold bytes; it
//! gives them back when dropped. [`Owned`] ties it to the value it pays for, so that a buffer is charged until its last
//! owner drops. [`channel`] is the only kind of queue between stages: bounded in bytes, because what is in it is paid.

mod account;
mod budget;
pub mod channel;
mod owned;
mod reservation;

pub use account::{Account, AccountReport};
pub use budget::{Budget, BudgetReport};
pub use owned::Owned;
pub use reservation::{Reservation, TooLarge};
