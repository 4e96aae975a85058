//! Running a job: one supervisor, N workers, one committer thread, one I/O task per source.
//!
//! In the order of the data: a [`feed`] task reads a source into a queue; a [`worker`] thread steps [`pipeline`]s, which
//! decode, transform and write; at a barrier a pipeline prepares and hands the result to the [`committer`] thread; the
//! [`supervisor`] builds pipelines, restarts those that failed, and ends the job. [`progress`] is what all of them report.
//!
//! Barriers enter a pipeline at its head, between two raw batches: since the chain behind the source is stepped by one
//! worker, the cut is where the decoder stands, and a barrier never waits behind queued input or for memory.

mod bell;
mod committer;
mod feed;
mod pipeline;
pub mod progress;
mod supervisor;
mod worker;

pub use progress::{PipelineProgress, ProgressReport};
pub use supervisor::{Job, RunOptions, Stop, Watch};
