//! What can be wrong with compressed bytes.

use base::ByteCount;

use super::Codec;

/// Compressed bytes that cannot be inflated, or plain ones that cannot be compressed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    #[error("{codec}: {what}")]
    Corrupt { codec: Codec, what: &'static str },
    #[error("{codec}: it is cut off")]
    CutOff { codec: Codec },
    #[error("{codec}: its {what} needs {wanted} of memory, and at most {most} can be had")]
    TooLarge { codec: Codec, what: &'static str, wanted: ByteCount, most: ByteCount },
}
