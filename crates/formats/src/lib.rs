//! From the bytes of records to rows, straight into Arrow buffers: no value tree per record.
//!
//! In the order of the data: `scan` walks over the JSON of one record; `convert` makes a cell of a value, by Flink's
//! rules or by Debezium's encodings; `column` holds the cells, and drops them again if the record fails; `row` puts the
//! members of an object into the columns of a table; [`json`] and [`debezium`] are the formats. The other way, `cell`
//! reads a cell of a batch and `java` writes numbers and times as Java does: [`text`] shows rows as Flink's `print`, and
//! [`json`] writes them. [`options`] says what a user can set. Memory: a decoder holds at most its [`Limits`] and one
//! record; see `row`.

pub mod options;

mod scan;

mod convert;

mod column;

mod row;

mod problem;

pub mod json;

pub mod debezium;

mod cell;
mod java;

pub mod text;

pub use options::{Limits, Table};
