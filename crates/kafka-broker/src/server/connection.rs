//! One client: requests are read one after another and answered in their order.
//!
//! Reading goes on while earlier requests wait for a sync or for records, so a pipelining producer shares syncs with
//! itself; the queue between is short. A frame is reserved before it is read, so a broker short of memory simply stops
//! reading sockets.

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::time::Duration;

use base::{ByteCount, Error, Result};
use bytes::Bytes;
use kafka_wire::protocol::{Frame, frame_length};
use ledger::Owned;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;

use crate::api::{self, Answer};
use crate::core::Core;
use crate::memory::request_allowance;

/// Requests that may wait for their answers.
const IN_FLIGHT: usize = 8;
/// How long the rest of a frame may take to come, and a response to go: longer means that the client is stuck and keeps
/// memory from others.
const STALL: Duration = Duration::from_secs(30);
/// Length and API key: enough to know how much memory a request needs.
const HEAD_BYTES: usize = 6;

/// Serves a client until it closes the connection.
///
/// # Errors
/// It broke the protocol, stalled, or the network failed.
pub(super) async fn serve(core: Arc<Core>, stream: TcpStream) -> Result<()> {
    stream.set_nodelay(true).map_err(broken)?;
    let (read, write) = stream.into_split();
    let (sender, receiver) = mpsc::channel(IN_FLIGHT);
    // Whichever ends first ends the connection.
    tokio::select! {
        result = read_requests(&core, read, sender) => result,
        result = write_responses(write, receiver) => result,
    }
}

async fn read_requests(core: &Arc<Core>, mut socket: OwnedReadHalf, answers: mpsc::Sender<Answer>) -> Result<()> {
    let idle = Duration::from_millis(core.config.idle_max_ms);
    loop {
        let mut head = [0; HEAD_BYTES];
        match tokio::time::timeout(idle, socket.read_exact(&mut head)).await {
            Err(_) => return Ok(()),
            Ok(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Ok(read) => read.map_err(broken)?,
        };
        let frame = read_frame(core, &mut socket, head).await?;
        let answer = api::begin(core, frame)?;
        if answers.send(answer).await.is_err() {
            return Ok(());
        }
    }
}

/// Reads the rest of a frame into memory that is reserved first, with what decoding it may take.
async fn read_frame(core: &Core, socket: &mut OwnedReadHalf, head: [u8; HEAD_BYTES]) -> Result<Bytes> {
    let [a, b, c, d, key @ ..] = head;
    let length = frame_length([a, b, c, d], core.config.request_max.as_usize())?;
    let wanted = ByteCount::from(length + request_allowance(i16::from_be_bytes(key), length));
    let paid = core.memory.requests.reserve(wanted).await?;
    let mut frame = vec![0; length];
    let Some((begun, rest)) = frame.split_first_chunk_mut() else {
        return Err(Error::external("a request is shorter than its header"));
    };
    *begun = key;
    let read = tokio::time::timeout(STALL, socket.read_exact(rest)).await;
    read.map_err(|_| Error::external("a client stopped sending in the middle of a request"))?.map_err(broken)?;
    Ok(Owned::new(frame, paid).into_bytes())
}

async fn write_responses(mut socket: OwnedWriteHalf, mut answers: mpsc::Receiver<Answer>) -> Result<()> {
    while let Some(answer) = answers.recv().await {
        let Some(frame) = answer.await? else { continue };
        let written = tokio::time::timeout(STALL, write_frame(&mut socket, &frame)).await;
        written.map_err(|_| Error::external("a client stopped reading its responses"))?.map_err(broken)?;
    }
    // The reader is gone and ends the connection; nothing is left to say.
    std::future::pending().await
}

/// Writes the parts without putting them together first.
async fn write_frame(socket: &mut OwnedWriteHalf, frame: &Frame) -> io::Result<()> {
    let mut slices: Vec<IoSlice<'_>> = frame.parts().iter().map(|part| IoSlice::new(part)).collect();
    let mut left = slices.as_mut_slice();
    while !left.is_empty() {
        match socket.write_vectored(left).await? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            written => IoSlice::advance_slices(&mut left, written),
        }
    }
    Ok(())
}

fn broken(error: io::Error) -> Error {
    Error::transient("the connection broke").caused_by(error)
}
