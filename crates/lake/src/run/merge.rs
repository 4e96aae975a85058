//! Many runs as one.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use base::{Disk, Error, Result};

use super::cells::Layout;
use super::file::{RunFile, RunReader};
use super::join::Group;
use super::record;

/// So many runs are merged at once; more are merged in several passes.
pub const FAN_IN: usize = 32;

/// Walks runs key by key. The runs must be given in the order in which they were written.
#[derive(Debug)]
pub struct Merge {
    layout: Layout,
    readers: Vec<RunReader>,
    /// The current hash of each reader; of equal ones the earlier run comes first.
    heap: BinaryHeap<Reverse<(u128, usize)>>,
}

impl Merge {
    pub fn open(disk: &dyn Disk, layout: &Layout, runs: &[RunFile]) -> Result<Self> {
        let readers: Result<Vec<RunReader>> = runs.iter().map(|run| RunReader::open(disk, run)).collect();
        let mut merge = Self { layout: layout.clone(), readers: readers?, heap: BinaryHeap::new() };
        for index in 0..merge.readers.len() {
            merge.enter(index);
        }
        Ok(merge)
    }

    fn enter(&mut self, index: usize) {
        if let Some(hash) = self.readers[index].current().and_then(record::hash_of) {
            self.heap.push(Reverse((hash, index)));
        }
    }

    /// The operations of the next key; `None` at the end.
    pub fn next_group(&mut self) -> Result<Option<Group<'static>>> {
        let Some(Reverse((hash, _))) = self.heap.peek().copied() else { return Ok(None) };
        let mut group = Group::default();
        while let Some(Reverse((_, index))) = self.heap.peek().copied().filter(|Reverse((next, _))| *next == hash) {
            self.heap.pop();
            let reader = &mut self.readers[index];
            while let Some(found) = reader.current().filter(|found| record::hash_of(found) == Some(hash)) {
                let parsed = record::parse(found).ok_or_else(|| Error::internal("a damaged record in a sort run"))?;
                group.add(&self.layout, parsed.into_owned())?;
                reader.advance()?;
            }
            self.enter(index);
        }
        Ok(Some(group))
    }
}
