//! What the small commands around topics share: a client of the named brokers.

use base::{ByteCount, Result};
use kafka_client::{Client, ClientConfig};
use ledger::Budget;

use crate::cli::Bootstrap;

/// What these commands may hold, all in all; they are given no `--memory`.
const MEMORY: ByteCount = ByteCount::mib(64);

/// How long a person waits for a broker that is not there.
const PATIENCE_MS: u64 = 10_000;

/// A client and the budget its bytes come from.
pub(crate) fn client(bootstrap: &Bootstrap) -> Result<(Client, Budget)> {
    let mut config = ClientConfig::new(&bootstrap.bootstrap)?;
    config.api_timeout_ms = PATIENCE_MS;
    let budget = Budget::new(MEMORY);
    let account = budget.account("kafka/cluster", Client::FLOOR);
    Ok((Client::new(config, account), budget))
}
