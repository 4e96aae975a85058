//! Sort runs: the rows of one commit, reduced to one final operation per key within the budget.
//!
//! In the order of the data: a row becomes [`cells`], its [`key`] a hash; with its [`order`] it is a [`record`]. Records
//! wait in an [`arena`] and, when memory is short, in run [`file`]s; [`merge`] reads many of those as one, [`join`] says
//! what several operations of one key come to, and the [`sorter`] puts it together. [`input`] feeds it from batches.

pub mod arena;
pub mod bytes;
pub mod cells;
pub mod file;
pub mod input;
pub mod join;
pub mod key;
pub mod merge;
pub mod order;
pub mod record;
pub mod sorter;

pub use cells::{BatchCells, Cell, ColumnBuilder, Layout};
pub use input::{Input, InputMode};
pub use key::KeyHasher;
pub use order::Order;
pub use record::{Kind, Record};
pub use sorter::{Reduced, SORT_FLOOR, SortCounts, Sorter};
