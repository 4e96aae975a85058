//! The whole from outside, and the shape of the workspace.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests panic where they fail, in their helpers too")]

mod arrows;
mod cli;
mod demo;
mod exactly_once;
mod failures;
mod harness;
mod harness_jobs;
mod jobs;
mod outages;
mod restarts;
mod shared_table;
mod tables;
