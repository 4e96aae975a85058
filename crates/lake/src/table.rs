//! What writer and committer of one sink know of their table, and share.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base::{Error, Result};
use ledger::Account;

use crate::catalog::metadata_file::{data_folder, metadata_folder};
use crate::files::location::local_path;
use crate::index::{Entry, KeyIndex, Lookup};
use crate::metadata::{Snapshot, TableMetadata};
use crate::parquet_write::FileShape;
use crate::read::Projection;
use crate::run::key::KEY_COLUMNS_MAX;
use crate::run::{InputMode, KeyHasher, Layout};

/// How rows become part of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteMode {
    Append,
    Upsert,
}

/// The parts of a table's metadata that do not change while a sink is open.
#[derive(Clone, Debug)]
pub struct TableInfo {
    pub mode: WriteMode,
    pub uuid: String,
    pub schema_id: i32,
    pub shape: FileShape,
    /// All columns, for reading.
    pub columns: Projection,
    /// The key's columns, as indices of the table's columns and as field ids; both empty for appends.
    pub key_columns: Vec<usize>,
    pub key_ids: Vec<i32>,
    pub data_location: String,
    pub data_dir: PathBuf,
    pub metadata_location: String,
    pub metadata_dir: PathBuf,
    /// The table's own target for file sizes, if it has one.
    pub file_bytes: Option<u64>,
}

impl TableInfo {
    /// Reads the metadata.
    ///
    /// # Errors
    /// The table cannot be written in this mode; says what to do.
    pub fn new(table: &TableMetadata, mode: WriteMode) -> Result<Self> {
        table.check_writable()?;
        let schema = table.current_schema();
        let layout = Layout::new(schema.arrow()?)?;
        let key_ids = if mode == WriteMode::Upsert { schema.identifier_field_ids.clone() } else { Vec::new() };
        if mode == WriteMode::Upsert {
            check_upsert(table, &key_ids)?;
        }
        let place = |id: &i32| schema.fields.iter().position(|field| field.id == *id);
        let key_columns: Option<Vec<usize>> = key_ids.iter().map(place).collect();
        let key_columns =
            key_columns.ok_or_else(|| Error::user("a key column of the table is part of a nested column"))?;
        let measured = schema.identifier_field_ids.iter().filter_map(place).collect();
        let (data_location, metadata_location) = (data_folder(table), metadata_folder(table));
        let file_bytes = table.number_property("write.target-file-size-bytes", 0)?;
        Ok(Self {
            mode,
            uuid: table.table_uuid.clone(),
            schema_id: table.current_schema_id,
            shape: FileShape { layout, measured },
            columns: Projection::all(table)?,
            key_columns,
            key_ids,
            data_dir: local_path(&data_location)?,
            data_location,
            metadata_dir: local_path(&metadata_location)?,
            metadata_location,
            file_bytes: u64::try_from(file_bytes).ok().filter(|bytes| *bytes > 0),
        })
    }

    /// How rows are told apart; `secret` is the index's.
    pub fn input_mode(&self, secret: Option<&[u8; 16]>) -> InputMode {
        match secret {
            Some(secret) => InputMode::Upsert(self.hasher(secret)),
            None => InputMode::Append,
        }
    }

    pub fn hasher(&self, secret: &[u8; 16]) -> KeyHasher {
        KeyHasher::new(self.shape.layout.clone(), self.key_columns.clone(), secret)
    }
}

fn check_upsert(table: &TableMetadata, key_ids: &[i32]) -> Result<()> {
    let at = &table.location;
    if table.format_version < 3 {
        return Err(Error::user(format!(
            "the table at {at} has the format version {}, and rows can be updated only in version 3",
            table.format_version
        ))
        .hint("create it WITH ('format-version'='3'), or upgrade it"));
    }
    if key_ids.is_empty() {
        return Err(Error::user(format!("the table at {at} has no primary key, so rows cannot be updated"))
            .hint("declare PRIMARY KEY (…) NOT ENFORCED in its CREATE TABLE, or set its identifier fields"));
    }
    if key_ids.len() > KEY_COLUMNS_MAX {
        return Err(Error::user(format!("the table at {at} has a primary key of more than {KEY_COLUMNS_MAX} columns")));
    }
    Ok(())
}

/// What a table looks like to its sink: set by `recover`, changed only by a commit, read by `prepare`.
#[derive(Debug, Default)]
pub struct State {
    pub info: Option<Arc<TableInfo>>,
    /// Of upsert sinks.
    pub index: Option<KeyIndex>,
    /// Head when it was looked at last; what `index` shows.
    pub snapshot: Option<Snapshot>,
}

impl State {
    /// Where a key may be; see [`Lookup::find`].
    ///
    /// # Errors
    /// The index is damaged or its disk fails: it is rebuilt at the next start.
    pub fn find(&self, lookup: &mut Lookup, hash: u128, found: &mut Vec<Entry>) -> Result<()> {
        let index = self.index.as_ref().ok_or_else(|| Error::internal("a look-up without an index"))?;
        lookup.find(hash, &index.files, found).inspect_err(|error| index.forget_if_damaged(error))
    }

    /// A walk over the index, see [`Lookup`].
    ///
    /// # Errors
    /// As [`Self::find`]; the account is short.
    pub fn lookup(&self, account: &Account, more: &Account) -> Result<Lookup> {
        let index = self.index.as_ref().ok_or_else(|| Error::internal("a look-up without an index"))?;
        index.lookup(account, more)
    }
}

/// [`State`], shared by writer and committer.
#[derive(Clone, Debug, Default)]
pub struct Shared(Arc<Mutex<State>>);

impl Shared {
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
