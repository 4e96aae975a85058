//! Catalogs: which metadata file of a table is its current version.
//!
//! [`interface`] is what a job asks of a catalog. A commit is a compare-and-swap of that one name ([`Catalog::commit`]):
//! metadata is written and synced first, then the name moves if it is still the one that the new version was made from.
//! [`sqlite`] keeps the names in a SQLite file in the schema that Iceberg's Java JDBC catalog and PyIceberg's SqlCatalog
//! share; a REST catalog can stand behind the same trait. [`metadata_file`] names, reads and writes the metadata files.
//!
//! All calls block on the disk: they belong to I/O tasks.

pub mod interface;
pub mod metadata_file;
pub mod sqlite;

pub use interface::{Catalog, Committed, Created, Table, TableChange, TableIdent};
pub use sqlite::{SqliteCatalog, SqliteOptions};
