//! The Kafka protocol over bytes.

pub mod codec;
pub mod records;
