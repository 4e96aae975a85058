//! Record batches of format v2: what topics are made of.
//!
//! In reading order: `header` (the 61 bytes before the records, and the checksum), `batches` (the batches of a fetched or
//! stored buffer, one after another), `fault` (what can be wrong with one).
//!
//! Source: Kafka's `docs/implementation.html`, "Record Batch"; KIP-98 (v2), KIP-534 (delete horizon).

mod batches;
mod fault;
mod header;

pub use batches::{BatchRef, Batches};
pub use fault::{BatchError, BatchFault};
pub use header::{Attributes, BatchHeader, BatchPrefix, TimestampType};
