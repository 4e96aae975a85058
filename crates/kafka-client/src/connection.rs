//! One connection to a broker: many requests at once, answered in their order.
//!
//! ```text
//! begin() -> outgoing queue -> writer -> socket -> reader -> the caller's one-shot
//!                                     '--- pending answers, in order ---^
//! ```
//! Requests are handed to a writer, so a caller that goes away never leaves half a frame behind. Writer and reader end
//! together and then let go of what they hold, so that every caller learns of it: a broker that stops reading blocks the
//! writer in the midst of a frame, and only the reader knows that an answer is overdue. The reader reads a
//! frame's 4-byte length, reserves that much from the account that the request named, and then reads: a response without
//! memory waits in the socket, and so does what is behind it. So long polls have connections of their own.
//!
//! In reading order: this file, `pending` (what is asked and not yet answered), `writer`, `reader`, `versions` (what the
//! broker speaks), `error`.

mod error;
mod pending;
mod reader;
mod versions;
mod writer;

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use base::Result;
use base::tasks::Tasks;
use bytes::Bytes;
use kafka_wire::protocol::{Request, WireError, decode_response, encode_request};
use ledger::{Account, Reservation, TooLarge};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot};

pub(crate) use self::error::RequestError;
use self::pending::{Answer, Pending};
use self::versions::Versions;
use self::writer::Outgoing;
use crate::config::{Address, ClientConfig};

/// Frames that wait for the writer; each has a caller that waits for it.
const OUTGOING_MAX: usize = 16;

/// An open connection; dropping it closes the socket and ends its tasks.
#[derive(Debug)]
pub(crate) struct Connection {
    address: Address,
    client_id: String,
    versions: Versions,
    correlation: AtomicI32,
    outgoing: mpsc::Sender<Outgoing>,
    pending: Arc<Pending>,
    _tasks: Tasks,
}

/// A decoded response with what it holds: its frame is charged through its own slices, `paid` is for the decoded values.
#[derive(Debug)]
pub(crate) struct Response<T> {
    pub(crate) body: T,
    pub(crate) paid: Reservation,
}

/// How a request is to be answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask<'a> {
    /// Pays for the response.
    pub(crate) account: &'a Account,
    /// How long the broker may take, beside our own waiting for memory.
    pub(crate) timeout: Duration,
    /// The largest version to speak, where the caller has a reason not to speak the newest.
    pub(crate) version_max: i16,
}

impl<'a> Ask<'a> {
    pub(crate) fn new(account: &'a Account, config: &ClientConfig) -> Self {
        let timeout = Duration::from_millis(config.request_timeout_ms);
        Self { account, timeout, version_max: i16::MAX }
    }
}

/// A request that is on its way.
#[derive(Debug)]
pub(crate) struct Begun<R> {
    version: i16,
    correlation_id: i32,
    response: oneshot::Receiver<Result<(Bytes, Reservation), TooLarge>>,
    _request: PhantomData<fn() -> R>,
}

impl<R: Request> Begun<R> {
    /// Waits for the response on `connection`, where it was begun.
    pub(crate) async fn response(self, connection: &Connection) -> Result<Response<R::Response>, RequestError> {
        let (version, correlation_id) = (self.version, self.correlation_id);
        let (frame, paid) = self.frame(connection).await?;
        let body =
            decode_response::<R>(frame, version, correlation_id).map_err(|error| connection.malformed::<R>(error))?;
        Ok(Response { body, paid })
    }

    async fn frame(self, connection: &Connection) -> Result<(Bytes, Reservation), RequestError> {
        match self.response.await {
            Ok(Ok(paid_frame)) => Ok(paid_frame),
            Ok(Err(error)) => Err(RequestError::TooLarge { api: R::KEY.name(), error }),
            Err(_) => Err(connection.disconnected()),
        }
    }
}

