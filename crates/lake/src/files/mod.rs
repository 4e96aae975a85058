//! The files of a table: where they are, and how each kind is read and written.
//!
//! In the order in which a commit makes them: data files (Parquet), [`deletion_vector`]s in [`puffin`] files,
//! [`manifest`]s and the list of them (`avro` containers). [`location`] turns the names in metadata into paths;
//! [`durable`] is the only way to make a file. Everything goes through [`base::Disk`], so tests can fail any call.

mod avro;
pub mod deletion_vector;
pub mod durable;
pub mod location;
pub mod manifest;
pub mod puffin;
