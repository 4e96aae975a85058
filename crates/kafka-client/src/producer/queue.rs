//! The batches of one partition: one that takes records, full ones, and closed ones in the order of their sequence.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use kafka_wire::records::{BatchBuilder, BatchHeader, ClosedBatch};
use ledger::Owned;
use tokio::time::Instant;

use super::delivery::{Completion, Promise};
use crate::config::Address;

/// A batch that takes records, or is full and not yet compressed.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) builder: BatchBuilder,
    pub(super) promise: Promise,
    pub(super) since: Instant,
}

/// A batch that waits to be sent or acknowledged.
#[derive(Debug)]
pub(super) struct Batch {
    /// Tells it from all others of the producer.
    pub(super) id: u64,
    header: BatchHeader,
    bytes: Arc<Owned<Vec<u8>>>,
    pub(super) promise: Promise,
    pub(super) since: Instant,
    /// Given when it is first sent under an identity.
    pub(super) sequence: Option<i32>,
    pub(super) attempts: u32,
    pub(super) in_flight: bool,
    pub(super) not_before: Option<Instant>,
    /// Why it was last sent in vain.
    pub(super) trouble: Option<String>,
}

/// Who the producer is to the brokers (KIP-98).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) producer_id: i64,
    pub(super) producer_epoch: i16,
}

/// The batches of a partition.
#[derive(Debug, Default)]
pub(super) struct Queue {
    pub(super) leader: Option<Address>,
    pub(super) open: Option<Open>,
    pub(super) full: VecDeque<Open>,
    /// What is being compressed, outside the lock: none behind it may be.
    pub(super) closing: Option<Arc<Completion>>,
    pub(super) closed: VecDeque<Batch>,
    pub(super) next_sequence: i32,
}

/// Which batch of a queue may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sendable {
    /// The one at this index.
    Now(usize),
    /// One may be, then.
    At(Instant),
    None,
}

/// The bytes of a batch, shared by the queue and the frame that carries them.
struct SharedBytes(Arc<Owned<Vec<u8>>>);

impl AsRef<[u8]> for SharedBytes {
    fn as_ref(&self) -> &[u8] {
        &self.0.value
    }
}

impl Batch {
    pub(super) fn new(id: u64, closed: ClosedBatch, promise: Promise, since: Instant) -> Self {
        Self {
            id,
            header: closed.header,
            bytes: Arc::new(closed.bytes),
            promise,
            since,
            sequence: None,
            attempts: 0,
            in_flight: false,
            not_before: None,
            trouble: None,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.value.len()
    }

    pub(super) fn bytes(&self) -> Bytes {
        Bytes::from_owner(SharedBytes(self.bytes.clone()))
    }

    /// Writes header and checksum; says no while a frame of an earlier try still holds the bytes.
    fn stamp(&mut self, identity: Identity, sequence: i32) -> bool {
        let Some(bytes) = Arc::get_mut(&mut self.bytes) else { return false };
        self.header.producer_id = identity.producer_id;
        self.header.producer_epoch = identity.producer_epoch;
        self.header.base_sequence = sequence;
        self.sequence = Some(sequence);
        self.header.seal(&mut bytes.value).is_ok()
    }
}

impl Queue {
    /// What should be compressed now, taken out; the next comes after [`Self::push`].
    pub(super) fn take_to_close(&mut self, due: impl FnOnce(&Open) -> bool) -> Option<Open> {
        if self.closing.is_some() {
            return None;
        }
        // While a closed batch waits to be sent, the open one may as well take more.
        let behind = self.closed.iter().any(|batch| !batch.in_flight);
        let taken = match self.full.pop_front() {
            Some(full) => Some(full),
            None => self.open.take_if(|open| !behind && due(open)),
        };
        self.closing = taken.as_ref().map(|open| open.promise.0.clone());
        taken
    }

    /// Puts a batch behind the others.
    pub(super) fn push(&mut self, batch: Batch) {
        self.closing = None;
        self.closed.push_back(batch);
    }

    /// When the open batch is due.
    pub(super) fn open_due(&self, linger: Duration) -> Option<Instant> {
        self.open.as_ref().filter(|_| self.closing.is_none()).map(|open| open.since + linger)
    }

    /// The batch that may be sent next: in order; one that is sent again goes alone.
    pub(super) fn sendable(&self, now: Instant, in_flight_max: usize) -> Sendable {
        let in_flight = self.closed.iter().filter(|batch| batch.in_flight).count();
        let retried = self.closed.iter().any(|batch| batch.in_flight && batch.attempts > 1);
        let Some(index) = self.closed.iter().position(|batch| !batch.in_flight) else { return Sendable::None };
        let batch = &self.closed[index];
        let out_of_order = index < in_flight;
        if in_flight >= in_flight_max || retried || (in_flight > 0 && (batch.attempts > 0 || out_of_order)) {
            return Sendable::None;
        }
        match batch.not_before {
            Some(not_before) if not_before > now => Sendable::At(not_before),
            _ => Sendable::Now(index),
        }
    }

    /// Marks the batch at `index` as sent; `None` if it cannot be just now.
    pub(super) fn begin(&mut self, index: usize, identity: Identity) -> Option<(u64, Bytes)> {
        let next = self.next_sequence;
        let batch = self.closed.get_mut(index)?;
        if batch.sequence.is_none() {
            if !batch.stamp(identity, next) {
                return None;
            }
            self.next_sequence = after(next, batch.header.record_count);
        }
        batch.in_flight = true;
        batch.attempts += 1;
        Some((batch.id, batch.bytes()))
    }

    /// Whether nothing is left of it.
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_none() && self.full.is_empty() && self.closed.is_empty() && self.closing.is_none()
    }

    /// Begins the sequence anew, under a new identity.
    pub(super) fn renumber(&mut self) {
        self.next_sequence = 0;
        for batch in &mut self.closed {
            batch.sequence = None;
        }
    }
}

/// The sequence number after `records` from `sequence` on; after 2^31 - 1 comes 0.
fn after(sequence: i32, records: i32) -> i32 {
    ((i64::from(sequence) + i64::from(records)) & i64::from(i32::MAX)) as i32
}

#[cfg(test)]
mod tests;
