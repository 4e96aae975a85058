//! Sort runs: the rows of one commit, reduced to one final operation per key within the budget.
//!
//! In the order of the data: a row of a batch becomes [`cells`] ([`batch_cells`]), its [`key`] a hash; with its [`order`]
//! it is a [`record`]. Records wait in an [`arena`], as the [`room`] of all sorters of a job allows, then in run [`file`]s;
//! [`merge`] reads many of those as one, [`join`] says what several operations of one key come to, paid by what is
//! [`held`], the [`sorter`] puts it together, and [`reduced`] is what comes out. [`input`] feeds it from batches, and a
//! [`column_builder`] makes columns of cells again.

pub mod arena;
pub mod bytes;
pub mod cells;
pub mod batch_cells;
pub mod column_builder;
pub mod file;
pub mod input;
pub mod held;
pub mod join;
pub mod key;
pub mod merge;
pub mod order;
pub mod record;
pub mod reduced;
pub mod room;
pub mod sorter;

pub use batch_cells::BatchCells;
pub use cells::{Cell, Layout};
pub use column_builder::ColumnBuilder;
pub use input::{Input, InputMode};
pub use key::KeyHasher;
pub use order::Order;
pub use record::{Kind, Record};
pub use reduced::Reduced;
pub use room::{Counted, SortRoom};
pub(crate) use sorter::trim;
pub use sorter::{MERGE_FLOOR, RECORD_BYTES, SORT_FLOOR, SortCounts, Sorter};
