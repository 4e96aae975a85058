//! Why a request was not answered.

use base::Error;
use kafka_wire::protocol::WireError;
use ledger::TooLarge;

use crate::config::Address;

/// A request without a usable response.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestError {
    #[error("the Kafka broker at {address} cannot be reached: {reason}")]
    Unreachable { address: Address, reason: String },
    #[error("the connection to the Kafka broker at {address} was lost: {reason}")]
    Disconnected { address: Address, reason: String },
    #[error("the Kafka broker at {address} speaks no version of {api} that is spoken here ({here}; there {there})")]
    Versions { address: Address, api: &'static str, here: String, there: String },
    #[error("the response of the Kafka broker at {address} to {api} is malformed")]
    Malformed { address: Address, api: &'static str, error: WireError },
    #[error("the response of the Kafka broker at {address} to {api} lists more than can be held here at once")]
    TooMuch { address: Address, api: &'static str, error: WireError },
    #[error("a response to {api} is too large for the memory it may have")]
    TooLarge { api: &'static str, error: TooLarge },
}

impl RequestError {
    /// Whether another connection may do better.
    pub(crate) fn is_retriable(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Disconnected { .. })
    }
}

impl From<RequestError> for Error {
    fn from(error: RequestError) -> Self {
        let message = error.to_string();
        match error {
            RequestError::Unreachable { .. } => Error::transient(message).hint(
                "start the broker, or name another with --bootstrap, in a job file 'properties.bootstrap.servers'",
            ),
            RequestError::Disconnected { .. } => {
                Error::transient(message).hint("look into the broker's log for the reason")
            }
            RequestError::Versions { .. } => Error::external(message).hint("Kafka 2.1 or newer is needed"),
            RequestError::Malformed { error, .. } => Error::external(message)
                .detail(error.to_string())
                .hint("is it a Kafka broker that listens there, and without TLS?"),
            RequestError::TooMuch { error, .. } => Error::external(message)
                .detail(error.to_string())
                .hint("the answer is sound, but a cluster of this size is not listed as a whole: name single topics"),
            RequestError::TooLarge { error, .. } => Error::user(message)
                .detail(error.to_string())
                .hint("give the job more with --memory, or let producers write smaller batches ('batch.size')"),
        }
    }
}
