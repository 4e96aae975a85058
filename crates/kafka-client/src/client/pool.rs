//! One connection per broker, opened when it is needed and again, after a pause, when it was lost.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use base::Backoff;
use ledger::Account;
use tokio::time::Instant;

use super::lock;
use crate::config::{Address, ClientConfig};
use crate::connection::{Connection, RequestError};
use crate::retry::reconnect_pauses;

/// The connections of one owner: long polls must not stand before other requests, so consumers and producers have their
/// own.
#[derive(Debug)]
pub(crate) struct Pool {
    config: ClientConfig,
    account: Account,
    slots: Mutex<BTreeMap<Address, Arc<Slot>>>,
}

#[derive(Debug)]
struct Slot {
    state: tokio::sync::Mutex<State>,
}

#[derive(Debug)]
struct State {
    connection: Option<Arc<Connection>>,
    backoff: Backoff,
    not_before: Option<Instant>,
}

impl Pool {
    /// `account` pays for what is exchanged when a connection opens.
    pub(crate) fn new(config: ClientConfig, account: Account) -> Self {
        Self { config, account, slots: Mutex::new(BTreeMap::new()) }
    }

    /// An open connection. Waits for the pause after a failure, then tries once.
    ///
    /// # Cancel safety
    /// Nothing is left behind.
    pub(crate) async fn get(&self, address: &Address) -> Result<Arc<Connection>, RequestError> {
        let slot = self.slot(address);
        let mut state = slot.state.lock().await;
        if let Some(connection) = state.connection.as_ref().filter(|connection| !connection.is_closed()) {
            return Ok(connection.clone());
        }
        state.connection = None;
        if let Some(not_before) = state.not_before {
            tokio::time::sleep_until(not_before).await;
        }
        let opened = Connection::open(address, &self.config, &self.account).await;
        if opened.is_ok() {
            state.backoff.reset();
        }
        // After a success too: a broker that accepts and closes at once must not be stormed.
        state.not_before = Some(Instant::now() + state.backoff.next_pause());
        let connection = Arc::new(opened?);
        tracing::debug!(broker = %address, "connected");
        state.connection = Some(connection.clone());
        Ok(connection)
    }

    /// Forgets brokers that are gone from the cluster.
    pub(crate) fn retain(&self, keep: impl Fn(&Address) -> bool) {
        lock(&self.slots).retain(|address, _| keep(address));
    }

    fn slot(&self, address: &Address) -> Arc<Slot> {
        let new = || {
            let backoff = reconnect_pauses(&self.config);
            let state = State { connection: None, backoff, not_before: None };
            Arc::new(Slot { state: tokio::sync::Mutex::new(state) })
        };
        lock(&self.slots).entry(address.clone()).or_insert_with(new).clone()
    }
}
