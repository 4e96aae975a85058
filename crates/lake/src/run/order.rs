//! Which of two operations of one key is the later one.

/// The place of an operation among those of its key within one commit; greater is later.
///
/// The source's own position decides where it is known, then the partition, then the arrival, which within a partition
/// is the order of the offsets. Operations of a stream without source positions all have position 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Order {
    pub position: u64,
    /// A number for the partition that sorts as its index does.
    pub partition: u64,
    /// Counts the rows of a commit as they come.
    pub arrival: u64,
}

/// Bytes of an encoded order.
pub const ORDER_BYTES: usize = 24;

impl Order {
    pub fn put(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.position.to_le_bytes());
        out.extend_from_slice(&self.partition.to_le_bytes());
        out.extend_from_slice(&self.arrival.to_le_bytes());
    }

    pub fn get(bytes: &mut super::bytes::Cursor<'_>) -> Option<Self> {
        Some(Self { position: bytes.u64()?, partition: bytes.u64()?, arrival: bytes.u64()? })
    }
}
