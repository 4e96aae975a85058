//! Decisions without I/O: from facts already read to what is to be done.
//!
//! [`standing`] finds where a job stands in a table; [`verdict`] says whether a prepared commit may be published.

pub mod standing;
pub mod verdict;

#[cfg(test)]
mod tests;

pub use standing::{COMMIT, JOB, Standing, standing, tag_of};
pub use verdict::{Head, IndexUse, Verdict, after, index_use, verdict};
