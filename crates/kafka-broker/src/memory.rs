//! The broker's accounts and their floors.
//!
//! | account | floor | pays for |
//! |---|---|---|
//! | `broker/requests` | one largest produce request | request frames, from before they are read until they are handled |
//! | `broker/fetch` | one largest batch | fetched records, from before they are read until the socket took them |
//! | `broker/tables` | 512 KiB | open logs, producers, group offsets, connections, decoded requests |
//!
//! Responses beside fetched records are not charged: what they list (topics, partitions, offsets) is in the tables at a
//! hundred times the size.
//!
//! A request waits for `requests` without holding anything, and a response for `fetch` holding only a small request, so
//! neither can keep the other from ending: responses end when sockets take them, and a socket that takes nothing is
//! closed after a while.

use base::ByteCount;
use kafka_wire::protocol::{ApiKey, decode_allowance};
use ledger::{Account, Budget};

use crate::config::BrokerConfig;

/// What a produce request may have beside its largest batch: names, other partitions' headers.
const REQUEST_OVERHEAD: ByteCount = ByteCount::kib(64);
/// What decoding a produce request may allocate: its record bytes stay in the frame.
const PRODUCE_ALLOWANCE: usize = 128 << 10;
const TABLES_FLOOR: ByteCount = ByteCount::kib(512);

#[derive(Clone, Debug)]
pub(crate) struct BrokerMemory {
    pub(crate) requests: Account,
    pub(crate) fetch: Account,
    pub(crate) tables: Account,
}

impl BrokerMemory {
    pub(crate) fn open(budget: &Budget, config: &BrokerConfig) -> Self {
        let request_floor = config.message_max + REQUEST_OVERHEAD + ByteCount::from(PRODUCE_ALLOWANCE);
        Self {
            requests: budget.account("broker/requests", request_floor),
            fetch: budget.account("broker/fetch", config.message_max),
            tables: budget.account("broker/tables", TABLES_FLOOR),
        }
    }
}

/// What decoding a request of `key` may allocate beyond its frame of `len` bytes.
pub(crate) fn request_allowance(key: i16, len: usize) -> usize {
    let natural = decode_allowance(len);
    if key == ApiKey::Produce.code() { natural.min(PRODUCE_ALLOWANCE) } else { natural }
}
