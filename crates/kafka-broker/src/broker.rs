//! Starting and stopping a broker.

use std::net::SocketAddr;
use std::sync::Arc;

use base::tasks::Tasks;
use base::{Clock, Disk, Error, Result};
use ledger::Budget;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::config::BrokerConfig;
use crate::core::Core;
use crate::server;

/// A single-node broker.
#[derive(Debug)]
pub struct Broker;

/// A broker that answers clients. [`RunningBroker::shutdown`] ends it cleanly; dropping it ends it as a crash would, some
/// time later.
#[derive(Debug)]
pub struct RunningBroker {
    core: Arc<Core>,
    local_addr: SocketAddr,
    stop: watch::Sender<bool>,
    tasks: Tasks,
}

impl Broker {
    /// Opens the data folder, checks what a crash may have left, and listens. Clients may connect when this returns.
    ///
    /// The broker takes all its memory from `budget`, which should be its own: a job and the broker that it reads from must
    /// not wait for each other's memory.
    ///
    /// # Errors
    /// The address is taken, the budget is below the floors, the folder cannot be read or was written by another broker.
    pub async fn start(
        config: BrokerConfig,
        budget: &Budget,
        clock: Arc<dyn Clock>,
        disk: Arc<dyn Disk>,
    ) -> Result<RunningBroker> {
        let listener = TcpListener::bind(&config.listen).await.map_err(|error| {
            Error::external(format!("cannot listen at '{}'", config.listen))
                .caused_by(error)
                .hint("another broker may be running there; choose another address with --listen")
        })?;
        let local_addr = listener
            .local_addr()
            .map_err(|error| Error::external("the listening socket has no address").caused_by(error))?;
        let advertised =
            config.advertised.clone().unwrap_or_else(|| (reachable(local_addr).to_string(), local_addr.port()));
        let core = Arc::new(Core::open(config, advertised, budget, clock, disk)?);
        let (stop, stopping) = watch::channel(false);
        let mut tasks = Tasks::new();
        tasks.spawn("broker-retention", server::retain(core.clone(), stopping.clone()));
        tasks.spawn("broker-listener", server::listen(core.clone(), listener, stopping));
        tracing::info!(%local_addr, cluster_id = %core.cluster_id, "the broker listens");
        Ok(RunningBroker { core, local_addr, stop, tasks })
    }
}

/// An address that is "every interface" reaches this machine from this machine only as loopback.
fn reachable(address: SocketAddr) -> std::net::IpAddr {
    match address.ip() {
        std::net::IpAddr::V4(ip) if ip.is_unspecified() => std::net::Ipv4Addr::LOCALHOST.into(),
        std::net::IpAddr::V6(ip) if ip.is_unspecified() => std::net::Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    }
}

impl RunningBroker {
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// `host:port` for a client's `bootstrap.servers`.
    pub fn bootstrap(&self) -> String {
        self.local_addr.to_string()
    }

    pub fn cluster_id(&self) -> &str {
        &self.core.cluster_id
    }

    /// Closes all connections, syncs, and marks the end as clean, so that the next start has nothing to check.
    pub async fn shutdown(mut self) -> Result<()> {
        self.end_tasks().await;
        self.core.close()
    }

    /// Ends the broker as a crash of its process would: what waits for a sync is not acknowledged, and the next start
    /// checks the logs. When this returns the folder is free for another broker.
    pub async fn kill(mut self) {
        self.end_tasks().await;
    }

    async fn end_tasks(&mut self) {
        self.stop.send_replace(true);
        while let Some((name, result)) = self.tasks.next_ended().await {
            if let Err(error) = result {
                tracing::error!(task = name, error = %error.report(), "a task of the broker failed");
            }
        }
    }
}
