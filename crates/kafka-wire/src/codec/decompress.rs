//! Inflating the records of a batch piece by piece, whatever the codec.

mod gzip;
mod lz4;
mod snappy;
mod zstd;

use base::ByteCount;
use ledger::Account;

use self::gzip::Gunzip;
use self::lz4::Unlz4;
use self::snappy::Unsnappy;
use self::zstd::Unzstd;
use super::{Codec, CodecError};

/// What one step of inflating did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// So many bytes, at least one, were written to the front of the output.
    Produced(usize),
    /// Nothing happened; take the same step again once the account can give so many bytes more.
    NeedMemory(ByteCount),
    /// All input is used up and all output handed over.
    End,
}

/// One decoder per codec, each built when it is first needed and kept.
#[derive(Debug)]
pub struct Decompressor {
    codec: Codec,
    gzip: Gunzip,
    snappy: Unsnappy,
    lz4: Unlz4,
    zstd: Unzstd,
}

impl Decompressor {
    /// What inflating needs with the settings that producers have by default: a zstd window of 2 MiB (level 3, unknown
    /// size) and its buffers. Larger windows and blocks borrow from the pool, up to what the account may have.
    pub const FLOOR: ByteCount = ByteCount::kib(2_560);

    pub fn new(account: Account) -> Self {
        Self {
            codec: Codec::None,
            gzip: Gunzip::new(account.clone()),
            snappy: Unsnappy::new(account.clone()),
            lz4: Unlz4::new(account.clone()),
            zstd: Unzstd::new(account),
        }
    }

    /// Begins new input; what was left of the old is forgotten.
    pub fn start(&mut self, codec: Codec) {
        self.codec = codec;
        match codec {
            Codec::None => {}
            Codec::Gzip => self.gzip.start(),
            Codec::Snappy => self.snappy.start(),
            Codec::Lz4 => self.lz4.start(),
            Codec::Zstd => self.zstd.start(),
        }
    }

    /// Takes bytes off the front of `input`, which must hold all that is left of it, and fills the front of `out`, which
    /// must not be empty. Never waits.
    pub fn step(&mut self, input: &mut &[u8], out: &mut [u8]) -> Result<Step, CodecError> {
        debug_assert!(!out.is_empty(), "nothing can be inflated into no room");
        match self.codec {
            Codec::None => Ok(copy(input, out)),
            Codec::Gzip => self.gzip.step(input, out),
            Codec::Snappy => self.snappy.step(input, out),
            Codec::Lz4 => self.lz4.step(input, out),
            Codec::Zstd => self.zstd.step(input, out),
        }
    }

    /// What the decoders hold now.
    pub fn held(&self) -> ByteCount {
        self.gzip.held() + self.snappy.held() + self.lz4.held() + self.zstd.held()
    }

    /// Drops every context and buffer; only between two inputs.
    pub fn release(&mut self) {
        self.gzip.release();
        self.snappy.release();
        self.lz4.release();
        self.zstd.release();
    }
}

fn copy(input: &mut &[u8], out: &mut [u8]) -> Step {
    let n = input.len().min(out.len());
    out[..n].copy_from_slice(&input[..n]);
    *input = &input[n..];
    if n == 0 { Step::End } else { Step::Produced(n) }
}
