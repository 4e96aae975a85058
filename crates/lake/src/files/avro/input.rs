//! The bytes of a container file: a window over the file, and the decompressed bytes of one block after another.
//!
//! Codecs: `null`, `deflate` (raw, RFC 1951), `zstandard` and `snappy` (a raw snappy block and the CRC-32 of what it
//! holds, big endian). All but snappy stream: their memory does not depend on the size of a block.

use std::io::{self, BufRead, Read};

use base::ByteCount;
use flate2::bufread::DeflateDecoder;
use ledger::Reservation;

use super::error::Error;
use super::window::{WINDOW, Window};
use crate::files::durable::grow_to;

/// Decompressed at once.
const BUFFER: usize = 8 << 10;
/// The window that zstd may ask for, as a power of two; Java's writers use 2 MiB (level 3).
const ZSTD_WINDOW_LOG_MAX: u32 = 22;
/// A snappy block is held whole, packed and unpacked; Java cuts blocks at 64 KB.
const SNAPPY_BLOCK_MAX: usize = 16 << 20;

/// How blocks are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    Null,
    Deflate,
    Zstandard,
    Snappy,
}

impl Codec {
    pub(crate) fn named(name: &[u8]) -> Result<Self, Error> {
        match name {
            b"null" | b"" => Ok(Self::Null),
            b"deflate" => Ok(Self::Deflate),
            b"zstandard" => Ok(Self::Zstandard),
            b"snappy" => Ok(Self::Snappy),
            other => Err(Error::Codec(String::from_utf8_lossy(other).into_owned())),
        }
    }

    /// The memory of its decoder, without a snappy block.
    fn memory(self) -> ByteCount {
        match self {
            Self::Null | Self::Snappy => ByteCount::ZERO,
            Self::Deflate => ByteCount::kib(80),
            Self::Zstandard => ByteCount((1 << ZSTD_WINDOW_LOG_MAX) + (512 << 10)),
        }
    }
}

/// What reading any file takes, without codec and header.
pub(crate) const fn memory() -> ByteCount {
    ByteCount((WINDOW + BUFFER) as u64)
}

enum Block {
    /// The plain file: header, block lengths, and blocks that are not compressed.
    Plain(Window),
    Deflate(DeflateDecoder<Window>),
    Zstandard(zstd::stream::read::Decoder<'static, Window>),
    Snappy(io::Cursor<Vec<u8>>, Window),
}

/// The bytes of the plain file, or the decompressed bytes of the block that was entered.
pub(crate) struct Input {
    /// `None` only after exchanging one block for the next failed.
    block: Option<Block>,
    /// Decompressed bytes; not used for the plain file.
    buffer: Box<[u8]>,
    start: usize,
    filled: usize,
    /// Pays for window, buffer, decoder and a snappy block.
    paid: Reservation,
    fixed: ByteCount,
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Input").field("paid", &self.paid.bytes()).finish_non_exhaustive()
    }
}

impl Input {
    /// `paid` holds at least [`memory`].
    pub(crate) fn new(file: Window, paid: Reservation) -> Self {
        let buffer = vec![0; BUFFER].into_boxed_slice();
        Self { block: Some(Block::Plain(file)), buffer, start: 0, filled: 0, paid, fixed: memory() }
    }

    /// The next bytes, at least one.
    fn available(&mut self) -> Result<&[u8], Error> {
        let block = self.block.as_mut().ok_or_else(ended)?;
        if let Block::Plain(window) = block {
            let there = window.fill_buf()?;
            return if there.is_empty() { Err(ended()) } else { Ok(there) };
        }
        if self.start == self.filled {
            self.start = 0;
            self.filled = match block {
                Block::Plain(window) => window.read(&mut self.buffer),
                Block::Deflate(decoder) => decoder.read(&mut self.buffer),
                Block::Zstandard(decoder) => decoder.read(&mut self.buffer),
                Block::Snappy(bytes, _) => bytes.read(&mut self.buffer),
            }
            .map_err(|error| Error::Damaged(format!("a block does not decompress: {error}")))?;
        }
        if self.filled == 0 { Err(ended()) } else { Ok(&self.buffer[self.start..self.filled]) }
    }

    fn consume(&mut self, n: usize) {
        match &mut self.block {
            Some(Block::Plain(window)) => window.consume(n),
            _ => self.start += n,
        }
    }

