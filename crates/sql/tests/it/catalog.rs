//! A stand-in for a catalog, which remembers what was done to it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use base::Result;
use flow::registry::CatalogContext;
use flow::{Catalog, CatalogFactory, OptionError, OptionSpec, Options, Settings, SinkInput, SinkInstance, TableDef};

use rows::LogicalType;

use crate::connectors::Shown;

/// What the catalogs of one test hold.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lake {
    pub(crate) tables: Arc<Mutex<BTreeMap<String, TableDef>>>,
    pub(crate) databases: Arc<Mutex<Vec<String>>>,
}

impl CatalogFactory for Lake {
    fn name(&self) -> &'static str {
        "iceberg"
    }

    fn options(&self) -> Vec<OptionSpec> {
        vec![
            OptionSpec::optional("catalog-type", "the kind of catalog"),
            OptionSpec::optional("catalog-impl", "the Java class of the catalog"),
            OptionSpec::required("uri", "where the catalog is"),
            OptionSpec::required("warehouse", "where the tables are"),
        ]
    }

    fn table_options(&self) -> Vec<OptionSpec> {
        vec![
            OptionSpec::with_default("format-version", "3", "the version of the table format"),
            OptionSpec::with_default("write.upsert.enabled", "false", "whether rows replace those of their key"),
        ]
    }

    fn open(&self, _: &str, options: &Options, _: &CatalogContext) -> Result<Arc<dyn Catalog>, OptionError> {
        match options["uri"].strip_prefix("jdbc:sqlite:") {
            Some(_) => Ok(Arc::new(self.clone())),
            None => Err(OptionError::new("only jdbc:sqlite: is supported").key("uri")),
        }
    }
}

impl Catalog for Lake {
    fn database_exists(&self, database: &str) -> Result<bool> {
        Ok(self.databases.lock().unwrap().iter().any(|known| known == database))
    }

    fn create_database(&self, database: &str) -> Result<()> {
        self.databases.lock().unwrap().push(database.to_owned());
        Ok(())
    }

    fn table(&self, database: &str, table: &str) -> Result<Option<TableDef>> {
        Ok(self.tables.lock().unwrap().get(&format!("{database}.{table}")).cloned())
    }

    fn create_table(&self, database: &str, table: &str, definition: &TableDef) -> Result<()> {
        // As Iceberg, which knows no length of texts.
        let mut stored = definition.clone();
        for field in &mut stored.schema.fields {
            if matches!(field.ty, LogicalType::Varchar(_)) {
                field.ty = LogicalType::STRING;
            }
        }
        self.tables.lock().unwrap().insert(format!("{database}.{table}"), stored);
        Ok(())
    }

    fn differences(&self, stored: &TableDef, definition: &TableDef) -> Vec<String> {
        let (stored, wanted) = (&stored.schema.fields, &definition.schema.fields);
        let text = |ty: &LogicalType| matches!(ty, LogicalType::Varchar(_));
        let same = |a: &LogicalType, b: &LogicalType| a == b || (text(a) && text(b));
        let pairs = stored.iter().zip(wanted).filter(|(a, b)| !same(&a.ty, &b.ty));
        pairs.map(|(a, b)| format!("column {}: {} there, {} here", a.name, a.ty, b.ty)).collect()
    }

    fn sink(
        &self,
        database: &str,
        table: &str,
        _: &TableDef,
        input: &SinkInput,
        _: &Settings,
    ) -> Result<Arc<dyn SinkInstance>, OptionError> {
        Ok(Arc::new(Shown(format!("iceberg({database}.{table}, {})", input.changelog))))
    }
}
