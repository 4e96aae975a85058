//! The task that writes requests.

use std::sync::Arc;

use base::Result;
use kafka_wire::protocol::Frame;
use tokio::io::AsyncWriteExt;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::mpsc;

use super::pending::{Answer, Pending};

/// A request to be written and where its response goes.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) frame: Frame,
    pub(super) answer: Answer,
}

/// Writes frames until the connection fails or its owner is gone.
pub(super) async fn run(
    mut to: OwnedWriteHalf,
    mut frames: mpsc::Receiver<Outgoing>,
    pending: Arc<Pending>,
) -> Result<()> {
    while let Some(Outgoing { frame, answer }) = frames.recv().await {
        // Before the bytes: the response must find its answer.
        if !pending.push(answer) {
            break;
        }
        for part in frame.parts() {
            if let Err(error) = to.write_all(part).await {
                pending.fail(error.to_string());
                return Ok(());
            }
        }
    }
    Ok(())
}
