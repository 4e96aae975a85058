//! Data files: encoded rows wait in a [`row_group`] and become columns of a Parquet [`file`], one after another, within
//! [`encode_memory`].

pub mod encode_memory;
pub mod file;
pub mod row_group;

pub use encode_memory::{ENCODE_FLOOR, EncodeMemory};
pub use file::{DataFileWriter, FileShape};
pub use row_group::{RowGroup, row_bytes};
