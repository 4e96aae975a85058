//! snappy, raw or in the framing of xerial's snappy-java.
//!
//! ```text
//! raw     varint length, elements: one block for all records (librdkafka)
//! xerial  82 "SNAPPY" 00, version i32, compatible i32, then blocks: length i32 (big endian), raw snappy (Java: 32 KiB each)
//! ```
//! A raw block refers back to any of its own bytes, so it is inflated whole; its claimed length is paid first, after a
//! check against what so many bytes can hold at all. Headers may recur between xerial blocks (appended streams).

use base::ByteCount;
use ledger::Account;

use super::Step;
use crate::codec::input::{take, take_array};
use crate::codec::memory::Memory;
use crate::codec::{Codec, CodecError};

const XERIAL_MAGIC: [u8; 8] = *b"\x82SNAPPY\0";
/// An element of 3 bytes copies at most 64: nothing inflates further.
const RATIO_MAX: usize = 22;
/// Larger blocks give their buffer back when the next input starts.
const BUFFER_KEPT: usize = 256 << 10;

#[derive(Debug)]
pub(super) struct Unsnappy {
    memory: Memory,
    block: Vec<u8>,
    /// What is inflated of `block` and not yet handed over.
    ready: std::ops::Range<usize>,
    framing: Framing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    Unknown,
    Raw,
    Xerial,
}

impl Unsnappy {
    pub(super) fn new(account: Account) -> Self {
        let memory = Memory::new(account, Codec::Snappy);
        Self { memory, block: Vec::new(), ready: 0..0, framing: Framing::Unknown }
    }

    pub(super) fn start(&mut self) {
        self.framing = Framing::Unknown;
        self.ready = 0..0;
        if self.block.len() > BUFFER_KEPT {
            self.release();
        }
    }

    pub(super) fn held(&self) -> ByteCount {
        self.memory.paid()
    }

    pub(super) fn release(&mut self) {
        self.block = Vec::new();
        self.memory.release();
    }

    pub(super) fn step(&mut self, input: &mut &[u8], out: &mut [u8]) -> Result<Step, CodecError> {
        loop {
            if !self.ready.is_empty() {
                let n = self.ready.len().min(out.len());
                out[..n].copy_from_slice(&self.block[self.ready.start..self.ready.start + n]);
                self.ready.start += n;
                return Ok(Step::Produced(n));
            }
            let missing = match self.framing {
                Framing::Unknown if input.starts_with(&XERIAL_MAGIC) => {
                    self.framing = Framing::Xerial;
                    ByteCount::ZERO
                }
                Framing::Unknown => {
                    self.framing = Framing::Raw;
                    let missing = self.inflate(input)?;
                    if missing == ByteCount::ZERO {
                        *input = &[];
                    } else {
                        self.framing = Framing::Unknown;
                    }
                    missing
                }
                _ if input.is_empty() => return Ok(Step::End),
                Framing::Raw => return Err(corrupt("bytes follow its block")),
                Framing::Xerial => self.next_block(input)?,
            };
            if missing > ByteCount::ZERO {
                return Ok(Step::NeedMemory(missing));
            }
        }
    }

    fn next_block(&mut self, input: &mut &[u8]) -> Result<ByteCount, CodecError> {
        if input.starts_with(&XERIAL_MAGIC) {
            take(input, XERIAL_MAGIC.len() + 8, Codec::Snappy)?;
            return Ok(ByteCount::ZERO);
        }
        let mut ahead = *input;
        let len = u32::from_be_bytes(take_array(&mut ahead, Codec::Snappy)?);
        let block = take(&mut ahead, len as usize, Codec::Snappy)?;
        let missing = self.inflate(block)?;
        if missing == ByteCount::ZERO {
            *input = ahead;
        }
        Ok(missing)
    }

    /// Inflates one raw block; returns the memory that is missing for it.
    fn inflate(&mut self, raw: &[u8]) -> Result<ByteCount, CodecError> {
        let len = snap::raw::decompress_len(raw).map_err(|_| corrupt("its length cannot be read"))?;
        if len / RATIO_MAX > raw.len() {
            return Err(corrupt("it claims more bytes than it can hold"));
        }
        if len > self.block.len() {
            let missing = self.memory.ensure(ByteCount::from(len), "block")?;
            if missing > ByteCount::ZERO {
                return Ok(missing);
            }
            self.block = Vec::new();
            self.block = vec![0; len];
        }
        let inflated = (snap::raw::Decoder::new().decompress(raw, &mut self.block[..len]))
            .map_err(|_| corrupt("its block is damaged"))?;
        self.ready = 0..inflated;
        Ok(ByteCount::ZERO)
    }
}

fn corrupt(what: &'static str) -> CodecError {
    CodecError::Corrupt { codec: Codec::Snappy, what }
}
