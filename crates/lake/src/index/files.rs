//! The index's table of data files: numbers for locations, and what is known of each file.

use std::collections::HashMap;

use base::ByteCount;
use serde::{Deserialize, Serialize};

/// A data file that entries point into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexedFile {
    pub number: u32,
    /// As the manifest names it.
    pub location: String,
    pub rows: u64,
    /// Written by this job while it kept this index: its entries replace all earlier ones of their keys. Another
    /// writer's do not, since it may have added a key that was there.
    pub own: bool,
}

/// Data files by number. A number is never used for a second file.
#[derive(Clone, Debug, Default)]
pub struct FileTable {
    by_number: HashMap<u32, IndexedFile>,
    numbers: HashMap<String, u32>,
    next: u32,
}

/// Memory of a file beside its location, which is held twice.
const FILE_BYTES: usize = 160;

impl FileTable {
    pub fn new(files: Vec<IndexedFile>, next: u32) -> Self {
        let mut table = Self { next, ..Self::default() };
        for file in files {
            table.insert(file);
        }
        table
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

    pub fn insert(&mut self, file: IndexedFile) {
        self.next = self.next.max(file.number + 1);
        self.numbers.insert(file.location.clone(), file.number);
        self.by_number.insert(file.number, file);
    }

    /// The file is no longer part of the table; entries that point into it mean nothing from now on.
    pub fn remove(&mut self, location: &str) -> Option<IndexedFile> {
        let number = self.numbers.remove(location)?;
        self.by_number.remove(&number)
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
        ByteCount::from(self.by_number.values().map(|file| FILE_BYTES + 2 * file.location.len()).sum::<usize>())
    }
}
