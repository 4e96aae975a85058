//! Iceberg catalogs as the planner sees them: `CREATE CATALOG … WITH ('type'='iceberg', …)`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base::{Error, Result, Rng};
use flow::registry::CatalogContext;
use flow::{CatalogFactory, OptionError, OptionSpec, Options, Settings, SinkInput, SinkInstance, TableDef};
use rows::Changelog;

use crate::catalog::sqlite::sqlite_file;
use crate::catalog::{Catalog, Created, SqliteOptions, TableIdent, metadata_file};
use crate::catalog_handle::CatalogHandle;
use crate::files::durable::create_dir_durable;
use crate::files::location::local_path;
use crate::metadata::{NewTable, Schema, TableMetadata, difference};
use crate::options::SinkOptions;
use crate::sink::LakeSink;
use crate::table::WriteMode;
use crate::table_options::{self, FORMAT_VERSION, UPSERT};

/// Opens catalogs of `'type'='iceberg'`.
#[derive(Clone, Copy, Debug, Default)]
pub struct LakeCatalogFactory;

const JDBC: &str = "org.apache.iceberg.jdbc.JdbcCatalog";
/// How long to wait for another process that holds the SQLite file.
const BUSY: Duration = Duration::from_secs(20);
impl CatalogFactory for LakeCatalogFactory {
    fn name(&self) -> &'static str {
        "iceberg"
    }

    fn options(&self) -> Vec<OptionSpec> {
        vec![
            OptionSpec::required("type", "The type of the catalog.").one_of(&["iceberg"]),
            OptionSpec::optional("catalog-impl", "The catalog's Java class.").one_of(&[JDBC]),
            OptionSpec::optional("catalog-type", "A short name instead, for a SQLite file.").one_of(&["jdbc", "sql"]),
            OptionSpec::required("uri", "The SQLite file: 'jdbc:sqlite:FILE'."),
            OptionSpec::required("warehouse", "The folder under which tables are made."),
            OptionSpec::optional("property-version", "Accepted for Flink's sake; 1."),
        ]
    }

    fn table_options(&self) -> Vec<OptionSpec> {
        table_options::specs()
    }

    fn open(
        &self,
        name: &str,
        options: &Options,
        context: &CatalogContext,
    ) -> Result<Arc<dyn flow::Catalog>, OptionError> {
        let get = |key: &str| {
            options.get(key).ok_or_else(|| OptionError::new(format!("the catalog '{name}' needs '{key}'")).key(key))
        };
        check_kind(options)?;
        let file = sqlite_file(get("uri")?).map_err(|error| told(error).key("uri"))?;
        let warehouse = warehouse(get("warehouse")?, &context.working_dir)?;
        let sqlite = SqliteOptions {
            file: absolute(&file, &context.working_dir),
            name: name.to_owned(),
            warehouse,
            busy_timeout: BUSY,
        };
        let handle = CatalogHandle::new(sqlite, context.clone());
        Ok(Arc::new(LakeCatalog(Arc::new(handle))))
    }
}

fn told(error: Error) -> OptionError {
    let told = OptionError::new(error.message());
    match error.hint_text() {
        Some(hint) => told.hint(hint),
        None => told,
    }
}

fn check_kind(options: &Options) -> Result<(), OptionError> {
    let kind = options.get("catalog-type").map(String::as_str);
    let class = options.get("catalog-impl").map(String::as_str);
    match (kind, class) {
        (Some("jdbc" | "sql"), None) | (None, Some(JDBC)) => Ok(()),
        (Some(_), Some(_)) => {
            Err(OptionError::new("'catalog-type' and 'catalog-impl' exclude each other").key("catalog-impl"))
        }
        (Some(other), None) => Err(OptionError::new(format!("'catalog-type' = '{other}' cannot be used yet"))
            .key("catalog-type")
            .hint("use 'sql', a catalog in a SQLite file")),
        (None, Some(other)) => Err(OptionError::new(format!("'catalog-impl' = '{other}' cannot be used yet"))
            .key("catalog-impl")
            .hint(format!("use '{JDBC}' with 'uri' = 'jdbc:sqlite:FILE'"))),
        (None, None) => Err(OptionError::new("a catalog needs 'catalog-impl' or 'catalog-type'")
            .key("catalog-impl")
            .hint(format!("add 'catalog-impl' = '{JDBC}'"))),
    }
}