    /// True at the end of the plain file.
    pub(crate) fn is_at_end(&mut self) -> Result<bool, Error> {
        match &mut self.block {
            Some(Block::Plain(window)) => Ok(window.fill_buf()?.is_empty()),
            _ => Ok(false),
        }
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Error> {
        let byte = self.available()?[0];
        self.consume(1);
        Ok(byte)
    }

    pub(crate) fn exact(&mut self, mut out: &mut [u8]) -> Result<(), Error> {
        while !out.is_empty() {
            let there = self.available()?;
            let n = out.len().min(there.len());
            out[..n].copy_from_slice(&there[..n]);
            self.consume(n);
            out = &mut out[n..];
        }
        Ok(())
    }

    pub(crate) fn skip(&mut self, mut n: u64) -> Result<(), Error> {
        while n > 0 {
            let step = n.min(self.available()?.len() as u64);
            self.consume(step as usize);
            n -= step;
        }
        Ok(())
    }

    /// A zigzag varint of at most 64 bits.
    pub(crate) fn long(&mut self) -> Result<i64, Error> {
        let mut value: u64 = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok((value >> 1) as i64 ^ -((value & 1) as i64));
            }
        }
        Err(Error::Damaged("a number has too many bytes".to_owned()))
    }

    /// Reserves the memory of a codec's decoder.
    pub(crate) fn prepare(&mut self, codec: Codec) -> Result<(), Error> {
        self.fixed = memory() + codec.memory();
        grow_to(&mut self.paid, self.fixed, "reading a manifest").map_err(Error::Memory)
    }

    /// The next `len` bytes of the plain file are a block.
    pub(crate) fn enter_block(&mut self, codec: Codec, len: u64) -> Result<(), Error> {
        let Some(Block::Plain(mut window)) = self.block.take() else { return Err(ended()) };
        if len > window.ahead() {
            return Err(ended());
        }
        window.limit = len;
        self.start = 0;
        self.filled = 0;
        self.block = Some(match codec {
            Codec::Null => Block::Plain(window),
            Codec::Deflate => Block::Deflate(DeflateDecoder::new(window)),
            Codec::Zstandard => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(window)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
                Block::Zstandard(decoder)
            }
            Codec::Snappy => Block::Snappy(io::Cursor::new(self.snappy_block(&mut window)?), window),
        });
        Ok(())
    }

    fn snappy_block(&mut self, window: &mut Window) -> Result<Vec<u8>, Error> {
        let damaged = || Error::Damaged("a snappy block is damaged".to_owned());
        let packed_len = window.limit as usize;
        if packed_len > SNAPPY_BLOCK_MAX {
            return Err(Error::TooLarge(ByteCount::from(SNAPPY_BLOCK_MAX)));
        }
        let pay = |paid: &mut Reservation, bytes: usize| {
            grow_to(paid, memory() + ByteCount::from(bytes), "reading a manifest").map_err(Error::Memory)
        };
        pay(&mut self.paid, packed_len)?;
        let mut packed = vec![0; packed_len];
        window.read_exact(&mut packed)?;
        let (packed, crc) = packed.split_last_chunk::<4>().ok_or_else(damaged)?;
        let len = snap::raw::decompress_len(packed).map_err(|_| damaged())?;
        if len > SNAPPY_BLOCK_MAX {
            return Err(Error::TooLarge(ByteCount::from(SNAPPY_BLOCK_MAX)));
        }
        pay(&mut self.paid, packed_len + len)?;
        let plain = snap::raw::Decoder::new().decompress_vec(packed).map_err(|_| damaged())?;
        if crc32fast::hash(&plain) != u32::from_be_bytes(*crc) {
            return Err(damaged());
        }
        Ok(plain)
    }

    /// Ends the current block, whatever is left of it; back in the plain file behind it.
    pub(crate) fn leave_block(&mut self) -> Result<(), Error> {
        let mut window = match self.block.take().ok_or_else(ended)? {
            Block::Plain(window) | Block::Snappy(_, window) => window,
            Block::Deflate(decoder) => decoder.into_inner(),
            Block::Zstandard(decoder) => decoder.finish(),
        };
        while window.limit > 0 {
            let there = window.fill_buf()?.len();
            if there == 0 {
                return Err(ended());
            }
            window.consume(there);
        }
        window.limit = window.ahead();
        self.paid.shrink_to(self.fixed);
        self.block = Some(Block::Plain(window));
        Ok(())
    }
}

fn ended() -> Error {
    Error::Damaged("it ends too early".to_owned())
}
