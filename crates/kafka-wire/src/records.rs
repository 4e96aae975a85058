//! Record batches of format v2: what topics are made of.
//!
//! In reading order: `header` (the 61 bytes before the records, and the checksum), `batches` (the batches of a fetched or
//! stored buffer, one after another), `fault` (what can be wrong with one), `record` (one record and its headers),
//! `reader` (the records of a batch, one at a time through a window), `control` (the markers of transactions), `builder`
//! (making a batch), `varint`.
//!
//! Source: Kafka's `docs/implementation.html`, "Record Batch"; KIP-98 (v2), KIP-534 (delete horizon).

mod batches;
mod builder;
mod control;
mod fault;
mod header;
mod reader;
mod record;
mod varint;
mod window;

pub use batches::{BatchRef, Batches};
pub use builder::{BatchBuilder, Close, ClosedBatch, NewRecord, ProducerStamp};
pub use control::Marker;
pub use fault::{BatchError, BatchFault, ReadError, RecordTooLarge};
pub use header::{Attributes, BatchHeader, BatchPrefix, TimestampType};
pub use reader::{Read, RecordReader};
pub use record::{Header, Headers, Record};
