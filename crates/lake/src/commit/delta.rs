//! What others added to the table between the look-ups of a commit and its publication.
//!
//! The index is brought up to date first, which names the keys that they added. Of those, the ones that this commit also
//! changes lose their row; [`super::refill`] fills rows again that took cells from an old one which is no longer the one.

use std::path::PathBuf;

use base::{ByteCount, Result};

use super::tools::PrepareWith;
use crate::files::durable::reserve;
use crate::index::cursor::{CURSOR_BYTES, RunCursor};
use crate::index::{Entry, EntrySorter, IndexRun};

/// The places of rows that others added and this commit replaces or deletes, in a run whose name begins with `path`.
///
/// # Errors
/// The disk fails; the index is damaged; the account is short.
pub fn added_and_changed(
    path: PathBuf,
    changes: &IndexRun,
    added: &IndexRun,
    with: &PrepareWith,
) -> Result<Option<IndexRun>> {
    let _paid = reserve(&with.account, ByteCount::from(2 * CURSOR_BYTES), "comparing keys")?;
    let mut sorter = EntrySorter::new(with.disk.clone(), path, &with.account);
    let (mut changes, mut added) = (RunCursor::new(changes.clone(), None)?, RunCursor::new(added.clone(), None)?);
    while let (Some(change), Some(add)) = (changes.current(), added.current()) {
        match change.hash.cmp(&add.hash) {
            std::cmp::Ordering::Less => changes.seek(add.hash)?,
            std::cmp::Ordering::Greater => added.seek(change.hash)?,
            std::cmp::Ordering::Equal => {
                sorter.push(Entry::deletion(add.file, add.position))?;
                added.advance()?;
            }
        }
    }
    sorter.finish()
}
