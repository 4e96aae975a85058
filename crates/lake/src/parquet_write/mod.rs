//! Data files: encoded rows wait in a [`row_group`] and become columns of a Parquet [`file`], one after another.

pub mod file;
pub mod row_group;

pub use file::{DataFileWriter, FileShape, encode_bytes};
pub use row_group::RowGroup;
