//! The codecs of record batches, streaming, with memory that is reserved before it is there.
//!
//! In reading order: `decompress` (all codecs behind one face, one file each), `compress` (likewise), `memory` (what a
//! codec has paid for), `input` (taking bytes off the front), `error`.
//!
//! Nothing here waits: where memory is missing a step says how much, and the caller takes the same step again later. A
//! decoder's memory is read from the frame's own header (zstd window, LZ4 block size, snappy length) and paid for before
//! the decoder is built. Contexts and buffers are kept from batch to batch: one [`Decompressor`] or [`Compressor`] per
//! worker, never one per batch (KAFKA-3937, KAFKA-6512).

mod compress;
mod decompress;
mod error;
mod input;
pub(crate) mod memory;

pub use compress::{Compressed, Compressor};
pub use decompress::{Decompressor, Step};
pub use error::CodecError;

/// How the records of a batch are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Codec {
    #[default]
    None,
    Gzip,
    Snappy,
    Lz4,
    Zstd,
}

impl Codec {
    pub const ALL: [Self; 5] = [Self::None, Self::Gzip, Self::Snappy, Self::Lz4, Self::Zstd];

    /// The number in a batch's attributes.
    pub fn id(self) -> u8 {
        self as u8
    }

    pub fn from_id(id: u8) -> Option<Self> {
        Self::ALL.get(usize::from(id)).copied()
    }

    /// As `compression.type` spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Snappy => "snappy",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }
}

impl std::fmt::Display for Codec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Codec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        (Self::ALL.into_iter().find(|codec| codec.name() == text))
            .ok_or_else(|| format!("'{text}' is no codec; write none, gzip, snappy, lz4 or zstd"))
    }
}

#[cfg(test)]
mod tests;