impl Connection {
    /// Connects and agrees on versions. A place for TLS and SASL, which go between these two.
    ///
    /// # Cancel safety
    /// Nothing is left behind when the future is dropped.
    pub(crate) async fn open(
        address: &Address,
        config: &ClientConfig,
        account: &Account,
    ) -> Result<Self, RequestError> {
        let unreachable = |reason: String| RequestError::Unreachable { address: address.clone(), reason };
        let timeout = Duration::from_millis(config.connect_timeout_ms);
        let connecting = TcpStream::connect((address.host.as_str(), address.port));
        let stream = match tokio::time::timeout(timeout, connecting).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(unreachable(error.to_string())),
            Err(_) => return Err(unreachable(format!("no connection after {} ms", timeout.as_millis()))),
        };
        stream.set_nodelay(true).map_err(|error| unreachable(error.to_string()))?;
        let mut connection = Self::over(stream, address, config);
        connection.versions = Versions::ask(&connection, &Ask::new(account, config)).await?;
        Ok(connection)
    }

    fn over(stream: TcpStream, address: &Address, config: &ClientConfig) -> Self {
        let (from, to) = stream.into_split();
        let (outgoing, frames) = mpsc::channel(OUTGOING_MAX);
        let pending = Arc::new(Pending::default());
        let mut tasks = Tasks::new();
        tasks.spawn(format!("kafka connection {address}"), run(from, to, frames, pending.clone()));
        Self {
            address: address.clone(),
            client_id: config.client_id.clone(),
            versions: Versions::default(),
            correlation: AtomicI32::new(0),
            outgoing,
            pending,
            _tasks: tasks,
        }
    }

    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    /// Whether it has failed; a failed connection never comes back.
    pub(crate) fn is_closed(&self) -> bool {
        self.pending.failure().is_some()
    }

    /// Sends `request` in the newest version that both sides speak and waits for the response.
    ///
    /// # Cancel safety
    /// When the future is dropped the request may or may not be sent; its response is thrown away.
    pub(crate) async fn request<R: Request>(
        &self,
        request: &R,
        ask: &Ask<'_>,
    ) -> Result<Response<R::Response>, RequestError> {
        self.begin(request, ask).await?.response(self).await
    }

    /// Puts `request` behind those begun before; the response is waited for apart from it.
    ///
    /// # Cancel safety
    /// Nothing is sent when the future is dropped before it is ready.
    pub(crate) async fn begin<R: Request>(&self, request: &R, ask: &Ask<'_>) -> Result<Begun<R>, RequestError> {
        let version = self.versions.choose::<R>(ask.version_max, &self.address)?;
        self.begin_in(request, version, ask).await
    }

    async fn begin_in<R: Request>(&self, request: &R, version: i16, ask: &Ask<'_>) -> Result<Begun<R>, RequestError> {
        let correlation_id = self.correlation.fetch_add(1, Ordering::Relaxed) & i32::MAX;
        let frame = encode_request(request, version, correlation_id, Some(&self.client_id))
            .map_err(|error| self.malformed::<R>(error))?;
        let (to, response) = oneshot::channel();
        let answer = Answer { account: ask.account.clone(), timeout: ask.timeout, to };
        let Ok(permit) = self.outgoing.reserve().await else { return Err(self.disconnected()) };
        permit.send(Outgoing { frame, answer });
        // What was sent after the queue was emptied would stay in it.
        if self.is_closed() {
            return Err(self.disconnected());
        }
        Ok(Begun { version, correlation_id, response, _request: PhantomData })
    }

    fn malformed<R: Request>(&self, error: WireError) -> RequestError {
        let (address, api) = (self.address.clone(), R::KEY.name());
        match error {
            // What lists more than its bytes can hold was refused before.
            WireError::AllowanceExceeded { .. } => RequestError::TooMuch { address, api, error },
            _ => RequestError::Malformed { address, api, error },
        }
    }

    fn disconnected(&self) -> RequestError {
        let reason = self.pending.failure().unwrap_or_else(|| "the connection was closed".to_owned());
        RequestError::Disconnected { address: self.address.clone(), reason }
    }
}

/// Writes and reads until either fails; then every caller learns why, those whose requests were not written as well.
async fn run(
    from: OwnedReadHalf,
    to: OwnedWriteHalf,
    mut frames: mpsc::Receiver<Outgoing>,
    pending: Arc<Pending>,
) -> Result<()> {
    let reason = tokio::select! {
        reason = writer::run(to, &mut frames, &pending) => reason,
        reason = reader::run(from, &pending) => reason,
    };
    pending.fail(reason);
    Ok(())
}
