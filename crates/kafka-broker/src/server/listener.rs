//! Accepts connections and owns their tasks.

use std::sync::Arc;
use std::time::Duration;

use base::tasks::Tasks;
use base::{Error, Result, Retry};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::connection;
use super::places::Places;
use crate::core::Core;
use crate::memory::CONNECTION_BYTES;

/// How long to wait when no socket can be accepted (out of file descriptors, mostly).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How often the log tells of clients that were sent away: a crowd of them must not fill it.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// Serves clients until `stopping` says so; all connections are closed when this returns.
pub(crate) async fn listen(core: Arc<Core>, listener: TcpListener, mut stopping: watch::Receiver<bool>) -> Result<()> {
    let mut connections = Tasks::new();
    let places = Places::new(core.memory.connections_max);
    let mut sent_away = SentAway::default();
    loop {
        tokio::select! {
            () = stopped(&mut stopping) => break,
            Some((name, result)) = connections.next_ended(), if !connections.is_empty() => {
                if let Err(error) = result {
                    closed(&mut sent_away, core.clock.monotonic(), &name, &error);
                }
            }
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    if !accept(&core, &places, &mut connections, stream, peer.to_string()) {
                        let most = places.most();
                        let error = Error::external(format!("all of the {most} connections there may be are in use"))
                            .hint("give the broker more with --memory, or raise the limit on open files (ulimit -n)");
                        closed(&mut sent_away, core.clock.monotonic(), &peer.to_string(), &error);
                    }
                }
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

/// Serves a client, if there is a place for it.
fn accept(core: &Arc<Core>, places: &Arc<Places>, connections: &mut Tasks, stream: TcpStream, peer: String) -> bool {
    let Some(place) = places.take(core.clock.monotonic()) else { return false };
    let core = core.clone();
    connections.spawn(peer, async move {
        // Whoever had the place before may still hold its memory for a moment.
        let _paid = core.memory.connections.reserve(CONNECTION_BYTES).await?;
        Box::pin(connection::serve(core, stream, place)).await
    });
    true
}

/// What clients did wrong, told now and then.
#[derive(Debug, Default)]
struct SentAway {
    told_at: Option<Duration>,
    untold: u64,
}

/// Tells of a connection that did not end as its client wanted. Networks break all the time.
fn closed(sent_away: &mut SentAway, now: Duration, peer: &str, error: &Error) {
    if error.retry() == Retry::Backoff {
        tracing::debug!(connection = peer, error = %error.report(), "a connection broke");
        return;
    }
    if sent_away.told_at.is_some_and(|told| now.saturating_sub(told) < TELL_EVERY) {
        sent_away.untold += 1;
        return;
    }
    let others = std::mem::take(&mut sent_away.untold);
    tracing::info!(connection = peer, others_before = others, "a connection was closed: {}", error.report());
    sent_away.told_at = Some(now);
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
