//! The Kafka protocol over bytes.
