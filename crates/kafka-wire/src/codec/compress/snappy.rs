//! snappy in xerial's framing with blocks of 32 KiB, which every Kafka client reads.

use base::ByteCount;

use crate::codec::{Codec, CodecError};

/// The hash tables of the encoder: 2 KiB and 32 KiB.
pub(super) const CONTEXT: ByteCount = ByteCount::kib(36);

const HEADER: [u8; 16] = *b"\x82SNAPPY\0\0\0\0\x01\0\0\0\x01";
const BLOCK: usize = 32 << 10;

pub(super) fn bound(len: usize) -> usize {
    HEADER.len() + len.div_ceil(BLOCK) * (4 + snap::raw::max_compress_len(BLOCK))
}

pub(super) struct Snappy {
    encoder: snap::raw::Encoder,
}

impl std::fmt::Debug for Snappy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Snappy")
    }
}

impl Snappy {
    pub(super) fn new() -> Self {
        Self { encoder: snap::raw::Encoder::new() }
    }

    pub(super) fn compress(&mut self, plain: &[u8], out: &mut [u8]) -> Result<usize, CodecError> {
        out[..HEADER.len()].copy_from_slice(&HEADER);
        let mut at = HEADER.len();
        for block in plain.chunks(BLOCK) {
            let len = (self.encoder.compress(block, &mut out[at + 4..]))
                .map_err(|_| CodecError::Corrupt { codec: Codec::Snappy, what: "a block cannot be compressed" })?;
            out[at..at + 4].copy_from_slice(&(len as u32).to_be_bytes());
            at += 4 + len;
        }
        Ok(at)
    }
}
