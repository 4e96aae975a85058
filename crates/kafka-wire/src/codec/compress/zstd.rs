//! One Zstandard frame at level 3, Kafka's default, with its content size: a reader's window is then no larger than the
//! batch.

use base::ByteCount;
use zstd::zstd_safe::{CCtx, CParameter, compress_bound};

use crate::codec::{Codec, CodecError};

/// A context of level 3 for input of any size, measured at 1,273 KiB.
pub(super) const CONTEXT: ByteCount = ByteCount::kib(1_344);

const LEVEL: i32 = 3;

pub(super) fn bound(len: usize) -> usize {
    compress_bound(len)
}

pub(super) struct Zstd {
    context: CCtx<'static>,
}

impl std::fmt::Debug for Zstd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CCtx({} bytes)", self.context.sizeof())
    }
}

impl Zstd {
    pub(super) fn new() -> Result<Self, CodecError> {
        let mut context = CCtx::try_create().ok_or_else(|| failed("its context cannot be built"))?;
        (context.set_parameter(CParameter::CompressionLevel(LEVEL))).map_err(|_| failed("its level is unknown"))?;
        Ok(Self { context })
    }

    pub(super) fn compress(&mut self, plain: &[u8], out: &mut [u8]) -> Result<usize, CodecError> {
        let len = self.context.compress2(out, plain).map_err(|_| failed("it cannot be compressed"))?;
        debug_assert!(self.context.sizeof() as u64 <= CONTEXT.get(), "a context outgrew what was paid for it");
        Ok(len)
    }
}

fn failed(what: &'static str) -> CodecError {
    CodecError::Corrupt { codec: Codec::Zstd, what }
}
