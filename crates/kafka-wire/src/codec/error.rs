//! What can be wrong with compressed bytes.

use base::ByteCount;

/// Compressed bytes that cannot be inflated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    #[error("{codec}: {what}")]
    Corrupt { codec: &'static str, what: &'static str },
    #[error("{codec}: it is cut off")]
    CutOff { codec: &'static str },
    #[error("{codec}: its {what} needs {wanted} of memory, and at most {most} can be had")]
    TooLarge { codec: &'static str, what: &'static str, wanted: ByteCount, most: ByteCount },
}
