//! What is wrong with a container file.

/// Why a container cannot be read. Turned into a [`base::Error`] by whoever knows the file's name.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{0}")]
    Damaged(String),
    #[error("it is compressed with '{0}'")]
    Codec(String),
    #[error("it holds a value of more than {0}")]
    TooLarge(base::ByteCount),
    #[error(transparent)]
    Disk(#[from] std::io::Error),
    #[error("{0}")]
    Memory(base::Error),
}
