//! One claim of the key index: the key with this hash is at this position of this file.

/// Bytes of an entry on disk: hash, file, position, each little-endian.
pub const ENTRY_BYTES: usize = 24;

/// The file number of an entry that says: the key is nowhere.
pub const NOWHERE: u32 = u32::MAX;

/// An entry of the index. Sorts by hash first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    pub hash: u128,
    /// A number of the index's file table, or [`NOWHERE`].
    pub file: u32,
    /// The row's number in the file, from 0.
    pub position: u32,
}

impl Entry {
    pub fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.hash.to_le_bytes());
        out.extend_from_slice(&self.file.to_le_bytes());
        out.extend_from_slice(&self.position.to_le_bytes());
    }

    /// Reads the entry at the beginning of `bytes`; `None` if there are too few.
    pub fn get(bytes: &[u8]) -> Option<Self> {
        let (hash, rest) = bytes.split_first_chunk::<16>()?;
        let (file, rest) = rest.split_first_chunk::<4>()?;
        let position = rest.first_chunk::<4>()?;
        Some(Self {
            hash: u128::from_le_bytes(*hash),
            file: u32::from_le_bytes(*file),
            position: u32::from_le_bytes(*position),
        })
    }

    /// A position to be deleted, sorted by file and position.
    pub fn deletion(file: u32, position: u32) -> Self {
        Self { hash: (u128::from(file) << 32) | u128::from(position), file, position }
    }
}
