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
//!
//! # The ten rules
//!
//! They exclude deadlock by construction; each stage's author keeps them.
//!
//! 1. Edges form a DAG towards sinks. A stage waits only for memory that stages downstream of it, or I/O, will free.
//! 2. Every stage and every edge owns a floor: its largest unit end to end. Fixed costs and floors fit the budget, or
//!    nothing starts ([`Budget::check`]); so every stage makes progress while the pool is empty.
//! 3. A reservation moves with the message. Receiving needs no new memory.
//! 4. Operators never wait; they are stepped. Only the driver waits, between steps, holding no lock and nothing but its
//!    input ([`Account::reserve`]).
//! 5. Inside a step: [`Account::try_reserve`]. Refused, the operator spills, flushes or yields, with scratch from its
//!    floor. Who reclaims never reserves.
//! 6. A waiter is also a victim: a waiting driver answers its [`Reclaimer`] ([`Account::reserve_or_reclaim`]). The order is
//!    that of [`Reclaim`]: read-ahead, sort run, row group, early commit.
//! 7. Waiters are served in order within an account; a request that can never fit fails at once; one oversize record at a
//!    time, by a lease taken before any other wait ([`Budget::oversize`]).
//! 8. Barriers, watermarks, idleness and ends use pre-paid slots ([`channel::Sender::signal`]): a paused source still sends
//!    barriers, else pressure would stop the checkpoint that relieves it.
//! 9. A fan-out sends a barrier to all outputs before later data; an operator refuses an input only to align; a shared
//!    source is paced by its slowest sink.
//! 10. A commit's memory is a floor of its own. Broker and job in one process have shares that lend each other nothing
//!     ([`Budget::share`]): the job waits for fetches, the broker for memory, and the two must not meet.

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
