//! Which batches of a response belong to aborted transactions, from their headers alone.
//!
//! A response to a read-committed fetch lists the aborted transactions that overlap it, by producer and first offset.
//! Walking in order: a transaction becomes active at its first offset and ends with its producer's abort marker; what its
//! producer wrote transactionally in between does not count. The state belongs to one response (KIP-98).

use std::collections::BTreeSet;

use base::Offset;
use kafka_wire::protocol::messages::fetch::AbortedTransaction;
use kafka_wire::records::{BatchError, BatchHeader, Marker};

/// What a reader does with a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Deliver,
    /// Only the position moves.
    Pass,
}

/// The aborted transactions of one response.
#[derive(Debug, Default)]
pub(super) struct Aborted {
    /// Not yet reached, the nearest last.
    ahead: Vec<AbortedTransaction>,
    active: BTreeSet<i64>,
}

impl Aborted {
    pub(super) fn new(mut list: Vec<AbortedTransaction>) -> Self {
        list.sort_unstable_by_key(|transaction| std::cmp::Reverse(transaction.first_offset));
        Self { ahead: list, active: BTreeSet::new() }
    }

    /// Judges the next batch; `bytes` is all of it.
    pub(super) fn judge(&mut self, header: &BatchHeader, bytes: &[u8]) -> Result<Verdict, BatchError> {
        while let Some(next) = self.ahead.last().filter(|next| Offset(next.first_offset) <= header.last_offset()) {
            self.active.insert(next.producer_id);
            self.ahead.pop();
        }
        if header.attributes.is_control() {
            if header.record_count > 0 && Marker::read(header, bytes)? == Marker::Abort {
                self.active.remove(&header.producer_id);
            }
            return Ok(Verdict::Pass);
        }
        let aborted = header.attributes.is_transactional() && self.active.contains(&header.producer_id);
        Ok(if aborted || header.record_count == 0 { Verdict::Pass } else { Verdict::Deliver })
    }
}
