//! What a job asks of any catalog.

use std::fmt;

use base::{Error, Result};
use ledger::Owned;

use crate::metadata::TableMetadata;

/// The name of a table in a catalog: `database.table`, where a database may have several levels.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableIdent {
    /// Levels joined by dots.
    pub namespace: String,
    pub name: String,
}

impl TableIdent {
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }
}

/// Prints as `namespace.table`.
impl fmt::Display for TableIdent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.namespace, self.name)
    }
}

/// A table as it was when it was loaded or committed. Its metadata stays charged until it drops.
#[derive(Debug)]
pub struct Table {
    pub ident: TableIdent,
    /// The metadata file that the catalog names.
    pub metadata_location: String,
    pub metadata: Owned<TableMetadata>,
}

/// A new version of a table, made from the one in `base`.
#[derive(Debug)]
pub struct TableChange<'a> {
    pub base: &'a Table,
    /// Without the entry of `base` in its metadata log: the catalog adds it.
    pub next: TableMetadata,
}

/// What became of [`Catalog::create`].
#[derive(Debug)]
pub enum Created {
    New(Box<Table>),
    /// There is such a table; nothing was done.
    Exists,
}

/// What became of [`Catalog::commit`].
#[derive(Debug)]
pub enum Committed {
    /// All tables have their new version, in the order of the changes.
    Swapped(Vec<Table>),
    /// This table is no longer what its change was made from, or is gone. Nothing was changed, and no metadata file is left.
    Conflict(TableIdent),
    /// The swap may have happened or not: load the tables and look for the new snapshots before anything is deleted.
    Unknown(Error),
}

/// A catalog, as far as jobs use it.
pub trait Catalog: Send + Sync + fmt::Debug {
    /// Makes a namespace; false if it is there.
    fn create_namespace(&self, namespace: &str) -> Result<bool>;

    fn has_namespace(&self, namespace: &str) -> Result<bool>;

    /// All namespaces, sorted.
    fn namespaces(&self) -> Result<Vec<String>>;

    /// The tables of a namespace, sorted; views are not among them.
    fn tables(&self, namespace: &str) -> Result<Vec<TableIdent>>;

    /// The current version; `None` if there is no such table.
    fn load(&self, table: &TableIdent) -> Result<Option<Table>>;

    /// Writes the first metadata file and names the table. The namespace must exist.
    fn create(&self, table: &TableIdent, metadata: TableMetadata) -> Result<Created>;

    /// Gives all tables their new versions, or none of them.
    fn commit(&self, changes: Vec<TableChange<'_>>) -> Result<Committed>;

    /// Where a new table's folder is unless its statement says otherwise.
    fn default_location(&self, table: &TableIdent) -> String;
}
