//! One gzip member at level 6, as Java's `GZIPOutputStream` writes it.

use base::ByteCount;
use flate2::{Compress, Compression, Crc, FlushCompress, Status};

use crate::codec::{Codec, CodecError};

/// zlib-rs' deflate state, measured at 343 KiB.
pub(super) const CONTEXT: ByteCount = ByteCount::kib(352);

const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
const TRAILER_BYTES: usize = 8;

/// Stored blocks cost 5 bytes in some KiB; a sixteenth is far more than that.
pub(super) fn bound(len: usize) -> usize {
    HEADER.len() + len + len / 16 + 64 + TRAILER_BYTES
}

#[derive(Debug)]
pub(super) struct Gzip {
    deflater: Compress,
}

impl Gzip {
    pub(super) fn new() -> Self {
        Self { deflater: Compress::new(Compression::new(6), false) }
    }

    pub(super) fn compress(&mut self, plain: &[u8], out: &mut [u8]) -> Result<usize, CodecError> {
        self.deflater.reset();
        out[..HEADER.len()].copy_from_slice(&HEADER);
        let status = self.deflater.compress(plain, &mut out[HEADER.len()..], FlushCompress::Finish);
        let end = HEADER.len() + self.deflater.total_out() as usize;
        if !matches!(status, Ok(Status::StreamEnd)) || out.len() < end + TRAILER_BYTES {
            return Err(CodecError::Corrupt { codec: Codec::Gzip, what: "it did not end in the room it was given" });
        }
        let mut crc = Crc::new();
        crc.update(plain);
        out[end..end + 4].copy_from_slice(&crc.sum().to_le_bytes());
        out[end + 4..end + TRAILER_BYTES].copy_from_slice(&crc.amount().to_le_bytes());
        Ok(end + TRAILER_BYTES)
    }
}
