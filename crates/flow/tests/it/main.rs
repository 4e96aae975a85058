//! The runtime with sources and sinks that fail on purpose: exactly once, in order, with everything given back.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests panic")]

mod fakes;
mod runs;
