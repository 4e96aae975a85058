//! One LZ4 frame of independent blocks of 64 KiB without content checksum, as Java writes it: larger blocks cost every
//! reader their size (sarama issue 3252).

use base::ByteCount;
use lz4_flex::block::{CompressTable, compress_into_with_table, get_maximum_output_size};
use twox_hash::XxHash32;

use crate::codec::{Codec, CodecError};

/// The hash table of the encoder.
pub(super) const CONTEXT: ByteCount = ByteCount::kib(20);

const MAGIC: [u8; 4] = [0x04, 0x22, 0x4d, 0x18];
/// Version 1, independent blocks; blocks of at most 64 KiB.
const DESCRIPTOR: [u8; 2] = [0b0110_0000, 4 << 4];
const HEADER_BYTES: usize = MAGIC.len() + DESCRIPTOR.len() + 1;
const BLOCK: usize = 64 << 10;
const STORED: u32 = 1 << 31;
const END_MARK: [u8; 4] = [0; 4];

/// A block that does not shrink is stored, but the encoder wants room for its worst case while it tries.
pub(super) fn bound(len: usize) -> usize {
    let blocks = len.div_ceil(BLOCK);
    HEADER_BYTES + len + blocks * 4 + get_maximum_output_size(BLOCK) + END_MARK.len()
}

pub(super) struct Lz4 {
    table: CompressTable,
}

impl std::fmt::Debug for Lz4 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lz4")
    }
}

impl Lz4 {
    pub(super) fn new() -> Self {
        Self { table: CompressTable::large() }
    }

    pub(super) fn compress(&mut self, plain: &[u8], out: &mut [u8]) -> Result<usize, CodecError> {
        out[..4].copy_from_slice(&MAGIC);
        out[4..6].copy_from_slice(&DESCRIPTOR);
        out[6] = (XxHash32::oneshot(0, &DESCRIPTOR) >> 8) as u8;
        let mut at = HEADER_BYTES;
        for block in plain.chunks(BLOCK) {
            let len = compress_into_with_table(block, &mut out[at + 4..], &mut self.table)
                .map_err(|_| CodecError::Corrupt { codec: Codec::Lz4, what: "a block cannot be compressed" })?;
            let (len, size) = if len < block.len() {
                (len, len as u32)
            } else {
                out[at + 4..at + 4 + block.len()].copy_from_slice(block);
                (block.len(), block.len() as u32 | STORED)
            };
            out[at..at + 4].copy_from_slice(&size.to_le_bytes());
            at += 4 + len;
        }
        out[at..at + END_MARK.len()].copy_from_slice(&END_MARK);
        Ok(at + END_MARK.len())
    }
}
