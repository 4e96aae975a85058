//! A file of the faulty disk: its bytes as the process sees them, and what of them a crash leaves.

use crate::Rng;

/// What a crash does to writes that were never synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Nothing is lost: the process died, the machine did not.
    Nothing,
    /// All of them are lost.
    Everything,
    /// Each write is kept, dropped, cut short or left as zeros, and each name kept or dropped, by chance.
    Torn { seed: u64 },
}

#[derive(Debug, Default)]
pub(super) struct Inode {
    pub(super) bytes: Vec<u8>,
    pub(super) durable: Vec<u8>,
    pub(super) unsynced: Vec<Change>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Change {
    Wrote { at: usize, len: usize },
    SetLen(usize),
}

impl Inode {
    pub(super) fn sync(&mut self) {
        for change in std::mem::take(&mut self.unsynced) {
            match change {
                Change::SetLen(len) => self.durable.resize(len, 0),
                Change::Wrote { at, len } => {
                    let end = (at + len).min(self.bytes.len());
                    if self.durable.len() < end {
                        self.durable.resize(end, 0);
                    }
                    if let Some(bytes) = self.bytes.get(at..end) {
                        self.durable[at..end].copy_from_slice(bytes);
                    }
                }
            }
        }
    }

    pub(super) fn settle(&mut self, loss: Loss, rng: &mut Rng) {
        match loss {
            Loss::Nothing => self.durable.clone_from(&self.bytes),
            Loss::Everything => {}
            Loss::Torn { .. } => {
                self.tear(rng);
                self.sync();
            }
        }
        self.bytes.clone_from(&self.durable);
        self.unsynced.clear();
    }

    /// Decides about each unsynced change; what stays is synced afterwards.
    fn tear(&mut self, rng: &mut Rng) {
        let mut kept = Vec::new();
        for change in std::mem::take(&mut self.unsynced) {
            match (change, rng.below(4)) {
                (_, 0) => {}
                (Change::Wrote { at, len }, 1) => kept.push(Change::Wrote { at, len: rng.below(len as u64) as usize }),
                (Change::Wrote { at, len }, 2) => {
                    // A hole: the length reached the disk, a part of the bytes did not.
                    let from = at + rng.below(len as u64) as usize;
                    let to = (at + len).min(self.bytes.len());
                    if let Some(lost) = self.bytes.get_mut(from..to) {
                        lost.fill(0);
                    }
                    kept.push(change);
                }
                _ => kept.push(change),
            }
        }
        self.unsynced = kept;
    }
}
