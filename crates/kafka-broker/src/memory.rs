//! The broker's accounts and their floors.
//!
//! | account | floor | pays for |
//! |---|---|---|
//! | `broker/requests` | one largest produce request | frames of more than 8 KiB, from before the rest of them is read until they are handled |
//! | `broker/small` | one frame of 8 KiB | smaller frames, until they are handled |
//! | `broker/fetch` | one largest batch | fetched records, and other answers that only read, from before they are made until the socket took them |
//! | `broker/connections` | 32 of them | connections, each with the beginning of a frame |
//! | `broker/tables` | 512 KiB | open logs, producers, group offsets, decoded requests, answers to requests that change something |
//!
//! A response is weighed before it is made. It names each group, topic and partition once, however often the request
//! did; so it takes at most [`PROPORTION`] times what the request decoded to, and what is known of the things it names.
//! Nothing is reserved for up to [`RESPONSE_SMALL`] bytes: the connection pays, which makes one such response at a time.
//! Beside its records, what a response to Fetch, Produce, ListOffsets or OffsetCommit says of a partition is as large
//! as what its request said, and that stays paid until the socket took the response.
//!
//! A request waits for `requests` without holding anything, and a response for `fetch` holding only a small request, so
//! neither can keep the other from ending: responses end when sockets take them, and a socket that takes nothing is
//! closed after a while. Connections together get an eighth of the budget.

use base::ByteCount;
use kafka_wire::protocol::{ApiKey, decode_allowance};
use ledger::{Account, Budget};

use crate::config::BrokerConfig;

/// What a produce request may have beside its largest batch: names, other partitions' headers.
const REQUEST_OVERHEAD: ByteCount = ByteCount::kib(64);
/// What decoding a produce request may allocate: its record bytes stay in the frame.
const PRODUCE_ALLOWANCE: usize = 128 << 10;
const TABLES_FLOOR: ByteCount = ByteCount::kib(512);
/// What a response may take, decoded and encoded, for each byte of its decoded request: errors repeat names, escaped.
const PROPORTION: usize = 12;
/// Up to here a response that only reads costs nothing beside its connection.
const RESPONSE_SMALL: ByteCount = ByteCount::kib(4);
/// Frames up to this length are read whole before they are reserved.
pub(crate) const SMALL_BYTES: usize = 8 << 10;
/// What a connection costs: its task, its socket, its queue, the beginning of a frame.
pub(crate) const CONNECTION_BYTES: ByteCount = ByteCount(16 << 10 | SMALL_BYTES as u64);
const CONNECTIONS_MIN: u64 = 32;
/// Beyond this many a single node is not what is needed.
const CONNECTIONS_MAX: u64 = 10_000;
/// Open files where the system does not say how many there may be: the usual soft limit.
const OPEN_FILES: u64 = 1_024;

#[derive(Clone, Debug)]
pub(crate) struct BrokerMemory {
    pub(crate) requests: Account,
    pub(crate) fetch: Account,
    pub(crate) tables: Account,
    pub(crate) small: Account,
    pub(crate) connections: Account,
    /// How many connections there may be.
    pub(crate) connections_max: usize,
}

impl BrokerMemory {
    pub(crate) fn open(budget: &Budget, config: &BrokerConfig) -> Self {
        let request_floor = config.message_max + REQUEST_OVERHEAD + ByteCount::from(PRODUCE_ALLOWANCE);
        Self {
            requests: budget.account("broker/requests", request_floor),
            fetch: budget.account("broker/fetch", config.message_max),
            tables: budget.account("broker/tables", TABLES_FLOOR),
            small: budget.account("broker/small", ByteCount::from(SMALL_BYTES + decode_allowance(SMALL_BYTES))),
            connections: budget.account("broker/connections", ByteCount(CONNECTIONS_MIN * CONNECTION_BYTES.0)),
            connections_max: connections_max(budget.limit(), open_files_max()),
        }
    }
}

impl BrokerMemory {
    /// Whether somebody waits for memory: then nobody may hold it for a client that does not move.
    pub(crate) fn is_short(&self) -> bool {
        self.fetch.budget().waiters() > 0
    }
}

/// How many connections fit into an eighth of the budget, and half of the open files: logs need the others.
fn connections_max(limit: ByteCount, open_files: u64) -> usize {
    let by_memory = limit.0 / 8 / CONNECTION_BYTES.0;
    by_memory.clamp(CONNECTIONS_MIN, CONNECTIONS_MAX).min((open_files / 2).max(1)) as usize
}

/// The soft limit of this process, as Linux tells it.
fn open_files_max() -> u64 {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(OPEN_FILES)
}

/// What decoding a request of `key` may allocate beyond its frame of `len` bytes.
pub(crate) fn request_allowance(key: i16, len: usize) -> usize {
    let natural = decode_allowance(len);
    if key == ApiKey::Produce.code() { natural.min(PRODUCE_ALLOWANCE) } else { natural }
}

/// What a response takes, decoded and encoded: `known` bytes of what the broker keeps, beside what follows from a request
/// that `decoded` to so much.
pub(crate) fn response_bytes(decoded: ByteCount, known: usize) -> ByteCount {
    ByteCount::from(decoded.as_usize().saturating_mul(PROPORTION).saturating_add(known))
}

/// What must be reserved for a response that only reads.
pub(crate) fn reserved_bytes(decoded: ByteCount, known: usize) -> ByteCount {
    let bytes = response_bytes(decoded, known);
    if bytes <= RESPONSE_SMALL { ByteCount::ZERO } else { bytes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_follow_the_budget_and_the_open_files() {
        assert_eq!(connections_max(ByteCount::mib(4), 20_000), 32);
        assert_eq!(connections_max(ByteCount::mib(48), 20_000), 256);
        assert_eq!(connections_max(ByteCount::mib(48), 256), 128);
        assert_eq!(connections_max(ByteCount::mib(8 << 10), 100_000), 10_000);
        assert!(open_files_max() > 0);
    }
}
