//! What every crate of Millstream stands on, and nothing that any of them could own.
//!
//! In the order in which a reader meets them: `units` (the newtypes: bytes, offsets, epochs, event time), `error` (one
//! error with a domain, a retry hint and the user's three lines), `clock` (time that a test can turn), `rng` (seeded
//! randomness), `backoff` (pauses between tries), `disk` (files that a test can tear), `tasks` and `threads` (nothing runs unnamed, unowned or uncounted).

pub mod backoff;
pub mod clock;
pub mod disk;
pub mod error;
pub mod rng;
pub mod tasks;
pub mod threads;
pub mod units;

pub use backoff::Backoff;
pub use clock::{Clock, SystemClock};
pub use disk::{Disk, DiskFile, RealDisk};
pub use error::{Domain, Error, Result, Retry};
pub use rng::Rng;
pub use units::{ByteCount, Epoch, EventTime, Offset, PartitionIndex};

/// A boxed future: how traits of this workspace return asynchronous results while staying usable as `dyn`.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;
