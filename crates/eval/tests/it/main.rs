//! What real Flink answers, and what we answer.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking, also in its helpers")]

mod absent;
mod flink;
mod golden;
mod reader;
mod show;
