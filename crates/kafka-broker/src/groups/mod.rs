//! Offsets that consumer groups committed. Groups have no members here yet: consumers assign partitions to themselves.
//!
//! `entry` (one commit as bytes), `offsets` (all commits, and the file that keeps them).

mod entry;
mod offsets;

pub(crate) use entry::Committed;
pub(crate) use offsets::GroupOffsets;
