//! Iceberg tables: what a job's rows become.
//!
//! In the order in which a reader meets them: [`metadata`] (what a version of a table is), [`files`] (data files,
//! deletion vectors, manifests), [`catalog`] (which version is current, and the compare-and-swap that makes a commit),
//! [`read`] (rows of a snapshot).

pub mod catalog;
pub mod files;
pub mod metadata;
pub mod read;
