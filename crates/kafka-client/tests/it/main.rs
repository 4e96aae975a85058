//! The client against a scripted cluster on loopback, and against the embedded broker.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod connections;
mod consuming;
mod embedded;
mod fake;
mod groups;
mod producing;
mod reading_committed;
