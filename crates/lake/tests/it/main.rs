//! One binary for the crate's integration tests.

#![expect(clippy::unwrap_used, reason = "helpers of tests panic")]

/// What each test allocates can be asked for.
#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

mod counting;
mod shop;
mod small_table;
mod stream;
mod support;

mod catalog;
mod faults;
mod foreign;
mod job;
mod key_index;
mod kill;
mod manifests;
mod memory;
mod metadata;
mod parquet_write;
mod reader;
mod reduce;
mod refill;
mod upsert;
