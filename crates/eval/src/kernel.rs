//! Flink's operators and functions over columns.

pub(crate) mod args;
pub(crate) mod lane;

pub(crate) mod arithmetic;
pub(crate) mod cast;
pub(crate) mod choose;
pub(crate) mod compare;
pub(crate) mod decimal;
pub(crate) mod double_text;
pub(crate) mod extreme;
pub(crate) mod like;
pub(crate) mod logic;
pub(crate) mod number;
pub(crate) mod text;
pub(crate) mod time;
pub(crate) mod writer;
