//! The key index: where each key's row is, on disk, in few sorted runs.
//!
//! An [`entry`] says that a key's hash is at a position of a file; [`files`] numbers the files. Entries lie sorted in
//! [`run`]s, which a [`cursor`] walks and a [`lookup`] walks together; [`sort`] makes runs of entries in any order; the
//! [`store`] is the whole, with the snapshot it stands at, which `meta` keeps. What it says may be outdated in one way only:
//! it may name a row that was deleted since, or a file that is gone; callers check against the table's deletion vectors.

pub mod cursor;
pub mod entry;
pub mod files;
pub mod lookup;
mod meta;
pub mod run;
pub mod sort;
pub mod store;

pub use entry::{Entry, NOWHERE};
pub use files::{FileTable, IndexedFile};
pub use lookup::Lookup;
pub use run::{IndexRun, IndexRunWriter};
pub use sort::{ENTRY_SORT_FLOOR, ENTRY_SPILL_FLOOR, EntrySorter};
pub use store::{KeyIndex, RUNS_MAX};
