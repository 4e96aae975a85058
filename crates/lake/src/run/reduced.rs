//! What comes out of a sort: the final operations of a commit, by growing hash.

use std::sync::Arc;

use base::{ByteCount, Disk, Error, Result};
use ledger::{Account, Reservation};

use super::arena::{Arena, Entry};
use super::cells::Layout;
use super::file::RunFile;
use super::held::{HELD_BYTES, Held};
use super::join::Group;
use super::merge::{Extent, Merge};
use super::record::{self, Record};
use super::sorter::remove;
use crate::files::durable::reserve;

/// The final operations of a commit, by growing hash.
#[derive(Debug)]
pub struct Reduced {
    layout: Layout,
    from: From,
    _paid: Reservation,
}

#[derive(Debug)]
enum From {
    Memory { arena: Arena, entries: Vec<Entry>, at: usize, held: Held },
    Runs { merge: Merge, runs: Vec<RunFile>, disk: Arc<dyn Disk> },
}

impl Reduced {
    /// Of records that were never spilled; `account` pays for what they join to.
    pub(super) fn from_memory(layout: Layout, arena: Arena, account: &Account) -> Result<Self> {
        let paid = reserve(account, ByteCount::from(HELD_BYTES), "joining operations")?;
        let (entries, held) = (arena.sorted(), Held::new(account));
        Ok(Self { layout, from: From::Memory { arena, entries, at: 0, held }, _paid: paid })
    }

    /// Of runs, which are removed at the end; `paid` pays for the merge.
    pub(super) fn from_runs(
        layout: Layout,
        merge: Merge,
        runs: Vec<RunFile>,
        disk: Arc<dyn Disk>,
        paid: Reservation,
    ) -> Self {
        Self { layout, from: From::Runs { merge, runs, disk }, _paid: paid }
    }

    /// The final operation of the next key; `None` at the end. It is paid for until the next call.
    ///
    /// # Errors
    /// The disk fails or lost what was written to it; memory is not to be had.
    pub fn next_operation(&mut self) -> Result<Option<Record<'_>>> {
        match &mut self.from {
            From::Memory { arena, entries, at, held } => {
                match next_group(&self.layout, arena, entries, at, held, Extent::Whole)? {
                    Some(group) => group.into_final(&self.layout, held),
                    None => Ok(None),
                }
            }
            From::Runs { merge, .. } => merge.next_final(),
        }
    }
}

impl Drop for Reduced {
    fn drop(&mut self) {
        if let From::Runs { runs, disk, .. } = &self.from {
            remove(disk.as_ref(), runs);
        }
    }
}

/// The operations of the next key among those in memory, or a part of them; `None` at the end.
pub(super) fn next_group<'a>(
    layout: &Layout,
    arena: &'a Arena,
    entries: &[Entry],
    at: &mut usize,
    held: &mut Held,
    extent: Extent,
) -> Result<Option<Group<'a>>> {
    let Some(first) = entries.get(*at) else { return Ok(None) };
    held.shrink_to(0);
    let mut group = Group::default();
    while let Some(entry) = entries.get(*at).filter(|entry| entry.hash() == first.hash()) {
        let found = arena.record(entry).and_then(record::parse);
        let found = found.ok_or_else(|| Error::internal("a damaged record in the sort buffer"))?;
        match extent {
            Extent::Whole => group.add_whole(layout, found, held)?,
            // A record alone is not joined, so it is taken.
            Extent::Part if group.add(layout, found, held)?.is_some() => break,
            Extent::Part => {}
        }
        *at += 1;
    }
    Ok(Some(group))
}
