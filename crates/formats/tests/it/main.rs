//! The formats from outside: records in, rows out.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test's helpers fail the test by panicking")]

mod capture;
mod debezium_events;
mod debezium_types;
mod encode;
mod json;
mod json_values;
mod limits;
mod support;
