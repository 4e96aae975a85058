//! The checkpoint of a log: up to where its bytes are sound and synced, and the producers at that point.
//!
//! ```text
//! "MSCP" | version u16 = 1 | log start i64 | segment base i64 | position u64 | next offset i64 | max timestamp i64
//! | index entries u32 | indexed to u64 | producers, see `producers` | crc32c u32 of all before
//! ```
//! Recovery reads from here on; everything before was written, synced and checked. Written at every roll, every
//! [`CHECKPOINT_EVERY`] bytes and at a clean end, so that an unclean start never reads more than that, whatever the log's size.

use std::io;
use std::path::Path;

use base::Disk;

use super::producers::Producers;
use crate::files::{self, take};

/// Bytes between two checkpoints: 32 MiB are read and checked in some 20 ms.
pub(super) const CHECKPOINT_EVERY: u64 = 32 << 20;

const MAGIC: [u8; 4] = *b"MSCP";
const VERSION: u16 = 1;
const NAME: &str = "checkpoint";

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Checkpoint {
    pub(super) log_start: i64,
    pub(super) segment_base: i64,
    pub(super) position: u64,
    pub(super) next_offset: i64,
    pub(super) max_timestamp: i64,
    pub(super) index_entries: u32,
    pub(super) indexed_to: u64,
    pub(super) producers: Producers,
}

impl Checkpoint {
    pub(super) fn write(&self, disk: &dyn Disk, folder: &Path) -> io::Result<()> {
        files::replace(disk, &folder.join(NAME), &files::seal(self.encode()))
    }

    /// The checkpoint of a log; `None` if there is none or it cannot be read.
    pub(super) fn read(disk: &dyn Disk, folder: &Path) -> io::Result<Option<Self>> {
        let Some(bytes) = files::read(disk, &folder.join(NAME))? else { return Ok(None) };
        let checkpoint = files::unseal(&bytes).and_then(Self::decode);
        if checkpoint.is_none() {
            tracing::warn!(folder = %folder.display(), "the checkpoint cannot be read; the whole log is checked");
        }
        Ok(checkpoint)
    }

    fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&VERSION.to_be_bytes());
        bytes.extend_from_slice(&self.log_start.to_be_bytes());
        bytes.extend_from_slice(&self.segment_base.to_be_bytes());
        bytes.extend_from_slice(&self.position.to_be_bytes());
        bytes.extend_from_slice(&self.next_offset.to_be_bytes());
        bytes.extend_from_slice(&self.max_timestamp.to_be_bytes());
        bytes.extend_from_slice(&self.index_entries.to_be_bytes());
        bytes.extend_from_slice(&self.indexed_to.to_be_bytes());
        self.producers.encode(&mut bytes);
        bytes
    }

    fn decode(mut bytes: &[u8]) -> Option<Self> {
        let from = &mut bytes;
        if take(from)? != MAGIC || u16::from_be_bytes(take(from)?) != VERSION {
            return None;
        }
        let checkpoint = Self {
            log_start: i64::from_be_bytes(take(from)?),
            segment_base: i64::from_be_bytes(take(from)?),
            position: u64::from_be_bytes(take(from)?),
            next_offset: i64::from_be_bytes(take(from)?),
            max_timestamp: i64::from_be_bytes(take(from)?),
            index_entries: u32::from_be_bytes(take(from)?),
            indexed_to: u64::from_be_bytes(take(from)?),
            producers: Producers::decode(from)?,
        };
        bytes.is_empty().then_some(checkpoint)
    }
}
