//! Walking one index run forward.

use std::sync::Arc;

use base::Result;

use super::entry::{ENTRY_BYTES, Entry};
use super::run::{BLOCK_BYTES, IndexRun, damaged, entries_in, sealed, unread};

/// Blocks read at once while the walk is sequential.
const BLOCKS_AHEAD: u64 = 16;
/// What a cursor holds at most, its fence aside.
pub const CURSOR_BYTES: usize = BLOCKS_AHEAD as usize * BLOCK_BYTES;

/// A place in a run. Moves forward only: reads blocks one after another, or jumps over many by the fence if it has one.
#[derive(Debug)]
pub struct RunCursor {
    run: IndexRun,
    fence: Option<Arc<Vec<u64>>>,
    buffer: Vec<u8>,
    /// The first block in `buffer`.
    first: u64,
    /// The current entry: its block and its number there. At the end the block is `run.blocks`.
    block: u64,
    slot: usize,
}

impl RunCursor {
    /// Stands at the first entry.
    pub fn new(run: IndexRun, fence: Option<Arc<Vec<u64>>>) -> Result<Self> {
        let mut cursor = Self { run, fence, buffer: Vec::new(), first: 0, block: 0, slot: 0 };
        if cursor.run.blocks > 0 {
            cursor.read(0, 1)?;
        }
        Ok(cursor)
    }

    /// The entry it stands at; `None` at the end.
    pub fn current(&self) -> Option<Entry> {
        let block = self.block_bytes(self.block)?;
        Entry::get(block.get(self.slot * ENTRY_BYTES..)?)
    }

    pub fn advance(&mut self) -> Result<()> {
        let Some(count) = self.block_bytes(self.block).map(entries_in) else { return Ok(()) };
        self.slot += 1;
        if self.slot >= count {
            self.enter(self.block + 1, BLOCKS_AHEAD)?;
        }
        Ok(())
    }

    /// Moves to the first entry whose hash is not below `hash`; never back.
    pub fn seek(&mut self, hash: u128) -> Result<()> {
        if let Some(fence) = self.fence.clone() {
            // Entries with this upper half may begin in the block before the first that starts with it.
            let from = self.block as usize;
            let later = fence.get(from..).unwrap_or_default();
            let block = (from + later.partition_point(|first| *first < (hash >> 64) as u64)).saturating_sub(1) as u64;
            if block > self.block {
                let ahead = if block <= self.first + BLOCKS_AHEAD { BLOCKS_AHEAD } else { 1 };
                self.enter(block, ahead)?;
            }
        }
        loop {
            let Some(block) = self.block_bytes(self.block) else { return Ok(()) };
            let count = entries_in(block);
            let below = |slot: usize| Entry::get(&block[slot * ENTRY_BYTES..]).is_some_and(|entry| entry.hash < hash);
            let (mut low, mut high) = (self.slot, count);
            while low < high {
                let middle = usize::midpoint(low, high);
                if below(middle) { low = middle + 1 } else { high = middle }
            }
            self.slot = low;
            if low < count {
                return Ok(());
            }
            self.enter(self.block + 1, BLOCKS_AHEAD)?;
        }
    }

    fn enter(&mut self, block: u64, ahead: u64) -> Result<()> {
        self.block = block;
        self.slot = 0;
        if block < self.run.blocks && self.block_bytes(block).is_none() {
            self.read(block, ahead)?;
        }
        Ok(())
    }

    fn block_bytes(&self, block: u64) -> Option<&[u8]> {
        let at = usize::try_from(block.checked_sub(self.first)?).ok()? * BLOCK_BYTES;
        self.buffer.get(at..at + BLOCK_BYTES)
    }

    fn read(&mut self, block: u64, ahead: u64) -> Result<()> {
        let blocks = ahead.min(self.run.blocks - block) as usize;
        self.buffer.resize(blocks * BLOCK_BYTES, 0);
        self.first = block;
        let at = (block + 1) * BLOCK_BYTES as u64;
        self.run.file.read_exact_at(&mut self.buffer, at).map_err(|error| unread(&self.run.path, error))?;
        let whole = |block: &[u8]| sealed(block) && (1..=super::run::ENTRIES_PER_BLOCK).contains(&entries_in(block));
        if self.buffer.chunks_exact(BLOCK_BYTES).all(whole) {
            Ok(())
        } else {
            Err(damaged(&self.run.path, "a wrong checksum"))
        }
    }
}
