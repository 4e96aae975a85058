//! Many runs as one.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use base::{Disk, Result};
use ledger::Account;

use super::cells::Layout;
use super::file::{RUN_READER_BYTES, RUN_READING_BYTES, RUN_WRITER_BYTES, RunFile, RunReader};
use super::held::{HELD_BYTES, Held};
use super::join::Group;
use super::record::Record;

/// So many runs are merged at once; more are merged in several passes.
pub const FAN_IN: usize = 32;
/// So many can be merged at once however short memory is.
pub const FAN_IN_MIN: usize = 8;

/// What merging so many runs takes, into a run or for whoever comes next, beside rows longer than [`HELD_BYTES`].
pub const fn merge_bytes(fan_in: usize) -> usize {
    fan_in * RUN_READER_BYTES + RUN_READING_BYTES + RUN_WRITER_BYTES + HELD_BYTES
}

/// Which operations of a key come together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of them.
    Whole,
    /// As many as memory allows, the next ones after that: joining them in any grouping comes to the same.
    Part,
}

/// Walks runs key by key. The runs must be given in the order in which they were written.
#[derive(Debug)]
pub struct Merge {
    layout: Layout,
    readers: Vec<RunReader>,
    /// The current hash of each reader; of equal ones the earlier run comes first.
    heap: BinaryHeap<Reverse<(u128, usize)>>,
    /// Pays for rows that are longer than what is paid for beforehand.
    held: Held,
    /// What did not go with the last part of its key.
    left: Option<Record<'static>>,
}

impl Merge {
    /// Its caller has paid for [`merge_bytes`]; `account` pays for long rows.
    pub fn open(disk: &dyn Disk, layout: &Layout, runs: &[RunFile], account: &Account) -> Result<Self> {
        let readers: Result<Vec<RunReader>> = runs.iter().map(|run| RunReader::open(disk, run)).collect();
        let (heap, held) = (BinaryHeap::new(), Held::new(account));
        let mut merge = Self { layout: layout.clone(), readers: readers?, heap, held, left: None };
        for index in 0..merge.readers.len() {
            merge.enter(index);
        }
        Ok(merge)
    }

    fn enter(&mut self, index: usize) {
        if let Some(hash) = self.readers[index].hash() {
            self.heap.push(Reverse((hash, index)));
        }
    }

    /// The operations of the next key, or a part of them; `None` at the end. They are paid for until the next call.
    ///
    /// # Errors
    /// The disk fails or lost what was written to it; memory is not to be had.
    pub fn next_group(&mut self, extent: Extent) -> Result<Option<Group<'static>>> {
        let left = self.left.take();
        self.held.shrink_to(left.as_ref().map_or(0, |left| left.row.len()));
        let next = self.heap.peek().map(|Reverse((hash, _))| *hash);
        let Some(hash) = left.as_ref().map(|left| left.hash).or(next) else { return Ok(None) };
        let mut group = Group::default();
        if let Some(left) = left {
            group.add_whole(&self.layout, left, &mut self.held)?;
        }
        while let Some(Reverse((_, index))) = self.heap.peek().copied().filter(|Reverse((next, _))| *next == hash) {
            self.heap.pop();
            let is_whole = self.add_from(index, hash, &mut group, extent)?;
            self.enter(index);
            if !is_whole {
                break;
            }
        }
        Ok(Some(group))
    }

    /// Adds the operations that a reader has of a key; false if memory allows no more of them now.
    fn add_from(&mut self, index: usize, hash: u128, group: &mut Group<'static>, extent: Extent) -> Result<bool> {
        let reader = &mut self.readers[index];
        while reader.hash() == Some(hash) {
            let bytes = group.held_bytes() + reader.length();
            if !self.held.try_hold(bytes) {
                let is_part = extent == Extent::Part && !group.is_empty();
                return if is_part { Ok(false) } else { Err(self.held.short(bytes)) };
            }
            let record = reader.take()?;
            if extent == Extent::Whole {
                group.add_whole(&self.layout, record, &mut self.held)?;
            } else if let Some(left) = group.add(&self.layout, record, &mut self.held)? {
                self.left = Some(left);
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The final operation of the next key; `None` at the end. It is paid for until the next call.
    ///
    /// # Errors
    /// As [`Self::next_group`].
    pub fn next_final(&mut self) -> Result<Option<Record<'static>>> {
        match self.next_group(Extent::Whole)? {
            Some(group) => group.into_final(&self.layout, &mut self.held),
            None => Ok(None),
        }
    }
}
