//! The Kafka protocol over bytes.
//!
//! `protocol` is the messages: frames, headers, one file per API key. `records` is what Produce and Fetch carry: record
//! batches; `codec` is how those are compressed.

pub mod codec;
pub mod protocol;
pub mod records;
