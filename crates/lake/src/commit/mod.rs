//! Commits: what is prepared becomes a snapshot, exactly once.
//!
//! [`names`] are how a job knows its own files again, [`carried`] is how a snapshot carries the job's positions,
//! [`failpoint`] lets a test kill the process between two steps.

pub mod carried;
pub mod failpoint;
pub mod names;
