use std::pin::Pin;
use std::task::{Context, Poll};

use kafka_wire::protocol::messages::metadata::{MetadataResponse, MetadataTopic};
use kafka_wire::protocol::{ApiKey, encode_response};
use ledger::Budget;

use super::*;
use crate::config::BrokerConfig;

/// A client that takes a little at a time, and nothing any more when it has so many bytes.
struct Slow {
    most: usize,
    taken: usize,
    /// Whether it takes something the next time.
    ready: bool,
}

impl AsyncWrite for Slow {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.taken >= self.most {
            return Poll::Pending;
        }
        self.ready = !self.ready;
        if self.ready {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let some = bytes.len().min(1000);
        self.taken += some;
        Poll::Ready(Ok(some))
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn a_response_goes_piece_by_piece_until_its_client_stands_still() {
    let budget = Budget::new(ByteCount::mib(8));
    let memory = BrokerMemory::open(&budget, &BrokerConfig::new("unused"));
    let topic = MetadataTopic { name: Some("t".repeat(1 << 14)), ..MetadataTopic::default() };
    let response = MetadataResponse { topics: vec![topic; 64], ..MetadataResponse::default() };
    let frame = encode_response(&response, ApiKey::Metadata, 9, 1).unwrap();
    for (most, goes) in [(usize::MAX, true), (PIECE_BYTES + 1, false)] {
        let mut socket = Slow { most, taken: 0, ready: false };
        let written = write_frame(&memory, STALL_WHEN_SHORT, &mut socket, &frame).await;
        assert_eq!(written.is_some_and(|written| written.is_ok()), goes);
        assert_eq!(socket.taken == frame.len(), goes, "{} of {}", socket.taken, frame.len());
    }
}
