//! Iceberg tables: what a job's rows become.
//!
//! In the order in which a reader meets them: [`metadata`] (what a version of a table is), [`files`] (data files,
//! deletion vectors, manifests), [`catalog`] (which version is current, and the compare-and-swap that makes a commit),
//! [`read`] (rows of a snapshot). What writes them, in the order of the data: [`run`] (one final operation per key),
//! [`index`] (where a key's row is), [`parquet_write`] (data files), [`decide`] and [`commit`] (exactly once).

pub mod catalog;
pub mod catalog_flow;
mod catalog_handle;
pub mod commit;
pub mod decide;
pub mod files;
pub mod index;
pub mod metadata;
pub mod options;
pub mod parquet_write;
pub mod read;
pub mod run;
mod sink;
pub mod table;
mod table_options;

pub use catalog_flow::LakeCatalogFactory;
pub use options::settings;
