//! LZ4 frames (lz4_Frame_format.md 1.6.4), one or several, with linked or independent blocks and all their checksums.
//!
//! ```text
//! magic 184D2204 | FLG | BD | [content size u64] | [dictionary id u32] | HC = second byte of xxh32(FLG..)
//! blocks: size u32 (high bit: stored) | data | [xxh32 of data];  end mark 0 | [xxh32 of content]      little endian
//! FLG: 7-6 version 1, 5 independent, 4 block checksums, 3 content size, 2 content checksum, 0 dictionary
//! BD: 6-4 largest block: 4 = 64 KiB, 5 = 256 KiB, 6 = 1 MiB, 7 = 4 MiB
//! ```
//! A block never inflates more than 255-fold, so 100 bytes in a frame of 4 MiB blocks cost 25 KiB, not 4 MiB (librdkafka
//! issue 1445). Linked blocks need the 64 KiB before them: the buffer is `[history | block]`.

use base::ByteCount;
use ledger::Account;
use std::hash::Hasher;
use twox_hash::XxHash32;

use super::Step;
use crate::codec::input::{take, take_array};
use crate::codec::memory::Memory;
use crate::codec::{Codec, CodecError};

const MAGIC: u32 = 0x184D_2204;
const SKIPPABLE_MAGIC: u32 = 0x184D_2A50;
const HISTORY: usize = 64 << 10;
const RATIO_MAX: usize = 255;
const STORED: u32 = 1 << 31;
/// Larger buffers are given back when the next input starts.
const BUFFER_KEPT: usize = 512 << 10;

#[derive(Debug)]
pub(super) struct Unlz4 {
    memory: Memory,
    /// `HISTORY` bytes for linked blocks, then one block.
    buffer: Vec<u8>,
    /// How much of the history, counted from its end, is filled.
    history: usize,
    /// The length of the last linked block, which is not in the history yet.
    linked_block: usize,
    /// What is inflated of `buffer` and not yet handed over.
    ready: std::ops::Range<usize>,
    frame: Option<Frame>,
    frames: u32,
}

#[derive(Debug)]
struct Frame {
    linked: bool,
    block_checksums: bool,
    content_checksum: Option<XxHash32>,
    content_left: Option<u64>,
    block_max: usize,
}

impl Unlz4 {
    pub(super) fn new(account: Account) -> Self {
        let memory = Memory::new(account, Codec::Lz4);
        Self { memory, buffer: Vec::new(), history: 0, linked_block: 0, ready: 0..0, frame: None, frames: 0 }
    }

    pub(super) fn start(&mut self) {
        self.frame = None;
        self.frames = 0;
        self.ready = 0..0;
        if self.buffer.len() > BUFFER_KEPT {
            self.release();
        }
    }

    pub(super) fn held(&self) -> ByteCount {
        self.memory.paid()
    }

    pub(super) fn release(&mut self) {
        self.buffer = Vec::new();
        self.memory.release();
    }

    pub(super) fn step(&mut self, input: &mut &[u8], out: &mut [u8]) -> Result<Step, CodecError> {
        loop {
            if !self.ready.is_empty() {
                let n = self.ready.len().min(out.len());
                out[..n].copy_from_slice(&self.buffer[self.ready.start..self.ready.start + n]);
                self.ready.start += n;
                return Ok(Step::Produced(n));
            }
            if self.frame.is_some() {
                let missing = self.next_block(input)?;
                if missing > ByteCount::ZERO {
                    return Ok(Step::NeedMemory(missing));
                }
            } else if input.is_empty() && self.frames > 0 {
                return Ok(Step::End);
            } else {
                self.frame = Frame::read(input)?;
                self.frames += 1;
                self.history = 0;
                self.linked_block = 0;
            }
        }
    }

    /// Inflates the next block or ends the frame; returns the memory that is missing.
    fn next_block(&mut self, input: &mut &[u8]) -> Result<ByteCount, CodecError> {
        let Some(frame) = &mut self.frame else { return Ok(ByteCount::ZERO) };
        let mut ahead = *input;
        let size = u32::from_le_bytes(take_array(&mut ahead, Codec::Lz4)?);
        if size == 0 {
            frame.end(&mut ahead)?;
            self.frame = None;
            *input = ahead;
            return Ok(ByteCount::ZERO);
        }
        let stored = size & STORED != 0;
        let data = take(&mut ahead, (size & !STORED) as usize, Codec::Lz4)?;
        let room = if stored { data.len() } else { data.len().saturating_mul(RATIO_MAX).min(frame.block_max) };
        if room > frame.block_max {
            return Err(corrupt("a block is larger than its frame allows"));
        }
        if frame.block_checksums && u32::from_le_bytes(take_array(&mut ahead, Codec::Lz4)?) != xxh32(data) {
            return Err(corrupt("the checksum of a block is wrong"));
        }
        let linked = frame.linked;
        let missing = self.make_room(room)?;
        if missing > ByteCount::ZERO {
            return Ok(missing);
        }
        *input = ahead;
        self.inflate(data, Block { stored, linked, room })?;
        let Some(frame) = &mut self.frame else { return Ok(ByteCount::ZERO) };
        frame.count(&self.buffer[self.ready.clone()])?;
        Ok(ByteCount::ZERO)
    }