fn absolute(path: &Path, working_dir: &Path) -> PathBuf {
    let joined = working_dir.join(path);
    std::path::absolute(&joined).unwrap_or(joined)
}

/// A location with an absolute path: metadata names files absolutely.
fn warehouse(text: &str, working_dir: &Path) -> Result<String, OptionError> {
    if text.contains(':') {
        local_path(text).map_err(|error| told(error).key("warehouse"))?;
        return Ok(text.trim_end_matches('/').to_owned());
    }
    let path = absolute(Path::new(text), working_dir);
    let path = path.to_str().ok_or_else(|| OptionError::new("the warehouse's path is not UTF-8").key("warehouse"))?;
    Ok(path.trim_end_matches('/').to_owned())
}

/// A catalog of Iceberg tables.
#[derive(Clone, Debug)]
struct LakeCatalog(Arc<CatalogHandle>);

impl flow::Catalog for LakeCatalog {
    fn database_exists(&self, database: &str) -> Result<bool> {
        self.0.planning()?.map_or(Ok(false), |catalog| catalog.has_namespace(database))
    }

    fn create_database(&self, database: &str) -> Result<()> {
        self.0.planning_to_write()?.create_namespace(database).map(|_| ())
    }

    fn table(&self, database: &str, table: &str) -> Result<Option<TableDef>> {
        let ident = TableIdent::new(database, table);
        let Some(catalog) = self.0.planning()? else { return Ok(None) };
        let Some(found) = catalog.load(&ident)? else { return Ok(None) };
        definition(&ident, &found.metadata).map(Some)
    }

    fn create_table(&self, database: &str, table: &str, definition: &TableDef) -> Result<()> {
        let catalog = self.0.planning_to_write()?;
        let ident = TableIdent::new(database, table);
        let version = format_version(definition).map_err(|error| Error::user(error.message))?;
        let mut properties: BTreeMap<String, String> = definition.options.clone();
        properties.remove(FORMAT_VERSION);
        properties.extend(definition.comment.clone().map(|comment| ("comment".to_owned(), comment)));
        let metadata = TableMetadata::create(NewTable {
            location: catalog.default_location(&ident),
            format_version: version,
            schema: Schema::from_rows(&definition.schema)?,
            properties,
            table_uuid: metadata_file::new_uuid(&mut Rng::from_entropy()),
            now_ms: self.0.context().clock.unix_millis(),
        })?;
        create_dir_durable(self.0.context().disk.as_ref(), &local_path(&metadata_file::data_folder(&metadata))?)?;
        match catalog.create(&ident, metadata)? {
            Created::New(_) => Ok(()),
            Created::Exists => Err(Error::user(format!("the table {ident} exists already"))
                .hint("write CREATE TABLE IF NOT EXISTS to use it as it is")),
        }
    }

    fn differences(&self, stored: &TableDef, definition: &TableDef) -> Vec<String> {
        let mut lines = Vec::new();
        match Schema::from_rows(&stored.schema).and_then(|schema| difference(&schema, &definition.schema)) {
            Ok(text) => lines.extend(text.iter().flat_map(|text| text.lines()).map(str::to_owned)),
            Err(error) => lines.push(error.message().to_owned()),
        }
        for key in [FORMAT_VERSION, UPSERT] {
            let declared = definition.options.get(key);
            let there = stored.options.get(key);
            if let Some(declared) = declared.filter(|declared| Some(*declared) != there) {
                let there = there.map_or("does not have it", String::as_str);
                lines.push(format!("option '{key}' is declared as '{declared}', and the table has '{there}'"));
            }
        }
        lines
    }

