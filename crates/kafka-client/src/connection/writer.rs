//! The side that writes requests.

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

/// Writes frames until that fails or the connection's owner is gone; says why it ended.
pub(super) async fn run(mut to: OwnedWriteHalf, frames: &mut mpsc::Receiver<Outgoing>, pending: &Pending) -> String {
    while let Some(Outgoing { frame, answer }) = frames.recv().await {
        // Before the bytes: the response must find its answer.
        pending.push(answer);
        for part in frame.parts() {
            if let Err(error) = to.write_all(part).await {
                return error.to_string();
            }
        }
    }
    "the connection was closed".to_owned()
}
