//! Table metadata: what a version of a table is, and how the next one follows from it.
//!
//! [`types`] and [`schema`] are the columns, [`mapping`] relates them to Flink's; [`partition`] and [`snapshot`] are the
//! other parts, [`table`] the whole document, [`change`] the steps from one version to the next, [`value`] single cells
//! as the bytes that manifests keep as bounds. Nothing here does I/O. Source: the Iceberg table spec, versions 1 to 3.

pub mod change;
pub mod mapping;
pub mod partition;
pub mod schema;
pub mod snapshot;
pub mod table;
mod document;
pub mod types;
pub mod value;

pub use change::{NewTable, RefChange, new_snapshot_id};
pub use mapping::difference;
pub use partition::{PartitionSpec, SortOrder};
pub use schema::Schema;
pub use snapshot::{MAIN, Operation, RefKind, Snapshot, SnapshotRef};
pub use table::TableMetadata;
pub use types::{NestedField, PrimitiveType, Type};
pub use value::{Bounds, BoundsBuilder, single_value};