    fn sink(
        &self,
        database: &str,
        table: &str,
        definition: &TableDef,
        input: &SinkInput,
        settings: &Settings,
    ) -> Result<Arc<dyn SinkInstance>, OptionError> {
        SinkOptions::new(settings).map_err(told)?;
        table_options::check(&definition.options)?;
        if input.schema.fields.len() != definition.schema.fields.len() {
            let (given, wanted) = (input.schema.fields.len(), definition.schema.fields.len());
            return Err(OptionError::new(format!(
                "{} has {wanted} columns, and the query gives {given}",
                definition.name
            )));
        }
        Schema::from_rows(&definition.schema).map_err(told)?;
        let (mode, described) = mode(definition, input)?;
        Ok(Arc::new(LakeSink {
            catalog: self.0.clone(),
            ident: TableIdent::new(database, table),
            mode,
            columns: definition.schema.fields.iter().map(|field| field.name.clone()).collect(),
            described,
        }))
    }
}

fn definition(ident: &TableIdent, table: &TableMetadata) -> Result<TableDef> {
    let schema = table.current_schema().to_rows()?;
    let mut options: Options = table.properties.clone();
    options.insert(FORMAT_VERSION.to_owned(), table.format_version.to_string());
    let comment = options.remove("comment");
    let metadata = vec![None; schema.fields.len()];
    Ok(TableDef { name: ident.to_string(), schema, metadata, options, comment })
}

fn is_upsert(definition: &TableDef) -> Result<bool, OptionError> {
    match definition.options.get(UPSERT).map(|text| text.to_ascii_lowercase()).as_deref() {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(other) => Err(OptionError::new(format!("'{UPSERT}' = '{other}' is neither true nor false")).key(UPSERT)),
    }
}

fn format_version(definition: &TableDef) -> Result<u8, OptionError> {
    match definition.options.get(FORMAT_VERSION).map(String::as_str) {
        None if is_upsert(definition)? => Ok(3),
        None | Some("2") => Ok(2),
        Some("3") => Ok(3),
        Some(other) => Err(OptionError::new(format!("'{FORMAT_VERSION}' = '{other}' cannot be written"))
            .key(FORMAT_VERSION)
            .hint("write '2' or '3'")),
    }
}

/// How the input becomes part of the table, and how EXPLAIN says it.
fn mode(definition: &TableDef, input: &SinkInput) -> Result<(WriteMode, String), OptionError> {
    let upsert = is_upsert(definition)?;
    let name = |index: &usize| definition.schema.fields.get(*index).map_or("?", |field| field.name.as_str());
    let key: Vec<&str> = definition.schema.key.iter().map(name).collect();
    match &input.changelog {
        Changelog::Retract => {
            return Err(OptionError::new(format!("{} cannot take a stream that retracts rows", definition.name)));
        }
        Changelog::Append if !upsert => return Ok((WriteMode::Append, "append".to_owned())),
        Changelog::Append | Changelog::Upsert(_) => {}
    }
    if key.is_empty() {
        let message = format!("{} needs a primary key, because its rows are updated", definition.name);
        return Err(OptionError::new(message).hint("declare PRIMARY KEY (…) NOT ENFORCED in its CREATE TABLE"));
    }
    if let Changelog::Upsert(columns) = &input.changelog {
        let mut given = columns.clone();
        let mut wanted = definition.schema.key.clone();
        given.sort_unstable();
        wanted.sort_unstable();
        if given != wanted {
            let given: Vec<&str> = given.iter().map(name).collect();
            let (table, key, given) = (&definition.name, key.join(", "), given.join(", "));
            return Err(OptionError::new(format!(
                "{table} has the primary key ({key}), and the rows are updated by ({given})"
            ))
            .hint("a row's key in the table must be its key in the stream"));
        }
    }
    if format_version(definition)? < 3 && definition.options.contains_key(FORMAT_VERSION) {
        return Err(OptionError::new("rows can be updated only in tables of format version 3")
            .key(FORMAT_VERSION)
            .hint(format!("write '{FORMAT_VERSION}' = '3'")));
    }
    Ok((WriteMode::Upsert, format!("upsert by {}", key.join(", "))))
}
