//! The batches of one partition: one that takes records, full ones, and closed ones in the order of their sequence.
//!
//! A batch keeps the sequence number and the identity under which it was first sent until the broker says that it does not
//! have it: only under them does the broker know it again. When a number will never come (the batch that had it was given
//! up), the sequence is broken: what was sent is sent on as it is, nothing else gets a number, and once nothing with a
//! number is left the partition begins anew in another epoch.

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
    /// Given when it is first sent under an identity, taken back when the broker says that it does not have it.
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
    /// Under which its batches get their numbers.
    pub(super) identity: Option<Identity>,
    pub(super) next_sequence: i32,
    /// A number of the sequence will never come.
    pub(super) broken: bool,
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
        let may_go = |batch: &Batch| !batch.in_flight && (batch.sequence.is_some() || !self.broken);
        let Some(index) = self.closed.iter().position(may_go) else { return Sendable::None };
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

    /// Marks the batch at `index`, which is [`Self::sendable`], as sent; `None` if it cannot be just now.
    pub(super) fn begin(&mut self, index: usize) -> Option<(u64, Bytes)> {
        let (identity, next) = (self.identity?, self.next_sequence);
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

    /// The first that has a number: the one that the broker expects, or has.
    pub(super) fn first_numbered(&self) -> Option<&Batch> {
        self.closed.iter().find(|batch| batch.sequence.is_some())
    }

    /// Takes note that a number of the sequence will never come.
    pub(super) fn break_sequence(&mut self) {
        self.broken = true;
    }

    /// Takes the number of a batch back, which the broker does not have.
    pub(super) fn unnumber(&mut self, id: u64) {
        if let Some(batch) = self.closed.iter_mut().find(|batch| batch.id == id) {
            batch.sequence = None;
            self.broken = true;
        }
    }

    /// Begins the sequence anew if it needs to and may: in the next epoch, which fences what is on its way from the last
    /// one, and under `newest` at first and when there is no next epoch.
    pub(super) fn adopt(&mut self, newest: Identity) {
        if !self.awaits_identity() {
            return;
        }
        let next = match self.identity {
            Some(own) if own.producer_epoch < i16::MAX => Identity { producer_epoch: own.producer_epoch + 1, ..own },
            Some(own) if own.producer_id == newest.producer_id => return,
            _ => newest,
        };
        self.identity = Some(next);
        self.next_sequence = 0;
        self.broken = false;
    }

    /// Whether nothing more can be sent before there is an identity that is newer than `newest`.
    pub(super) fn lacks_identity(&self, newest: Option<Identity>) -> bool {
        let used_up = match self.identity {
            None => newest.is_none(),
            Some(own) => own.producer_epoch == i16::MAX && newest.is_some_and(|it| it.producer_id == own.producer_id),
        };
        used_up && !self.is_empty() && self.awaits_identity()
    }

    /// What has a number may be in the log under it, and must not come there again under another.
    fn awaits_identity(&self) -> bool {
        self.identity.is_none() || self.broken && self.first_numbered().is_none()
    }
}

/// The sequence number after `records` from `sequence` on; after 2^31 - 1 comes 0.
fn after(sequence: i32, records: i32) -> i32 {
    ((i64::from(sequence) + i64::from(records)) & i64::from(i32::MAX)) as i32
}

#[cfg(test)]
mod tests;
