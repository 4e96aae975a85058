//! From the bytes of records to rows, straight into Arrow buffers: no value tree per record.
//!
//! In the order of the data: `scan` walks over the JSON of one record; `convert` makes a cell of a value, by Flink's
//! rules or by Debezium's encodings; `column` holds the cells, and drops them again if the record fails; `row` puts the
//! members of an object into the columns of a table; [`debezium`] is the format. [`options`] says what a
//! user can set. Memory: a decoder holds at most its [`options::Limits`] and one record; see `row`.

mod column;
mod convert;
pub mod debezium;
pub mod options;
mod problem;
mod row;
mod scan;

pub use options::{Limits, Table};
