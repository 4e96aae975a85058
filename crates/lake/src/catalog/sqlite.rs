//! The catalog in a SQLite file, in the schema that Iceberg's Java JDBC catalog and PyIceberg's SqlCatalog share.
//!
//! `iceberg_tables(catalog_name, table_namespace, table_name, metadata_location, previous_metadata_location,
//! iceberg_type)` and `iceberg_namespace_properties(catalog_name, namespace, property_key, property_value)`. The column
//! `iceberg_type` is Java's schema V1 (`TABLE` or `VIEW`); files of V0 lack it and are used as they are. A namespace
//! exists if it has a property or a table.
//!
//! Write-ahead log and `synchronous=FULL`: a commit is on the disk when it returns (0.34 ms for three tables). Other
//! processes may hold the file: `busy_timeout` waits for them.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base::{ByteCount, Disk, Error, Result, Rng};
use ledger::{Account, Owned, Reservation};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use self::connection::{CONNECTION_MEMORY, connect, connect_read_only, has_tables, has_type_column, told};
use super::interface::{Catalog, Committed, Created, Table, TableChange, TableIdent};
use super::metadata_file;
use crate::files::durable::{create_dir_durable, reserve};
use crate::files::location::{child_of, folder_of, local_path};
use crate::metadata::TableMetadata;

mod connection;

pub use connection::{SqliteOptions, sqlite_file};

/// A catalog in a SQLite file. One connection; callers wait for each other.
#[derive(Debug)]
pub struct SqliteCatalog {
    options: SqliteOptions,
    disk: Arc<dyn Disk>,
    account: Account,
    state: Mutex<State>,
    _paid: Reservation,
}

#[derive(Debug)]
struct State {
    connection: Connection,
    has_type_column: bool,
    rng: Rng,
}

impl SqliteCatalog {
    /// Opens the file, makes what is missing in it. `account` pays for the connection and for tables' metadata.
    ///
    /// # Errors
    /// The file cannot be opened or written, or is no SQLite file; the account is short.
    pub fn open(options: SqliteOptions, disk: Arc<dyn Disk>, account: Account) -> Result<Self> {
        let paid = reserve(&account, CONNECTION_MEMORY, "a SQLite connection")?;
        create_dir_durable(disk.as_ref(), &local_path(&options.warehouse)?)?;
        let folder = folder_of(&options.file);
        if !folder.is_dir() {
            return Err(Error::user(format!(
                "the folder of the catalog file {} does not exist",
                options.file.display()
            ))
            .hint(format!("make it: mkdir -p {}", folder.display())));
        }
        let connection = connect(&options).map_err(|error| told(&options.file, error))?;
        let has_type_column = has_type_column(&connection).map_err(|error| told(&options.file, error))?;
        let state = Mutex::new(State { connection, has_type_column, rng: Rng::from_entropy() });
        Ok(Self { options, disk, account, state, _paid: paid })
    }

    /// Opens the file for reading and makes nothing, not even SQLite's own files beside it; `None` if it is not there or
    /// has no tables yet.
    ///
    /// # Errors
    /// The file cannot be read or is no SQLite file; the account is short.
    pub fn open_read_only(options: SqliteOptions, disk: Arc<dyn Disk>, account: Account) -> Result<Option<Self>> {
        if !options.file.exists() {
            return Ok(None);
        }
        let paid = reserve(&account, CONNECTION_MEMORY, "a SQLite connection")?;
        let told = |error| told(&options.file, error);
        let connection = connect_read_only(&options).map_err(told)?;
        if !has_tables(&connection).map_err(told)? {
            return Ok(None);
        }
        let has_type_column = has_type_column(&connection).map_err(told)?;
        let state = Mutex::new(State { connection, has_type_column, rng: Rng::from_entropy() });
        Ok(Some(Self { options, disk, account, state, _paid: paid }))
    }

    pub fn file(&self) -> &Path {
        &self.options.file
    }

