//! Manifests: which files a table is made of.
//!
//! A snapshot names a manifest list; the list names manifests; a manifest names files: data files, or files that say
//! which rows of data files are deleted. All are Avro containers. [`data_file`] and [`entry`] are what they hold,
//! [`read`] streams it in, [`write`](mod@write) and [`list`] stream it out, `layout` has the Avro schemas, `record` finds fields by id.

pub mod data_file;
pub mod entry;
mod encode;
mod layout;
pub mod list;
pub mod read;
mod record;
pub mod write;

pub use data_file::{Content, DataFile, FileFormat, Metrics};
pub use entry::{FieldSummary, ManifestContent, ManifestEntry, ManifestFile, Status};
pub use list::{ListOf, ManifestListWriter};
pub use read::{Columns, ManifestListReader, ManifestReader};
pub use write::{ManifestOf, ManifestWriter, WRITER_MEMORY};
