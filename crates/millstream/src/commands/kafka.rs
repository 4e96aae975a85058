//! What the small commands around topics share: a client of the named brokers, set by `--property`.

use std::time::Duration;

use base::{ByteCount, Error, Result};
use kafka_client::{Client, ClientConfig};
use ledger::Budget;

use crate::cli::Cluster;

/// What these commands may hold, unless a property asks for more; they are given no `--memory`.
pub(crate) const MEMORY: ByteCount = ByteCount::mib(64);

/// How long a person waits for an answer of a broker that was there.
const PATIENCE_MS: u64 = 10_000;

/// How long a person waits for a broker that is not there.
const REACH: Duration = Duration::from_millis(2_500);

const BOOTSTRAP: &str = "bootstrap.servers";
const PATIENCE: &str = "default.api.timeout.ms";

/// Reads the cluster's properties with `read` (`ProducerConfig::from_properties` and its kin).
///
/// # Errors
/// A name or value is wrong; the message says which option has it.
pub(crate) fn configured<C>(cluster: &Cluster, read: impl Fn(&[(&str, &str)]) -> Result<C>) -> Result<C> {
    ClientConfig::new(&cluster.bootstrap).map_err(|error| error.at("--bootstrap"))?;
    if is_given(cluster, BOOTSTRAP) {
        return Err(Error::user(format!("--property: '{BOOTSTRAP}' has an option of its own"))
            .hint("name the brokers with --bootstrap HOST:PORT"));
    }
    let given = cluster.properties.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    let patience = PATIENCE_MS.to_string();
    let usual = [(BOOTSTRAP, cluster.bootstrap.as_str()), (PATIENCE, patience.as_str())];
    let pairs: Vec<(&str, &str)> = usual.into_iter().chain(given).collect();
    read(&pairs).map_err(|error| error.at("--property"))
}

/// Whether `--property` sets this.
pub(crate) fn is_given(cluster: &Cluster, key: &str) -> bool {
    cluster.properties.iter().any(|(given, _)| given == key)
}

/// A client of a cluster that answers, and the budget its bytes come from.
///
/// # Errors
/// Nobody answers; told soon, unless `--property default.api.timeout.ms` asks for patience.
pub(crate) async fn connect(cluster: &Cluster, config: ClientConfig, memory: ByteCount) -> Result<(Client, Budget)> {
    let patience = Duration::from_millis(config.api_timeout_ms);
    let within = if is_given(cluster, PATIENCE) { patience } else { REACH };
    let budget = Budget::new(memory);
    let client = Client::new(config, budget.account("kafka/cluster", Client::FLOOR));
    client.reach(within).await?;
    Ok((client, budget))
}
