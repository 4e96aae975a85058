//! The window through which inflated records pass: as much as one record needs, whatever the batch inflates to.

use base::ByteCount;
use ledger::Account;

use crate::codec::memory::Memory;
use crate::codec::{Codec, CodecError, Decompressor, Step};

/// Enough for most records; one that is larger makes the window grow, up to the reader's limit.
pub(super) const WINDOW_BYTES: usize = 64 << 10;

/// A piece of the inflated stream.
#[derive(Debug)]
pub(super) struct Window {
    memory: Memory,
    buffer: Vec<u8>,
    /// What is inflated and not yet read.
    unread: std::ops::Range<usize>,
    /// The most that was asked for since [`Self::clear`].
    asked: usize,
}

/// Whether the window holds what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filled {
    Yes,
    /// The stream ends before.
    Short,
    NeedMemory(ByteCount),
}

impl Window {
    pub(super) fn new(account: Account) -> Self {
        Self { memory: Memory::new(account, Codec::None), buffer: Vec::new(), unread: 0..0, asked: 0 }
    }

    pub(super) fn unread(&self) -> &[u8] {
        &self.buffer[self.unread.clone()]
    }

    pub(super) fn consume(&mut self, n: usize) {
        self.unread.start += n.min(self.unread.len());
    }

    /// The `len` bytes before what is unread, which were consumed last.
    pub(super) fn consumed(&self, len: usize) -> &[u8] {
        &self.buffer[self.unread.start - len..self.unread.start]
    }

    pub(super) fn held(&self) -> ByteCount {
        self.memory.paid()
    }

    /// Forgets what is in it; a buffer that the last stream did not need in full is given back.
    pub(super) fn clear(&mut self) {
        if self.buffer.len() > WINDOW_BYTES && self.asked <= WINDOW_BYTES {
            self.release();
        }
        self.unread = 0..0;
        self.asked = 0;
    }

    pub(super) fn release(&mut self) {
        self.buffer = Vec::new();
        self.unread = 0..0;
        self.memory.release();
    }

    /// Inflates until `n` bytes are unread, if the stream has so many.
    pub(super) fn fill(
        &mut self,
        n: usize,
        decompressor: &mut Decompressor,
        input: &mut &[u8],
    ) -> Result<Filled, CodecError> {
        self.asked = self.asked.max(n);
        while self.unread.len() < n {
            let missing = self.make_room(n)?;
            if missing > ByteCount::ZERO {
                return Ok(Filled::NeedMemory(missing));
            }
            // Not beyond what a plain window holds: so little is unread when it must grow again.
            let end = self.buffer.len().min(self.unread.start + n.max(WINDOW_BYTES));
            match decompressor.step(input, &mut self.buffer[self.unread.end..end])? {
                Step::Produced(produced) => self.unread.end += produced,
                Step::NeedMemory(missing) => return Ok(Filled::NeedMemory(missing)),
                Step::End => return Ok(Filled::Short),
            }
        }
        Ok(Filled::Yes)
    }

    /// Sees to it that `n` bytes fit from the start of what is unread on; returns the memory that is missing.
    fn make_room(&mut self, n: usize) -> Result<ByteCount, CodecError> {
        if self.unread.start + n <= self.buffer.len() {
            return Ok(ByteCount::ZERO);
        }
        if n <= self.buffer.len() {
            self.buffer.copy_within(self.unread.clone(), 0);
            self.unread = 0..self.unread.len();
            return Ok(ByteCount::ZERO);
        }
        let wanted = n.max(WINDOW_BYTES);
        let missing = self.memory.ensure(ByteCount::from(wanted + self.unread.len()), "window")?;
        if missing > ByteCount::ZERO {
            return Ok(missing);
        }
        let unread = self.unread().to_vec();
        self.buffer = Vec::new();
        self.buffer = vec![0; wanted];
        self.buffer[..unread.len()].copy_from_slice(&unread);
        self.unread = 0..unread.len();
        drop(unread);
        self.memory.shrink_to(ByteCount::from(wanted));
        Ok(ByteCount::ZERO)
    }
}
