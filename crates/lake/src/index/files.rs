//! The index's table of data files: numbers for locations, and what is known of each file.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{ByteCount, Result};
use ledger::{Account, Reservation};

use crate::files::durable::grow_to;

/// A data file that entries point into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexedFile {
    pub number: u32,
    /// As the manifest names it.
    pub location: Arc<str>,
    pub rows: u64,
    /// Written by this job while it kept this index: its entries replace all earlier ones of their keys. Another
    /// writer's do not, since it may have added a key that was there.
    pub own: bool,
}

/// Data files by number. A number is never used for a second file.
#[derive(Debug)]
pub struct FileTable {
    by_number: BTreeMap<u32, IndexedFile>,
    numbers: BTreeMap<Arc<str>, u32>,
    next: u32,
    /// The bytes that the files take.
    bytes: ByteCount,
    paid: Reservation,
}

/// Memory of a file beside the bytes of its location: places in both trees, whose nodes may be half empty.
const FILE_BYTES: usize = 160;
/// Files are paid for in steps of so many bytes.
const STEP_BYTES: u64 = 16 << 10;

impl FileTable {
    /// An empty table; `account` pays for what comes.
    pub fn new(account: &Account, next: u32) -> Self {
        let (by_number, numbers) = (BTreeMap::new(), BTreeMap::new());
        Self { by_number, numbers, next, bytes: ByteCount::ZERO, paid: account.empty() }
    }

    /// A number for a file to come.
    pub fn take_number(&mut self) -> u32 {
        let number = self.next;
        self.next += 1;
        number
    }

    pub fn next_number(&self) -> u32 {
        self.next
    }

    /// # Errors
    /// The account is short; nothing changes then.
    pub fn insert(&mut self, file: IndexedFile) -> Result<()> {
        let replaced =
            self.number_of(&file.location).and_then(|number| self.get(number)).map_or(ByteCount::ZERO, memory_of);
        let bytes = self.bytes.saturating_sub(replaced) + memory_of(&file);
        grow_to(&mut self.paid, steps(bytes), "the key index's table of files")?;
        self.bytes = bytes;
        self.next = self.next.max(file.number.saturating_add(1));
        if let Some(number) = self.numbers.insert(file.location.clone(), file.number) {
            self.by_number.remove(&number);
        }
        self.by_number.insert(file.number, file);
        Ok(())
    }

    /// The file is no longer part of the table; entries that point into it mean nothing from now on.
    pub fn remove(&mut self, location: &str) -> Option<IndexedFile> {
        let number = self.numbers.remove(location)?;
        let file = self.by_number.remove(&number)?;
        self.bytes = self.bytes.saturating_sub(memory_of(&file));
        self.paid.shrink_to(steps(self.bytes));
        Some(file)
    }

    /// Keeps only files of which `keep` says so; how many are gone.
    pub fn retain(&mut self, mut keep: impl FnMut(&IndexedFile) -> bool) -> u64 {
        let before = self.by_number.len();
        let (numbers, bytes) = (&mut self.numbers, &mut self.bytes);
        self.by_number.retain(|_, file| {
            let keeps = keep(file);
            if !keeps {
                numbers.remove(&file.location);
                *bytes = bytes.saturating_sub(memory_of(file));
            }
            keeps
        });
        self.paid.shrink_to(steps(self.bytes));
        (before - self.by_number.len()) as u64
    }

    /// `None` if the file is no longer part of the table.
    pub fn get(&self, number: u32) -> Option<&IndexedFile> {
        self.by_number.get(&number)
    }

    pub fn number_of(&self, location: &str) -> Option<u32> {
        self.numbers.get(location).copied()
    }

    pub fn iter(&self) -> impl Iterator<Item = &IndexedFile> {
        self.by_number.values()
    }

    pub fn len(&self) -> usize {
        self.by_number.len()
    }

    pub fn is_empty(&self) -> bool {
        self.by_number.is_empty()
    }

    /// What the table holds in memory.
    pub fn memory(&self) -> ByteCount {
        self.bytes
    }
}

fn memory_of(file: &IndexedFile) -> ByteCount {
    ByteCount::from(FILE_BYTES + file.location.len())
}

fn steps(bytes: ByteCount) -> ByteCount {
    ByteCount(bytes.get().next_multiple_of(STEP_BYTES))
}
