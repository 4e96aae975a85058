//! What flows through a job.
//!
//! In the order of the data: a source hands out bytes that begin and end at [`position`]s of [`position::PartitionId`]s;
//! a [`decode::RecordDecoder`] turns records into a [`Batch`]: Arrow columns of the [`types`] of a [`Schema`], one row
//! [`RowKind`] per row, the cells that are absent, and where each row came from; an [`encode::RecordEncoder`] goes the other way. [`changelog`] says what a stream of
//! batches means.

pub mod batch;
pub mod changelog;
pub mod decode;
pub mod encode;
pub mod position;
pub mod types;

pub use batch::{AbsentMask, Batch, Origin, RowKind};
pub use changelog::Changelog;
pub use decode::{BadRecord, Decoded, Header, RawRecord, RecordDecoder};
pub use encode::RecordEncoder;
pub use position::{PartitionId, Positions, Span};
pub use types::{Field, LogicalType, Schema};
