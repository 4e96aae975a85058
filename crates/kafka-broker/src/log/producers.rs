//! Idempotent producers of one partition (KIP-98): a repeated batch is recognised and answered with its old offset, a
//! batch out of order is refused.
//!
//! Kept per producer: its epoch and its last five batches, which is as many as a client may have in flight. Bounded in
//! number: the producer that was silent longest is forgotten, and its next batch is taken as the first of an unknown one,
//! as Kafka does when state has expired.

use std::collections::HashMap;

use kafka_wire::protocol::ErrorCode;
use kafka_wire::records::BatchHeader;

use super::append::Refused;
use crate::files::take;

/// Batches remembered per producer: `max.in.flight.requests.per.connection` of an idempotent producer is at most five.
const BATCHES: usize = 5;
/// Producers remembered per partition. 256 of them take about 64 KiB.
pub(super) const PRODUCERS_MAX: usize = 256;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Producers {
    known: HashMap<i64, Producer>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Producer {
    epoch: i16,
    /// Oldest first; never empty.
    batches: Vec<Sent>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sent {
    first_sequence: i32,
    last_sequence: i32,
    base_offset: i64,
}

/// What to do with a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Append,
    /// It is there already, from `base_offset` on.
    Repeated {
        base_offset: i64,
    },
}

impl Producers {
    pub(super) fn check(&self, header: &BatchHeader) -> Result<Verdict, Refused> {
        let Some(producer) = self.known.get(&header.producer_id).filter(|_| header.producer_id >= 0) else {
            return Ok(Verdict::Append);
        };
        let out_of_order = |expected: i32| {
            let why = format!(
                "producer {} sent sequence {} where {expected} comes next",
                header.producer_id, header.base_sequence
            );
            Err(Refused::new(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, why))
        };
        if header.producer_epoch < producer.epoch {
            let why = format!("producer {} is fenced: its epoch is {} now", header.producer_id, producer.epoch);
            return Err(Refused::new(ErrorCode::INVALID_PRODUCER_EPOCH, why));
        }
        if header.producer_epoch > producer.epoch {
            return if header.base_sequence == 0 { Ok(Verdict::Append) } else { out_of_order(0) };
        }
        let sent = sent(header, 0);
        let same = |old: &&Sent| old.first_sequence == sent.first_sequence && old.last_sequence == sent.last_sequence;
        if let Some(old) = producer.batches.iter().find(same) {
            return Ok(Verdict::Repeated { base_offset: old.base_offset });
        }
        let expected = producer.batches.last().map_or(0, |last| add_sequence(last.last_sequence, 1));
        if header.base_sequence == expected { Ok(Verdict::Append) } else { out_of_order(expected) }
    }

    /// Remembers a batch that is now at `base_offset`.
    pub(super) fn record(&mut self, header: &BatchHeader, base_offset: i64) {
        if header.producer_id < 0 {
            return;
        }
        if !self.known.contains_key(&header.producer_id) && self.known.len() >= PRODUCERS_MAX {
            self.forget_one();
        }
        let fresh = || Producer { epoch: header.producer_epoch, batches: Vec::with_capacity(BATCHES) };
        let producer = self.known.entry(header.producer_id).or_insert_with(fresh);
        if producer.epoch != header.producer_epoch {
            producer.epoch = header.producer_epoch;
            producer.batches.clear();
        }
        if producer.batches.len() == BATCHES {
            producer.batches.remove(0);
        }
        producer.batches.push(sent(header, base_offset));
    }

    /// Whether recording the batch would take memory for one more producer.
    pub(super) fn is_new(&self, header: &BatchHeader) -> bool {
        header.producer_id >= 0 && self.known.len() < PRODUCERS_MAX && !self.known.contains_key(&header.producer_id)
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// Forgets the producer that was silent longest.
    pub(super) fn forget_one(&mut self) {
        let last_offset = |producer: &Producer| producer.batches.last().map_or(-1, |batch| batch.base_offset);
        let silent = self.known.iter().min_by_key(|(_, producer)| last_offset(producer)).map(|(id, _)| *id);
        if let Some(id) = silent {
            self.known.remove(&id);
        }
    }

    /// Appends the state to a checkpoint.
    pub(super) fn encode(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&(self.known.len() as u32).to_be_bytes());
        for (id, producer) in &self.known {
            to.extend_from_slice(&id.to_be_bytes());
            to.extend_from_slice(&producer.epoch.to_be_bytes());
            to.push(producer.batches.len() as u8);
            for batch in &producer.batches {
                to.extend_from_slice(&batch.first_sequence.to_be_bytes());
                to.extend_from_slice(&batch.last_sequence.to_be_bytes());
                to.extend_from_slice(&batch.base_offset.to_be_bytes());
            }
        }
    }

    /// Reads what [`Self::encode`] wrote off the front of `from`.
    pub(super) fn decode(from: &mut &[u8]) -> Option<Self> {
        let count = u32::from_be_bytes(take(from)?);
        if count as usize > PRODUCERS_MAX {
            return None;
        }
        let mut known = HashMap::new();
        for _ in 0..count {
            let (id, epoch) = (i64::from_be_bytes(take(from)?), i16::from_be_bytes(take(from)?));
            let [batches] = take(from)?;
            if usize::from(batches) > BATCHES {
                return None;
            }
            let mut producer = Producer { epoch, batches: Vec::with_capacity(BATCHES) };
            for _ in 0..batches {
                producer.batches.push(Sent {
                    first_sequence: i32::from_be_bytes(take(from)?),
                    last_sequence: i32::from_be_bytes(take(from)?),
                    base_offset: i64::from_be_bytes(take(from)?),
                });
            }
            known.insert(id, producer);
        }
        Some(Self { known })
    }
}

fn sent(header: &BatchHeader, base_offset: i64) -> Sent {
    let last_sequence = add_sequence(header.base_sequence, header.last_offset_delta);
    Sent { first_sequence: header.base_sequence, last_sequence, base_offset }
}

/// Sequences go round after `i32::MAX`, back to 0.
fn add_sequence(sequence: i32, n: i32) -> i32 {
    ((i64::from(sequence) + i64::from(n)) % (i64::from(i32::MAX) + 1)) as i32
}
