//! The log of one partition.
//!
//! A folder `<topic>-<partition>` holds, in Kafka's own record format:
//!
//! ```text
//! <20-digit base offset>.log     record batches of format 2, one after another
//! <20-digit base offset>.index   sparse index, see `index`
//! checkpoint                     up to where everything is known to be sound, and the producers there, see `checkpoint`
//! partition.metadata             the topic's id, as Kafka writes it
//! quarantine-<base>-<position>   bytes that recovery cut off although they may have been records, see `recover`
//! ```
//!
//! In the order in which a batch meets them: `append` (what a producer's batch must satisfy), `producers` (repeated
//! batches), `segment` and `index` (where bytes go), `partition` (the log itself), `syncer` (one fsync for all who wait),
//! `checkpoint`; `read` and `times` (finding batches again), `scan` and `recover` (after a crash), `retain` (forgetting).
//!
//! Invariants. A record is acknowledged and visible only when it is durable: the high watermark is the end of what was
//! synced. A sync that failed stops the log for good (the kernel may have dropped the bytes: Rebello et al., ATC 2020).
//! Offsets are never given twice: what recovery cuts off was never visible, and quarantined offsets are skipped.

mod append;
mod producers;

mod index;
mod segment;

mod checkpoint;
mod partition;
mod syncer;

mod read;
mod scan;
mod times;

mod recover;
mod retain;

#[cfg(test)]
mod tests;

pub(crate) use append::{Refused, check_batch};
pub(crate) use partition::{Appended, LogSettings, PartitionLog};
pub(crate) use read::Located;
pub(crate) use scan::SCAN_BUFFER;
pub(crate) use segment::is_log;
pub(crate) use syncer::{Flush, Syncer};
pub(crate) use times::TimedBatch;
