//! One binary for the crate's integration tests.

#![expect(clippy::unwrap_used, reason = "helpers of tests panic")]

mod support;

mod catalog;
mod manifests;
mod metadata;
