//! An embedded, single-node, Kafka-compatible broker whose memory has a bound.
//!
//! It keeps topics in Kafka's own record format, acknowledges a record when it is synced, and recovers from a crash at the
//! speed of the disk in a fixed buffer. It has no replicas, no transactions, no group members and no compaction yet.
//!
//! ```text
//! socket -> server::connection (reserves, reads a frame) -> api::<key> -> topics -> log (append, sync, locate, read)
//! ```
//!
//! In that order: `config` and `broker` (starting and stopping), `core` (what requests share), `memory` (accounts and
//! floors), `server` (sockets), `api` (one file per API key), `topics`, `groups` (committed offsets), `log` (one partition),
//! `identity` and `files` (small files).

mod broker;
mod config;

mod core;
mod memory;

mod server;

mod api;

mod groups;
mod topics;

mod log;

mod files;
mod identity;

pub use broker::{Broker, RunningBroker};
pub use config::BrokerConfig;
