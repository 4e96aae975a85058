//! Compressing the records of a batch in one go, whatever the codec.

mod gzip;
mod lz4;
mod snappy;
mod zstd;

use base::ByteCount;
use ledger::Account;

use self::gzip::Gzip;
use self::lz4::Lz4;
use self::snappy::Snappy;
use self::zstd::Zstd;
use super::memory::Memory;
use super::{Codec, CodecError};

/// What compressing did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compressed<'a> {
    /// The compressed bytes, valid until the next call.
    Done(&'a [u8]),
    /// Nothing happened; try again once the account can give so many bytes more.
    NeedMemory(ByteCount),
}

/// A larger output buffer is given back after its use.
const SCRATCH_KEPT: usize = 2 << 20;

/// One encoder per codec, each built when it is first needed and kept: contexts belong to the worker that closes
/// batches, never to a batch that waits for its acknowledgement (KAFKA-6512: 20 producers held 2,000 MB so).
#[derive(Debug)]
pub struct Compressor {
    /// Where the output goes, in its worst case larger than the input.
    scratch: (Memory, Vec<u8>),
    gzip: (Memory, Option<Gzip>),
    snappy: (Memory, Option<Snappy>),
    lz4: (Memory, Option<Lz4>),
    zstd: (Memory, Option<Zstd>),
}

impl Compressor {
    pub fn new(account: Account) -> Self {
        Self {
            scratch: (Memory::new(account.clone(), Codec::None), Vec::new()),
            gzip: (Memory::new(account.clone(), Codec::Gzip), None),
            snappy: (Memory::new(account.clone(), Codec::Snappy), None),
            lz4: (Memory::new(account.clone(), Codec::Lz4), None),
            zstd: (Memory::new(account, Codec::Zstd), None),
        }
    }

    /// What compressing `len` bytes needs: the context of `codec` and the room for its output.
    pub fn floor(codec: Codec, len: usize) -> ByteCount {
        context(codec) + ByteCount::from(bound(codec, len))
    }

    /// Compresses all of `plain`. Never waits.
    pub fn compress(&mut self, codec: Codec, plain: &[u8]) -> Result<Compressed<'_>, CodecError> {
        let missing = self.pay(codec, bound(codec, plain.len()))?;
        if missing > ByteCount::ZERO {
            return Ok(Compressed::NeedMemory(missing));
        }
        let out = &mut self.scratch.1;
        let len = match codec {
            Codec::None => {
                out[..plain.len()].copy_from_slice(plain);
                plain.len()
            }
            Codec::Gzip => self.gzip.1.get_or_insert_with(Gzip::new).compress(plain, out)?,
            Codec::Snappy => self.snappy.1.get_or_insert_with(Snappy::new).compress(plain, out)?,
            Codec::Lz4 => self.lz4.1.get_or_insert_with(Lz4::new).compress(plain, out)?,
            Codec::Zstd => match &mut self.zstd.1 {
                Some(zstd) => zstd.compress(plain, out)?,
                none => none.insert(Zstd::new()?).compress(plain, out)?,
            },
        };
        Ok(Compressed::Done(&self.scratch.1[..len]))
    }

    /// Pays for the context of `codec` and for `room` bytes of output, which is there afterwards; returns what is missing.
    fn pay(&mut self, codec: Codec, room: usize) -> Result<ByteCount, CodecError> {
        let (memory, scratch) = &mut self.scratch;
        if scratch.len() > SCRATCH_KEPT && room <= SCRATCH_KEPT {
            *scratch = Vec::new();
            memory.release();
        }
        let mut missing = match codec {
            Codec::None => ByteCount::ZERO,
            Codec::Gzip => self.gzip.0.ensure(gzip::CONTEXT, "context")?,
            Codec::Snappy => self.snappy.0.ensure(snappy::CONTEXT, "context")?,
            Codec::Lz4 => self.lz4.0.ensure(lz4::CONTEXT, "context")?,
            Codec::Zstd => self.zstd.0.ensure(zstd::CONTEXT, "context")?,
        };
        missing += memory.ensure(ByteCount::from(room), "output")?;
        if missing == ByteCount::ZERO && scratch.len() < room {
            *scratch = Vec::new();
            *scratch = vec![0; room];
        }
        Ok(missing)
    }

    /// Drops every context and the output buffer.
    pub fn release(&mut self) {
        (self.gzip.1, self.snappy.1, self.lz4.1, self.zstd.1) = (None, None, None, None);
        self.scratch.1 = Vec::new();
        let memories = [&mut self.scratch.0, &mut self.gzip.0, &mut self.snappy.0, &mut self.lz4.0, &mut self.zstd.0];
        memories.into_iter().for_each(Memory::release);
    }
}

const fn context(codec: Codec) -> ByteCount {
    match codec {
        Codec::None => ByteCount::ZERO,
        Codec::Gzip => gzip::CONTEXT,
        Codec::Snappy => snappy::CONTEXT,
        Codec::Lz4 => lz4::CONTEXT,
        Codec::Zstd => zstd::CONTEXT,
    }
}

/// The room that an encoder needs for `len` bytes that do not compress.
fn bound(codec: Codec, len: usize) -> usize {
    match codec {
        Codec::None => len,
        Codec::Gzip => gzip::bound(len),
        Codec::Snappy => snappy::bound(len),
        Codec::Lz4 => lz4::bound(len),
        Codec::Zstd => zstd::bound(len),
    }
}
