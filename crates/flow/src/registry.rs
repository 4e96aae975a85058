//! How a planner finds connectors and catalogs by name, without knowing any.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use base::{Clock, Disk, Result};
use rows::{Changelog, LogicalType, Schema};

use crate::settings::Settings;
use crate::sink::{SinkInput, SinkInstance};
use crate::source::SourceInstance;

/// All that can be named in a job: filled by the binary.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    pub sources: Vec<Arc<dyn SourceFactory>>,
    pub sinks: Vec<Arc<dyn SinkFactory>>,
    pub catalogs: Vec<Arc<dyn CatalogFactory>>,
    /// Every `SET` key that means something, for checks and the generated reference.
    pub settings: Vec<OptionSpec>,
}

/// An option of a connector, format or catalog, or a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionSpec {
    /// The key; a trailing `*` stands for any rest (`properties.*`).
    pub key: &'static str,
    pub required: bool,
    pub default: Option<&'static str>,
    /// All that it can be, where that is a list; empty otherwise.
    pub values: &'static [&'static str],
    /// A setting `millstream.X` that `millstream.table.NAME.X` sets for one table alone.
    pub per_table: bool,
    /// One sentence for the reference.
    pub doc: &'static str,
}

/// The values of a flag.
pub const TRUE_OR_FALSE: &[&str] = &["true", "false"];

impl OptionSpec {
    pub const fn required(key: &'static str, doc: &'static str) -> Self {
        Self { key, required: true, default: None, values: &[], per_table: false, doc }
    }

    pub const fn optional(key: &'static str, doc: &'static str) -> Self {
        Self { key, required: false, default: None, values: &[], per_table: false, doc }
    }

    pub const fn with_default(key: &'static str, default: &'static str, doc: &'static str) -> Self {
        Self { key, required: false, default: Some(default), values: &[], per_table: false, doc }
    }

    /// Lists what it can be.
    #[must_use]
    pub const fn one_of(mut self, values: &'static [&'static str]) -> Self {
        self.values = values;
        self
    }

    /// Can be set for one table alone, too.
    #[must_use]
    pub const fn per_table(mut self) -> Self {
        self.per_table = true;
        self
    }

    pub fn matches(&self, key: &str) -> bool {
        self.key.strip_suffix('*').map_or(self.key == key, |prefix| key.starts_with(prefix))
    }
}

/// The WITH options of a table or catalog.
pub type Options = BTreeMap<String, String>;

/// A table as its DDL defines it, without computed columns and watermarks (which the planner evaluates itself).
#[derive(Clone, Debug, Default)]
pub struct TableDef {
    /// As the user wrote it, for messages.
    pub name: String,
    /// Physical and metadata columns in the order of the DDL; `key` is the PRIMARY KEY.
    pub schema: Schema,
    /// For each field: the metadata key it shows, if it is a metadata column.
    pub metadata: Vec<Option<String>>,
    pub options: Options,
    pub comment: Option<String>,
}

/// What is wrong with a table's options; the planner adds where the option stands.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct OptionError {
    /// The option at fault, if it is one.
    pub key: Option<String>,
    pub message: String,
    pub hint: Option<String>,
}

impl OptionError {
    pub fn new(message: impl Into<String>) -> Self {
        Self { key: None, message: message.into(), hint: None }
    }

    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// A source connector.
pub trait SourceFactory: Send + Sync + std::fmt::Debug {
    /// The value of `'connector'`.
    fn name(&self) -> &'static str;

    /// Its options, those of its formats included (they depend on `'format'`, so all are listed).
    fn options(&self) -> Vec<OptionSpec>;

    /// The metadata columns that `METADATA FROM 'key'` can name: key, type, nullable.
    fn metadata(&self) -> Vec<(&'static str, LogicalType, bool)>;

    /// Checks the table's options and plans a source for the fields `used` (indices into `table.schema.fields`, growing;
    /// batches have just these columns in this order). Key columns of an upsert stream are always used.
    fn plan(&self, table: &TableDef, used: &[usize], settings: &Settings) -> Result<SourcePlan, OptionError>;

    /// The changelog mode of the table, found from its options alone.
    fn changelog(&self, table: &TableDef) -> Result<Changelog, OptionError>;
}

/// A planned source.
#[derive(Clone, Debug)]
pub struct SourcePlan {
    pub instance: Arc<dyn SourceInstance>,
    /// Key indices refer to `table.schema.fields`.
    pub changelog: Changelog,
}

/// A sink connector outside catalogs (`print`, `blackhole`).
pub trait SinkFactory: Send + Sync + std::fmt::Debug {
    fn name(&self) -> &'static str;
    fn options(&self) -> Vec<OptionSpec>;
    fn plan(
        &self,
        table: &TableDef,
        input: &SinkInput,
        settings: &Settings,
    ) -> Result<Arc<dyn SinkInstance>, OptionError>;
}

/// Opens catalogs of a `'type'`.
pub trait CatalogFactory: Send + Sync + std::fmt::Debug {
    fn name(&self) -> &'static str;
    fn options(&self) -> Vec<OptionSpec>;
    /// The options that its tables take in CREATE TABLE … WITH.
    fn table_options(&self) -> Vec<OptionSpec>;
    /// Checks the options and opens lazily: nothing is created or connected before a method needs it.
    fn open(&self, name: &str, options: &Options, context: &CatalogContext) -> Result<Arc<dyn Catalog>, OptionError>;
}

/// What a catalog may use of the process.
#[derive(Clone, Debug)]
pub struct CatalogContext {
    pub clock: Arc<dyn Clock>,
    pub disk: Arc<dyn Disk>,
    pub working_dir: PathBuf,
    /// Nothing may be made or changed, not even the catalog itself: what is missing has no databases and no tables.
    pub read_only: bool,
}

/// A catalog of tables.
pub trait Catalog: Send + Sync + std::fmt::Debug {
    fn database_exists(&self, database: &str) -> Result<bool>;
    /// Does nothing where it is there.
    fn create_database(&self, database: &str) -> Result<()>;
    /// The table as stored: schema, key (identifier fields) and properties. `None` if there is none.
    fn table(&self, database: &str, table: &str) -> Result<Option<TableDef>>;
    /// Fails if it is there.
    fn create_table(&self, database: &str, table: &str, definition: &TableDef) -> Result<()>;
    /// What differs between a stored table and a definition, a line each; empty if they agree. Pure.
    fn differences(&self, stored: &TableDef, definition: &TableDef) -> Vec<String>;
    /// Plans the table as a sink. The table need not exist yet, `definition` describes it.
    fn sink(
        &self,
        database: &str,
        table: &str,
        definition: &TableDef,
        input: &SinkInput,
        settings: &Settings,
    ) -> Result<Arc<dyn SinkInstance>, OptionError>;
}
