//! Encoded records in memory, in the order of their arrival, paid chunk by chunk.

use base::{ByteCount, Error, Result};
use ledger::{Account, Reservation};

use super::record;
use super::room::Counted;

/// Bytes of a chunk; a longer record gets a chunk of its own.
pub const CHUNK_BYTES: usize = 128 << 10;
/// Bytes of an [`Entry`] in the array that is sorted.
const ENTRY_BYTES: usize = size_of::<Entry>();
/// Entries are paid for in steps of so many.
const ENTRIES_STEP: usize = 1024;

/// Where a record lies, with its hash for sorting. Places grow with arrival, so (hash, place) is a total order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    hash_high: u64,
    hash_low: u64,
    place: u64,
}

/// Records and what pays for them, the array for sorting them included.
#[derive(Debug)]
pub struct Arena {
    chunks: Vec<Vec<u8>>,
    records: usize,
    entries_paid: usize,
    paid: Reservation,
    held: Counted,
}

impl Arena {
    pub fn new(account: &Account, held: Counted) -> Self {
        Self { chunks: Vec::new(), records: 0, entries_paid: 0, paid: account.empty(), held }
    }

    pub fn records(&self) -> usize {
        self.records
    }

    pub fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// What is reserved.
    pub fn bytes(&self) -> ByteCount {
        self.paid.bytes()
    }

    /// Makes room for one more record of at most `bytes`; false if the memory for it cannot be had.
    #[must_use]
    pub fn try_reserve(&mut self, bytes: usize) -> bool {
        if self.records == self.entries_paid {
            if !self.try_grow(ENTRIES_STEP * ENTRY_BYTES) {
                return false;
            }
            self.entries_paid += ENTRIES_STEP;
        }
        let fits = self.chunks.last().is_some_and(|chunk| chunk.capacity() - chunk.len() >= bytes);
        if !fits {
            let capacity = CHUNK_BYTES.max(bytes);
            if !self.try_grow(capacity) {
                return false;
            }
            self.chunks.push(Vec::with_capacity(capacity));
        }
        true
    }

    /// Keeps the encoded record that `put` appends, for which [`Self::try_reserve`] made room; nothing if it fails.
    ///
    /// # Errors
    /// Those of `put`.
    pub fn push<T>(&mut self, put: impl FnOnce(&mut Vec<u8>) -> Result<T>) -> Result<T> {
        let chunk =
            self.chunks.last_mut().ok_or_else(|| Error::internal("a record without room in the sort buffer"))?;
        let start = chunk.len();
        let put = put(chunk);
        match &put {
            Ok(_) => self.records += 1,
            Err(_) => chunk.truncate(start),
        }
        put
    }

    fn try_grow(&mut self, bytes: usize) -> bool {
        let is_paid = self.paid.try_grow(ByteCount::from(bytes));
        self.held.set(self.paid.bytes());
        is_paid
    }

    /// The places of all records by hash, then arrival.
    pub fn sorted(&self) -> Vec<Entry> {
        let mut entries = Vec::with_capacity(self.records);
        for (index, chunk) in self.chunks.iter().enumerate() {
            let mut rest = chunk.as_slice();
            while let Some((found, after)) = record::split(rest) {
                let place = ((index as u64) << 32) | (chunk.len() - rest.len()) as u64;
                let hash = record::hash_of(found).unwrap_or_default();
                entries.push(Entry { hash_high: (hash >> 64) as u64, hash_low: hash as u64, place });
                rest = after;
            }
        }
        entries.sort_unstable();
        entries
    }

    /// The record at an entry's place, as [`record::parse`] takes it.
    pub fn record(&self, entry: &Entry) -> Option<&[u8]> {
        let chunk = self.chunks.get((entry.place >> 32) as usize)?;
        let bytes = chunk.get((entry.place & u64::from(u32::MAX)) as usize..)?;
        record::split(bytes).map(|(found, _)| found)
    }

    /// Forgets all records and gives their memory back.
    pub fn clear(&mut self) {
        self.chunks = Vec::new();
        self.records = 0;
        self.entries_paid = 0;
        self.paid.shrink_to(ByteCount::ZERO);
        self.held.set(ByteCount::ZERO);
    }
}

impl Entry {
    pub fn hash(&self) -> u128 {
        (u128::from(self.hash_high) << 64) | u128::from(self.hash_low)
    }
}

/// What must be there for at least one record of ordinary size.
pub const ARENA_FLOOR: usize = CHUNK_BYTES + ENTRIES_STEP * ENTRY_BYTES;
