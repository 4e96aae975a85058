//! Every module with `unsafe` that Miri can run; with its own tests. The other one is the binary's allocator, which is calls
//! of C.

#![cfg(test)]
#![allow(unused_imports, reason = "its crate uses what its tests do not")]

#[path = "../../../crates/formats/src/scan/chunk.rs"]
mod chunk;