    pub fn name(&self) -> &str {
        &self.options.name
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn told(&self, error: rusqlite::Error) -> Error {
        told(&self.options.file, error)
    }

    /// The names of a query's first column, for this catalog.
    fn names(&self, sql: &str, namespace: Option<&str>) -> Result<Vec<String>> {
        let state = self.state();
        let query = || -> rusqlite::Result<Vec<String>> {
            let mut statement = state.connection.prepare(sql)?;
            let read = |row: &rusqlite::Row<'_>| row.get(0);
            match namespace {
                Some(namespace) => statement.query_map(params![self.options.name, namespace], read)?.collect(),
                None => statement.query_map(params![self.options.name], read)?.collect(),
            }
        };
        query().map_err(|error| self.told(error))
    }

    fn metadata_location(&self, table: &TableIdent) -> Result<Option<String>> {
        let state = self.state();
        let sql = format!(
            "SELECT metadata_location FROM iceberg_tables WHERE catalog_name = ? AND table_namespace = ? AND table_name = ?{}",
            state.only_tables()
        );
        let key = params![self.options.name, table.namespace, table.name];
        let found: Option<Option<String>> =
            state.connection.query_row(&sql, key, |row| row.get(0)).optional().map_err(|error| self.told(error))?;
        match found {
            Some(None) => Err(Error::external(format!("the catalog names no metadata file for {table}"))),
            Some(location) => Ok(location),
            None => Ok(None),
        }
    }

    /// Writes the next metadata files; on an error those already written are removed.
    fn write_all(&self, changes: Vec<TableChange<'_>>) -> Result<Vec<Written>> {
        let mut written: Vec<Written> = Vec::with_capacity(changes.len());
        for change in changes {
            match self.write_next(change) {
                Ok(one) => written.push(one),
                Err(error) => {
                    self.forget(&written);
                    return Err(error);
                }
            }
        }
        Ok(written)
    }

    fn write_next(&self, change: TableChange<'_>) -> Result<Written> {
        let TableChange { base, mut next } = change;
        if next.table_uuid != base.metadata.table_uuid {
            return Err(Error::internal(format!("a change of {} is of another table", base.ident)));
        }
        let outdated = next.log_previous(&base.metadata_location, base.metadata.last_updated_ms)?;
        let location = metadata_file::next_location(&next, Some(&base.metadata_location), &mut self.state().rng);
        let mut paid = reserve(&self.account, base.metadata.paid.bytes(), "table metadata")?;
        metadata_file::write(&self.disk, &location, &next, &mut paid)?;
        let is_deleting =
            next.properties.get("write.metadata.delete-after-commit.enabled").is_some_and(|set| set == "true");
        Ok(Written {
            previous: base.metadata_location.clone(),
            outdated: if is_deleting { outdated } else { Vec::new() },
            table: Table { ident: base.ident.clone(), metadata_location: location, metadata: Owned::new(next, paid) },
        })
    }

    fn forget(&self, written: &[Written]) {
        metadata_file::remove_quietly(self.disk.as_ref(), written.iter().map(|one| &one.table.metadata_location));
    }

    /// Moves the names, all or none.
    fn swap(&self, written: &[Written]) -> Swap {
        let mut state = self.state();
        let only_tables = state.only_tables();
        let sql = format!(
            "UPDATE iceberg_tables SET metadata_location = ?, previous_metadata_location = ? WHERE catalog_name = ? \
             AND table_namespace = ? AND table_name = ? AND metadata_location = ?{only_tables}"
        );
        let transaction = match state.connection.transaction_with_behavior(TransactionBehavior::Immediate) {
            Ok(transaction) => transaction,
            Err(error) => return Swap::Failed(self.told(error)),
        };
        for Written { previous, table, .. } in written {
            let (location, TableIdent { namespace, name }) = (&table.metadata_location, &table.ident);
            let values = params![location, previous, self.options.name, namespace, name, previous];
            match transaction.execute(&sql, values) {
                // Dropping the transaction rolls it back.
                Ok(0) => return Swap::Conflict(table.ident.clone()),
                Ok(_) => {}
                Err(error) => return Swap::Failed(self.told(error)),
            }
        }
        match transaction.commit() {
            Ok(()) => Swap::Done,
            Err(error) => Swap::Unknown(self.told(error)),
        }
    }
}

impl State {
    /// What keeps views out, where the file knows them.
    fn only_tables(&self) -> &'static str {
        if self.has_type_column { " AND (iceberg_type = 'TABLE' OR iceberg_type IS NULL)" } else { "" }
    }
}

/// A metadata file that no catalog names yet.
#[derive(Debug)]
struct Written {
    previous: String,
    /// Metadata files that its log has just forgotten, if they are to be deleted.
    outdated: Vec<String>,
    table: Table,
}

enum Swap {
    Done,
    Conflict(TableIdent),
    /// Nothing was changed.
    Failed(Error),
    Unknown(Error),
}

