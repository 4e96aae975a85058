//! Accepts connections and owns their tasks.

use std::sync::Arc;
use std::time::Duration;

use base::tasks::Tasks;
use base::{ByteCount, Result};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::connection;
use crate::core::Core;

/// What a connection costs before it sends anything: its task, its socket, its queue.
const CONNECTION_BYTES: ByteCount = ByteCount::kib(16);
/// How long to wait when no socket can be accepted (out of file descriptors, mostly).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves clients until `stopping` says so; all connections are closed when this returns.
pub(crate) async fn listen(core: Arc<Core>, listener: TcpListener, mut stopping: watch::Receiver<bool>) -> Result<()> {
    let mut connections = Tasks::new();
    loop {
        tokio::select! {
            () = stopped(&mut stopping) => break,
            Some((name, result)) = connections.next_ended(), if !connections.is_empty() => {
                if let Err(error) = result {
                    tracing::info!(connection = name, error = %error.report(), "a connection was closed");
                }
            }
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => accept(&core, &mut connections, stream, peer.to_string()),
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    connections.stop().await;
    Ok(())
}

fn accept(core: &Arc<Core>, connections: &mut Tasks, stream: TcpStream, peer: String) {
    let Some(paid) = core.memory.tables.try_reserve(CONNECTION_BYTES) else {
        tracing::warn!(peer, "a connection was refused: there is no memory for it");
        return;
    };
    let core = core.clone();
    connections.spawn(peer, async move {
        let _paid = paid;
        Box::pin(connection::serve(core, stream)).await
    });
}

/// Removes old segments now and then, until `stopping` says so.
pub(crate) async fn retain(core: Arc<Core>, mut stopping: watch::Receiver<bool>) -> Result<()> {
    let pause = Duration::from_millis(core.config.retention_check_ms);
    loop {
        tokio::select! {
            () = stopped(&mut stopping) => return Ok(()),
            () = tokio::time::sleep(pause) => core.retain(),
        }
    }
}

/// Also when the broker was dropped.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    drop(stopping.wait_for(|stop| *stop).await);
}
