//! What real Flink answers, and what we answer. Expressions are written in SQL, read by `sql`'s parser.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking, also in its helpers")]

mod absent;
mod flink;
mod golden;
mod properties;
mod show;
mod support;
