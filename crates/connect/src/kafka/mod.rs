//! `'connector'='kafka'`: topics as tables, under Flink's option names.
//!
//! In the order of the data: `options` (what the user wrote), `source` (the client's consumer as a flow source), `decoder`
//! (record batches to rows through a format), `metadata` (Flink's metadata columns), `bad_records` (what cannot be decoded),
//! `format` (which decoder).

mod options;
mod source;
mod decoder;
mod metadata;
mod bad_records;
mod format;
mod factory;

pub use factory::KafkaFactory;
pub(crate) use format::settings;
