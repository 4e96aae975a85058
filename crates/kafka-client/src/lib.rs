//! A Kafka client whose memory has a bound: every byte that comes from a socket is reserved from an account first and stays
//! charged until its last reference drops.
//!
//! In reading order: `config` (Kafka's own property names), `client` (the cluster: connections, metadata, offsets, groups),
//! `consumer` (partitions as record batches), `producer` (records into partitions), `admin` (topics and settings). Below
//! them: `connection` (requests and responses over one socket), `retry` (backoff and patience), `partition` (names).
//!
//! Not there yet: group membership, transactions, TLS and SASL (`connection` says where they go), message formats v0 and v1.

mod config;

mod client;
mod consumer;
mod producer;

mod admin;

mod connection;
mod partition;
mod retry;

pub use admin::{ConfigValue, NewTopic, TopicDescription};
pub use client::{Client, OffsetSpec, TopicInfo};
pub use config::{Address, ClientConfig, ConsumerConfig, Isolation, OffsetReset, ProducerConfig};
pub use consumer::{Consumer, ConsumerError, Fetched, StartAt};
pub use kafka_wire::protocol::TopicId;
pub use kafka_wire::records::{Header, NewRecord};
pub use partition::TopicPartition;
pub use producer::{Delivered, Delivery, Destination, Producer, partition_for_key};