    /// Sees to it that the buffer has room for the history and a block; keeps the history.
    fn make_room(&mut self, room: usize) -> Result<ByteCount, CodecError> {
        let wanted = HISTORY + room;
        if wanted <= self.buffer.len() {
            return Ok(ByteCount::ZERO);
        }
        self.keep_history();
        // While the history moves to the larger buffer both are there.
        let both = if self.history > 0 { self.buffer.len() } else { 0 };
        let missing = self.memory.ensure(ByteCount::from(wanted + both), "block")?;
        if missing > ByteCount::ZERO {
            return Ok(missing);
        }
        if self.history == 0 {
            self.buffer = Vec::new();
            self.buffer = vec![0; wanted];
        } else {
            let mut larger = vec![0; wanted];
            larger[..HISTORY].copy_from_slice(&self.buffer[..HISTORY]);
            self.buffer = larger;
        }
        Ok(ByteCount::ZERO)
    }

    /// Moves the last block to where the next one refers to.
    fn keep_history(&mut self) {
        if self.linked_block == 0 {
            return;
        }
        let kept = (self.history + self.linked_block).min(HISTORY);
        let end = HISTORY + self.linked_block;
        self.buffer.copy_within(end - kept..end, HISTORY - kept);
        self.history = kept;
        self.linked_block = 0;
    }

    fn inflate(&mut self, data: &[u8], block: Block) -> Result<(), CodecError> {
        self.keep_history();
        let (history, rest) = self.buffer.split_at_mut(HISTORY);
        let into = &mut rest[..block.room];
        let inflated = if block.stored {
            into.copy_from_slice(data);
            data.len()
        } else if block.linked {
            lz4_flex::block::decompress_into_with_dict(data, into, &history[HISTORY - self.history..])
                .map_err(|_| corrupt("a block is damaged"))?
        } else {
            lz4_flex::block::decompress_into(data, into).map_err(|_| corrupt("a block is damaged"))?
        };
        self.ready = HISTORY..HISTORY + inflated;
        if block.linked {
            self.linked_block = inflated;
        }
        Ok(())
    }
}

/// How a block is to be inflated.
struct Block {
    stored: bool,
    linked: bool,
    room: usize,
}

impl Frame {
    /// Reads the header of a frame; `None` after a skippable one.
    fn read(input: &mut &[u8]) -> Result<Option<Self>, CodecError> {
        let magic = u32::from_le_bytes(take_array(input, Codec::Lz4)?);
        if magic & !0xf == SKIPPABLE_MAGIC {
            let len = u32::from_le_bytes(take_array(input, Codec::Lz4)?);
            take(input, len as usize, Codec::Lz4)?;
            return Ok(None);
        }
        if magic != MAGIC {
            return Err(corrupt("it does not begin as a frame"));
        }
        let descriptor = *input;
        let [flags, sizes] = take_array(input, Codec::Lz4)?;
        if flags >> 6 != 1 || flags & 0b11 != 0 || sizes & 0b1000_1111 != 0 {
            return Err(corrupt("its version or flags are unknown"));
        }
        let block_max = match sizes >> 4 {
            code @ 4..=7 => 1 << (8 + 2 * u32::from(code)),
            _ => return Err(corrupt("its block size is unknown")),
        };
        let content_left = match flags & 1 << 3 {
            0 => None,
            _ => Some(u64::from_le_bytes(take_array(input, Codec::Lz4)?)),
        };
        let header = &descriptor[..descriptor.len() - input.len()];
        let [stored] = take_array(input, Codec::Lz4)?;
        if stored != (xxh32(header) >> 8) as u8 {
            return Err(corrupt("the checksum of its header is wrong"));
        }
        Ok(Some(Self {
            linked: flags & 1 << 5 == 0,
            block_checksums: flags & 1 << 4 != 0,
            content_checksum: (flags & 1 << 2 != 0).then(|| XxHash32::with_seed(0)),
            content_left,
            block_max,
        }))
    }

    /// Counts what was inflated against what the frame promised.
    fn count(&mut self, inflated: &[u8]) -> Result<(), CodecError> {
        if let Some(hash) = &mut self.content_checksum {
            hash.write(inflated);
        }
        if let Some(left) = &mut self.content_left {
            *left = left.checked_sub(inflated.len() as u64).ok_or_else(|| corrupt("it holds more than it promised"))?;
        }
        Ok(())
    }

    fn end(&mut self, input: &mut &[u8]) -> Result<(), CodecError> {
        if self.content_left.is_some_and(|left| left > 0) {
            return Err(corrupt("it holds less than it promised"));
        }
        if let Some(hash) = &self.content_checksum {
            let stored = u32::from_le_bytes(take_array(input, Codec::Lz4)?);
            if u64::from(stored) != hash.finish() {
                return Err(corrupt("the checksum of its content is wrong"));
            }
        }
        Ok(())
    }
}

fn xxh32(bytes: &[u8]) -> u32 {
    XxHash32::oneshot(0, bytes)
}

fn corrupt(what: &'static str) -> CodecError {
    CodecError::Corrupt { codec: Codec::Lz4, what }
}
