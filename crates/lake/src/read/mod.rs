//! Rows of tables, in bounded memory: for comparisons, for rebuilding the key index and for looking up old rows.
//!
//! [`table::TableScan`] goes through a snapshot: [`files`] says which data files it has and which deletes apply to each,
//! [`deletes`] reads those, [`columns`] finds the wanted columns in a file by id, `parquet_file` opens it, [`scan`] reads it,
//! `cast` widens what was written before a column was. [`text`] prints cells as PostgreSQL does, [`compare`] compares a
//! table with PostgreSQL's dump.

mod cast;
pub mod columns;
pub mod compare;
pub mod csv;
pub mod deletes;
pub mod files;
mod parquet_file;
pub mod scan;
pub mod table;
pub mod text;

pub use columns::{Column, Projection};
pub use compare::{Comparison, Difference, compare_table_with_csv};
pub use files::{ScanFile, SnapshotFiles};
pub use scan::{FileScan, Rows, ScanBatch};
pub use table::{TableScan, fetch_rows, open_file};
