//! One client: requests are read one after another and answered in their order.
//!
//! Reading goes on while earlier requests wait for a sync or for records, so a pipelining producer shares syncs with
//! itself; the queue between is short.
//!
//! A client gets memory for what it sends, not for what it announces. The first bytes of a frame, and so all of a small
//! one, are read into what every connection pays for anyway; only then is the frame reserved. So announcing much and
//! sending nothing takes nothing from others. A large frame is reserved whole before the rest of it is read, and must come at
//! a pace; a broker short of memory simply stops reading sockets, and closes those that hold memory and do not move. Small
//! frames have an account of their own, so that they never wait behind large ones.

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::time::Duration;

use base::{ByteCount, Error, Result};
use bytes::Bytes;
use kafka_wire::protocol::{Frame, frame_length};
use ledger::Owned;
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;

use super::places::Place;
use crate::api::{self, Answer};
use crate::core::Core;
use crate::memory::{BrokerMemory, SMALL_BYTES, request_allowance};

/// Requests that may wait for their answers.
const IN_FLIGHT: usize = 8;
/// How long a piece of a frame may take to come, and a piece of a response to go: longer means that the client is stuck and
/// keeps memory from others. How long all pieces take together is the link's affair.
const STALL: Duration = Duration::from_secs(10);
const RESPONSE_STALL: Duration = Duration::from_secs(30);
/// So long a client may stand still while others wait for the memory that it holds.
const STALL_WHEN_SHORT: Duration = Duration::from_secs(2);
/// What must come within [`STALL`], and go within [`RESPONSE_STALL`]: 6 KiB a second is less than any link on which Kafka is
/// of use.
const PIECE_BYTES: usize = 64 << 10;
/// Length and API key: enough to know how much memory a request needs.
const HEAD_BYTES: usize = 6;

/// Serves a client until it closes the connection.
///
/// # Errors
/// It broke the protocol, stalled, or the network failed.
pub(super) async fn serve(core: Arc<Core>, stream: TcpStream, place: Place) -> Result<()> {
    stream.set_nodelay(true).map_err(broken)?;
    let (read, write) = stream.into_split();
    let (sender, receiver) = mpsc::channel(IN_FLIGHT);
    // Whichever ends first ends the connection.
    tokio::select! {
        result = read_requests(&core, read, sender, &place) => result,
        result = write_responses(&core, write, receiver) => result,
        () = place.given_away() => Ok(()),
    }
}

async fn read_requests(
    core: &Arc<Core>,
    mut socket: OwnedReadHalf,
    answers: mpsc::Sender<Answer>,
    place: &Place,
) -> Result<()> {
    let idle = Duration::from_millis(core.config.idle_max_ms);
    loop {
        let mut head = [0; HEAD_BYTES];
        match tokio::time::timeout(idle, socket.read_exact(&mut head)).await {
            Err(_) => return Ok(()),
            Ok(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Ok(read) => read.map_err(broken)?,
        };
        let frame = read_frame(core, &mut socket, head).await?;
        place.heard(core.clock.monotonic());
        let answer = api::begin(core, frame)?;
        if answers.send(answer).await.is_err() {
            return Ok(());
        }
    }
}

/// Reads the rest of a frame into memory that is reserved, with what decoding it may take.
async fn read_frame(core: &Core, socket: &mut OwnedReadHalf, head: [u8; HEAD_BYTES]) -> Result<Bytes> {
    let [a, b, c, d, key @ ..] = head;
    let length = frame_length([a, b, c, d], core.config.request_max.as_usize())?;
    let wanted = ByteCount::from(length + request_allowance(i16::from_be_bytes(key), length));
    let account = if length <= SMALL_BYTES { &core.memory.small } else { &core.memory.requests };
    let mut begin = vec![0; length.min(SMALL_BYTES)];
    let Some((begun, rest)) = begin.split_first_chunk_mut() else {
        return Err(Error::external("a request is shorter than its header"));
    };
    *begun = key;
    let read = tokio::time::timeout(STALL, socket.read_exact(rest)).await;
    read.map_err(|_| stopped_sending())?.map_err(broken)?;
    let paid = account.reserve(wanted).await?;
    if length == begin.len() {
        return Ok(Owned::new(begin, paid).into_bytes());
    }
    let mut frame = vec![0; length];
    let (first, rest) = frame.split_at_mut(begin.len());
    first.copy_from_slice(&begin);
    drop(begin);
    for piece in rest.chunks_mut(PIECE_BYTES) {
        moving(&core.memory, STALL, socket.read_exact(piece)).await.ok_or_else(stopped_sending)?.map_err(broken)?;
    }
    Ok(Owned::new(frame, paid).into_bytes())
}

fn stopped_sending() -> Error {
    Error::external("a client stopped sending in the middle of a request")
}

/// What `work` gives, unless it takes longer than `stall`, or a while when memory is short.
async fn moving<T>(memory: &BrokerMemory, stall: Duration, work: impl Future<Output = T>) -> Option<T> {
    let mut work = std::pin::pin!(work);
    let mut waited = Duration::ZERO;
    while waited < stall {
        if let Ok(done) = tokio::time::timeout(STALL_WHEN_SHORT, &mut work).await {
            return Some(done);
        }
        if memory.is_short() {
            return None;
        }
        waited += STALL_WHEN_SHORT;
    }
    None
}

async fn write_responses(core: &Core, mut socket: OwnedWriteHalf, mut answers: mpsc::Receiver<Answer>) -> Result<()> {
    while let Some(answer) = answers.recv().await {
        let Some(Owned { value: frame, paid: _paid }) = answer.await? else { continue };
        write_frame(&core.memory, RESPONSE_STALL, &mut socket, &frame)
            .await
            .ok_or_else(|| Error::external("a client stopped reading its responses"))?
            .map_err(broken)?;
    }
    // The reader is gone and ends the connection; nothing is left to say.
    std::future::pending().await
}

/// Writes the parts without putting them together first; nothing if the client takes longer than `stall` for a piece.
async fn write_frame(
    memory: &BrokerMemory,
    stall: Duration,
    socket: &mut (impl AsyncWrite + Unpin),
    frame: &Frame,
) -> Option<io::Result<()>> {
    let mut slices: Vec<IoSlice<'_>> = frame.parts().iter().map(|part| IoSlice::new(part)).collect();
    let mut left = slices.as_mut_slice();
    while !left.is_empty() {
        match moving(memory, stall, write_piece(socket, left)).await? {
            Ok(rest) => left = rest,
            Err(error) => return Some(Err(error)),
        }
    }
    Some(Ok(()))
}

/// Writes the next [`PIECE_BYTES`], or what is left; returns the rest.
async fn write_piece<'a, 'b>(
    socket: &mut (impl AsyncWrite + Unpin),
    mut left: &'a mut [IoSlice<'b>],
) -> io::Result<&'a mut [IoSlice<'b>]> {
    let mut gone = 0;
    while gone < PIECE_BYTES && !left.is_empty() {
        let written = socket.write_vectored(left).await?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        IoSlice::advance_slices(&mut left, written);
        gone += written;
    }
    Ok(left)
}

fn broken(error: io::Error) -> Error {
    Error::transient("the connection broke").caused_by(error)
}

#[cfg(test)]
mod tests;