impl Catalog for SqliteCatalog {
    fn create_namespace(&self, namespace: &str) -> Result<bool> {
        if namespace.is_empty() || namespace.split('.').any(str::is_empty) {
            return Err(Error::user(format!("'{namespace}' is no name of a database")));
        }
        if self.has_namespace(namespace)? {
            return Ok(false);
        }
        let sql = "INSERT OR IGNORE INTO iceberg_namespace_properties (catalog_name, namespace, property_key, property_value) \
                   VALUES (?, ?, 'exists', 'true')";
        let made = self.state().connection.execute(sql, params![self.options.name, namespace]);
        Ok(made.map_err(|error| self.told(error))? > 0)
    }

    fn has_namespace(&self, namespace: &str) -> Result<bool> {
        Ok(self.namespaces()?.iter().any(|there| there == namespace))
    }

    fn namespaces(&self) -> Result<Vec<String>> {
        let sql = "SELECT namespace FROM iceberg_namespace_properties WHERE catalog_name = ?1 \
                   UNION SELECT table_namespace FROM iceberg_tables WHERE catalog_name = ?1 ORDER BY 1";
        self.names(sql, None)
    }

    fn tables(&self, namespace: &str) -> Result<Vec<TableIdent>> {
        let only_tables = self.state().only_tables();
        let sql = format!(
            "SELECT table_name FROM iceberg_tables WHERE catalog_name = ? AND table_namespace = ?{only_tables} ORDER BY 1"
        );
        let names = self.names(&sql, Some(namespace))?;
        Ok(names.into_iter().map(|name| TableIdent::new(namespace, name)).collect())
    }

    fn load(&self, table: &TableIdent) -> Result<Option<Table>> {
        let Some(metadata_location) = self.metadata_location(table)? else { return Ok(None) };
        let metadata = metadata_file::read(self.disk.as_ref(), &metadata_location, &self.account)
            .map_err(|error| error.at(format!("table {table}")))?;
        Ok(Some(Table { ident: table.clone(), metadata_location, metadata }))
    }

    fn create(&self, table: &TableIdent, metadata: TableMetadata) -> Result<Created> {
        if !self.has_namespace(&table.namespace)? {
            return Err(Error::user(format!(
                "there is no database '{}' in the catalog '{}'",
                table.namespace,
                self.name()
            ))
            .hint(format!("add CREATE DATABASE IF NOT EXISTS {}.{};", self.name(), table.namespace)));
        }
        if self.metadata_location(table)?.is_some() {
            return Ok(Created::Exists);
        }
        let location = metadata_file::next_location(&metadata, None, &mut self.state().rng);
        let mut paid = reserve(&self.account, ByteCount::kib(64), "table metadata")?;
        metadata_file::write(&self.disk, &location, &metadata, &mut paid)?;
        let state = self.state();
        let (column, value) = if state.has_type_column { (", iceberg_type", ", 'TABLE'") } else { ("", "") };
        let sql = format!(
            "INSERT OR IGNORE INTO iceberg_tables (catalog_name, table_namespace, table_name, metadata_location{column}) \
             VALUES (?, ?, ?, ?{value})"
        );
        let named = state.connection.execute(&sql, params![self.options.name, table.namespace, table.name, location]);
        drop(state);
        match named {
            Ok(0) => {
                metadata_file::remove_quietly(self.disk.as_ref(), [&location]);
                Ok(Created::Exists)
            }
            Ok(_) => {
                let metadata = Owned::new(metadata, paid);
                Ok(Created::New(Box::new(Table { ident: table.clone(), metadata_location: location, metadata })))
            }
            // The file stays: the insert may have happened.
            Err(error) => Err(self.told(error)),
        }
    }

    fn commit(&self, changes: Vec<TableChange<'_>>) -> Result<Committed> {
        let written = self.write_all(changes)?;
        match self.swap(&written) {
            Swap::Done => {
                metadata_file::remove_quietly(self.disk.as_ref(), written.iter().flat_map(|one| &one.outdated));
                Ok(Committed::Swapped(written.into_iter().map(|one| one.table).collect()))
            }
            Swap::Conflict(table) => {
                self.forget(&written);
                Ok(Committed::Conflict(table))
            }
            Swap::Failed(error) => {
                self.forget(&written);
                Err(error)
            }
            Swap::Unknown(error) => Ok(Committed::Unknown(error)),
        }
    }

    fn default_location(&self, table: &TableIdent) -> String {
        child_of(&self.options.warehouse, &format!("{}/{}", table.namespace.replace('.', "/"), table.name))
    }
}
