//! A connection to a catalog's SQLite file, its tables, and what its errors mean to a user.

use std::path::{Path, PathBuf};
use std::time::Duration;

use base::{ByteCount, Error, Result};
use rusqlite::{Connection, ErrorCode, OpenFlags};

/// SQLite's page cache, which is native memory.
const PAGE_CACHE: ByteCount = ByteCount::kib(256);
/// Page cache, statements and schema of one connection.
pub(super) const CONNECTION_MEMORY: ByteCount = ByteCount::kib(512);

const CREATE_TABLES: &str = "CREATE TABLE IF NOT EXISTS iceberg_tables (
    catalog_name VARCHAR(255) NOT NULL, table_namespace VARCHAR(255) NOT NULL, table_name VARCHAR(255) NOT NULL,
    metadata_location VARCHAR(1000), previous_metadata_location VARCHAR(1000), iceberg_type VARCHAR(5),
    PRIMARY KEY (catalog_name, table_namespace, table_name));
  CREATE TABLE IF NOT EXISTS iceberg_namespace_properties (
    catalog_name VARCHAR(255) NOT NULL, namespace VARCHAR(255) NOT NULL, property_key VARCHAR(255) NOT NULL,
    property_value VARCHAR(1000), PRIMARY KEY (catalog_name, namespace, property_key));";

/// Which catalog, and where.
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    /// The SQLite file; made if missing, its folder is not (unless it is the warehouse).
    pub file: PathBuf,
    /// Several catalogs may share a file; this is the one.
    pub name: String,
    /// The folder of new tables, an absolute location; made if missing.
    pub warehouse: String,
    /// How long to wait for another process that holds the file.
    pub busy_timeout: Duration,
}

/// The SQLite file of a catalog's `uri`: `jdbc:sqlite:FILE` as Java spells it, `sqlite:///FILE` as PyIceberg does.
///
/// # Errors
/// The URI is of another database.
pub fn sqlite_file(uri: &str) -> Result<PathBuf> {
    let java = uri.strip_prefix("jdbc:sqlite:").map(|rest| rest.strip_prefix("file:").unwrap_or(rest));
    let file = java.or_else(|| uri.strip_prefix("sqlite:///")).map(|rest| rest.split('?').next().unwrap_or(rest));
    match file {
        Some(file) if !file.is_empty() && file != ":memory:" => Ok(PathBuf::from(file)),
        _ => Err(Error::user(format!("the catalog's 'uri' = '{uri}' names no SQLite file"))
            .hint("write 'uri'='jdbc:sqlite:FILE'; other databases cannot be used yet")),
    }
}

pub(super) fn connect(options: &SqliteOptions) -> rusqlite::Result<Connection> {
    let connection = Connection::open(&options.file)?;
    connection.busy_timeout(options.busy_timeout)?;
    connection.pragma_update(None, "cache_size", -((PAGE_CACHE.get() >> 10) as i64))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // Where a file system has no shared memory the mode stays what it was, which is as durable.
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.execute_batch(CREATE_TABLES)?;
    Ok(connection)
}

/// A connection that writes nothing. Reading a write-ahead log needs SQLite's files beside the database; where they are
/// not there, nobody is writing, and the file alone is read as it is, without a lock.
pub(super) fn connect_read_only(options: &SqliteOptions) -> rusqlite::Result<Connection> {
    let file = options.file.to_string_lossy();
    let mut log = options.file.clone().into_os_string();
    log.push("-wal");
    let escaped = file.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let immutable = if Path::new(&log).exists() { "" } else { "?immutable=1" };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(format!("file:{escaped}{immutable}"), flags)?;
    connection.busy_timeout(options.busy_timeout)?;
    Ok(connection)
}

pub(super) fn has_tables(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT count(*) FROM sqlite_master WHERE name IN ('iceberg_tables', 'iceberg_namespace_properties')";
    connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map(|count| count == 2)
}

/// Whether the file is of Java's schema V1.
pub(super) fn has_type_column(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT count(*) FROM pragma_table_info('iceberg_tables') WHERE name = 'iceberg_type'";
    connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map(|count| count > 0)
}

pub(super) fn told(file: &Path, error: rusqlite::Error) -> Error {
    let file = file.display();
    let code = error.sqlite_error_code();
    let made = match code {
        Some(ErrorCode::ReadOnly) => Error::user(format!("the catalog file {file} cannot be written"))
            .hint("give this user the right to write the file and its folder"),
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => Error::user(format!(
            "cannot open the catalog file {file}"
        ))
        .hint(
            "check that the folder exists, that this user may write there, and that its disk is not mounted read-only",
        ),
        Some(ErrorCode::NotADatabase) => Error::user(format!("the catalog file {file} is no SQLite file"))
            .hint("name another file in the catalog's 'uri', or restore this one"),
        Some(ErrorCode::DatabaseCorrupt) => Error::external(format!("the catalog file {file} is damaged"))
            .hint("restore the file; the tables' newest metadata files are in their metadata folders"),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            Error::transient(format!("another process holds the catalog file {file}"))
        }
        Some(ErrorCode::DiskFull) => Error::transient(format!("the disk of the catalog file {file} is full"))
            .hint("free some space; the job goes on by itself"),
        Some(ErrorCode::SystemIoFailure) => Error::transient(format!("cannot read or write the catalog file {file}")),
        _ => Error::external(format!("the catalog file {file} cannot be used")),
    };
    made.detail(error.to_string()).caused_by(error)
}
