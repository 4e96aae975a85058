//! Zstandard frames (RFC 8878), one or several, with skippable ones between them.
//!
//! zstd's own streaming decoder does the work; the frame header is read here first, because its window decides how much
//! the decoder will allocate. Java and librdkafka write frames of unknown size at level 3: a window of 2 MiB.

use base::ByteCount;
use ledger::Account;
use zstd::zstd_safe::{DCtx, InBuffer, OutBuffer, ResetDirective};

use super::Step;
use crate::codec::input::{take, take_array};
use crate::codec::memory::Memory;
use crate::codec::{Codec, CodecError};

const MAGIC: u32 = 0xFD2F_B528;
const SKIPPABLE_MAGIC: u32 = 0x184D_2A50;
/// The context itself (measured at 94 KiB in 1.5.7), with some room for later versions.
const CONTEXT: u64 = 112 << 10;
const BLOCK_MAX: u64 = 128 << 10;
/// zstd's own limit without a setting (`ZSTD_WINDOWLOG_LIMIT_DEFAULT`), and more than any producer's default.
const WINDOW_MAX: u64 = 1 << 27;
/// After so many frames that needed less than a quarter of it, a large context is built anew, smaller.
const OVERSIZED_FRAMES_MAX: u32 = 16;

#[derive(Debug)]
pub(super) struct Unzstd {
    memory: Memory,
    context: Option<Context>,
    at: At,
    oversized_frames: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    FirstFrame,
    Frame,
    NextFrame,
}

struct Context(DCtx<'static>);

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DCtx({} bytes)", self.0.sizeof())
    }
}

impl Unzstd {
    pub(super) fn new(account: Account) -> Self {
        let memory = Memory::new(account, Codec::Zstd);
        Self { memory, context: None, at: At::FirstFrame, oversized_frames: 0 }
    }

    pub(super) fn start(&mut self) {
        self.at = At::FirstFrame;
    }

    pub(super) fn held(&self) -> ByteCount {
        self.memory.paid()
    }

    pub(super) fn release(&mut self) {
        self.context = None;
        self.oversized_frames = 0;
        self.memory.release();
    }

    pub(super) fn step(&mut self, input: &mut &[u8], out: &mut [u8]) -> Result<Step, CodecError> {
        loop {
            match self.at {
                At::NextFrame if input.is_empty() => return Ok(Step::End),
                At::FirstFrame | At::NextFrame => {
                    let missing = self.start_frame(input)?;
                    if missing > ByteCount::ZERO {
                        return Ok(Step::NeedMemory(missing));
                    }
                }
                At::Frame => {
                    let produced = self.inflate(input, out)?;
                    if produced > 0 {
                        return Ok(Step::Produced(produced));
                    }
                }
            }
        }
    }

    /// Pays for the next frame and begins it, or skips a skippable one; returns the memory that is missing.
    fn start_frame(&mut self, input: &mut &[u8]) -> Result<ByteCount, CodecError> {
        let mut ahead = *input;
        let magic = u32::from_le_bytes(take_array(&mut ahead, Codec::Zstd)?);
        if magic & !0xf == SKIPPABLE_MAGIC {
            let len = u32::from_le_bytes(take_array(&mut ahead, Codec::Zstd)?);
            take(&mut ahead, len as usize, Codec::Zstd)?;
            *input = ahead;
            self.at = At::NextFrame;
            return Ok(ByteCount::ZERO);
        }
        if magic != MAGIC {
            return Err(corrupt("it does not begin as a frame"));
        }
        let wanted = decoder_bytes(window(&mut ahead)?);
        self.drop_oversized(wanted);
        let missing = self.memory.ensure(wanted, "window")?;
        if missing > ByteCount::ZERO {
            return Ok(missing);
        }
        match &mut self.context {
            Some(context) => {
                context.0.reset(ResetDirective::SessionOnly).map_err(|_| corrupt("its decoder cannot be reset"))?;
            }
            none => *none = Some(Context(DCtx::try_create().ok_or_else(|| corrupt("its decoder cannot be built"))?)),
        }
        self.at = At::Frame;
        Ok(ByteCount::ZERO)
    }

    fn drop_oversized(&mut self, wanted: ByteCount) {
        let oversized = wanted.saturating_add(wanted).saturating_add(wanted).saturating_add(wanted) < self.held();
        self.oversized_frames = if oversized { self.oversized_frames + 1 } else { 0 };
        if self.oversized_frames > OVERSIZED_FRAMES_MAX {
            self.release();
        }
    }

    /// 0 bytes only when the frame has ended.
    fn inflate(&mut self, input: &mut &[u8], out: &mut [u8]) -> Result<usize, CodecError> {
        let context = self.context.as_mut().ok_or_else(|| corrupt("it was not started"))?;
        let mut from = InBuffer::around(input);
        let mut to = OutBuffer::around(out);
        let hint = (context.0.decompress_stream(&mut to, &mut from)).map_err(|_| corrupt("a frame is damaged"))?;
        let (consumed, produced) = (from.pos(), to.pos());
        *input = &input[consumed..];
        debug_assert!(context.0.sizeof() as u64 <= self.memory.paid().get(), "a decoder outgrew what was paid for it");
        if hint == 0 {
            self.at = At::NextFrame;
        } else if produced == 0 && consumed == 0 {
            return Err(CodecError::CutOff { codec: Codec::Zstd });
        } else if produced == 0 {
            return self.inflate(input, out);
        }
        Ok(produced)
    }
}

/// The window that the frame header after the magic asks for; takes what it reads off `input`.
fn window(input: &mut &[u8]) -> Result<u64, CodecError> {
    let [descriptor] = take_array(input, Codec::Zstd)?;
    let single_segment = descriptor & 1 << 5 != 0;
    let window = if single_segment {
        let dictionary_id = [0, 1, 2, 4][usize::from(descriptor & 0b11)];
        take(input, dictionary_id, Codec::Zstd)?;
        match descriptor >> 6 {
            0 => u64::from(u8::from_le_bytes(take_array(input, Codec::Zstd)?)),
            1 => u64::from(u16::from_le_bytes(take_array(input, Codec::Zstd)?)) + 256,
            2 => u64::from(u32::from_le_bytes(take_array(input, Codec::Zstd)?)),
            _ => u64::from_le_bytes(take_array(input, Codec::Zstd)?),
        }
    } else {
        let [byte] = take_array(input, Codec::Zstd)?;
        let base = 1u64 << (10 + u32::from(byte >> 3));
        base + base / 8 * u64::from(byte & 0b111)
    };
    if window > WINDOW_MAX {
        return Err(corrupt("its window is larger than 128 MiB"));
    }
    Ok(window.max(1 << 10))
}

/// What zstd allocates for a window: the context, a block of input, the window and two blocks of output
/// (`ZSTD_decodingBufferSize_internal`).
fn decoder_bytes(window: u64) -> ByteCount {
    let block = window.min(BLOCK_MAX);
    ByteCount(CONTEXT + window + 3 * block + 128)
}

fn corrupt(what: &'static str) -> CodecError {
    CodecError::Corrupt { codec: Codec::Zstd, what }
}
