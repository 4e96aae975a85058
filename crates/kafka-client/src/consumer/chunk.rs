//! The part of a fetch response that belongs to one partition, handed out batch by batch.

use base::Offset;
use bytes::Bytes;
use kafka_wire::protocol::messages::fetch::FetchPartitionResponse;
use kafka_wire::records::{BatchError, Batches};
use ledger::Reservation;

use super::aborted::{Aborted, Verdict};

/// Fetched and not yet handed out.
#[derive(Debug)]
pub(super) struct Chunk {
    bytes: Bytes,
    at: usize,
    aborted: Aborted,
    high_watermark: Offset,
    last_stable_offset: Offset,
    /// For the list of aborted transactions; the bytes carry their own.
    _paid: Option<Reservation>,
}

/// What a walk over the headers of fetched bytes found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Walked {
    /// No whole batch.
    Nothing,
    /// So many bytes of whole batches; the next fetch begins at this offset.
    Until(Offset, usize),
    /// Something that cannot be read on; it shows when it is handed out.
    Damaged,
}

/// The next step through a chunk.
#[derive(Debug)]
pub(super) struct Handed {
    pub(super) next_offset: Offset,
    /// Empty when only the position moves.
    pub(super) bytes: Bytes,
    pub(super) high_watermark: Offset,
    pub(super) last_stable_offset: Offset,
}

/// Looks how far the whole batches of `bytes` reach.
pub(super) fn walk(bytes: &[u8]) -> Walked {
    let mut walked = Walked::Nothing;
    for batch in Batches::new(bytes) {
        match batch {
            Ok(batch) => walked = Walked::Until(batch.header.next_offset(), batch.at + batch.bytes.len()),
            Err(_) => return Walked::Damaged,
        }
    }
    walked
}

impl Chunk {
    /// Takes the records out of a response; `paid` gives up what the list of aborted transactions needs.
    pub(super) fn new(bytes: Bytes, response: FetchPartitionResponse, paid: &mut Reservation) -> Self {
        let list = response.aborted_transactions.unwrap_or_default();
        let list_paid = (!list.is_empty()).then(|| paid.split((std::mem::size_of_val(list.as_slice()) * 2).into()));
        let high_watermark = Offset(response.high_watermark);
        let last_stable_offset = match response.last_stable_offset {
            -1 => high_watermark,
            offset => Offset(offset),
        };
        Self { bytes, at: 0, aborted: Aborted::new(list), high_watermark, last_stable_offset, _paid: list_paid }
    }

    /// What is left of it.
    pub(super) fn len(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// The next batch that counts, or how far the position moves without one; `None` when nothing is left.
    pub(super) fn next(&mut self, position: Offset) -> Result<Option<Handed>, BatchError> {
        let mut reached = position;
        loop {
            let bytes = self.bytes.slice(self.at..);
            let Some(batch) = Batches::new(&bytes).next().transpose()? else {
                return Ok((reached > position).then(|| self.handed(reached, Bytes::new())));
            };
            let (header, len) = (batch.header, batch.header.len);
            header.verify(batch.bytes)?;
            let verdict = self.aborted.judge(&header, batch.bytes)?;
            self.at += len;
            // A log may hand out batches before the offset that was asked for.
            if header.next_offset() <= reached {
                continue;
            }
            reached = header.next_offset();
            if verdict == Verdict::Deliver {
                return Ok(Some(self.handed(reached, bytes.slice(..len))));
            }
        }
    }

    fn handed(&self, next_offset: Offset, bytes: Bytes) -> Handed {
        let Self { high_watermark, last_stable_offset, .. } = *self;
        Handed { next_offset, bytes, high_watermark, last_stable_offset }
    }
}
