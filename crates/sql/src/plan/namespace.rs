//! What names mean: catalogs, databases, tables and views, and which catalog and database are current.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use flow::{Catalog, OptionSpec};

use super::table::{Stored, Table, View};
use crate::ast::{Ident, ObjectName, Relation, RelationKind};
use crate::text::{Diagnostic, Errors, Span, did_you_mean};

/// Flink's names for the catalog that lives in the session alone.
pub(super) const MEMORY_CATALOG: &str = "default_catalog";
const MEMORY_DATABASE: &str = "default_database";
/// The database that is current after USE CATALOG, as Iceberg's Flink catalog has it.
const CATALOG_DATABASE: &str = "default";

#[derive(Debug)]
pub(super) struct Namespace {
    catalog: String,
    database: String,
    catalogs: BTreeMap<String, KnownCatalog>,
    /// Databases that this job creates.
    databases: BTreeSet<(String, String)>,
    objects: BTreeMap<FullName, Object>,
}

#[derive(Debug)]
enum KnownCatalog {
    Memory,
    Open(OpenCatalog),
    /// Its CREATE failed, which was said.
    Broken,
}

/// A catalog outside this process.
#[derive(Clone, Debug)]
pub(super) struct OpenCatalog {
    pub(super) catalog: Arc<dyn Catalog>,
    pub(super) table_options: Vec<OptionSpec>,
}

/// Catalog, database, name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FullName {
    pub(super) catalog: String,
    pub(super) database: String,
    pub(super) object: String,
}

/// What a name can stand for.
#[derive(Clone, Debug)]
pub(super) enum Object {
    Table(Arc<Table>),
    View(Arc<View>),
    /// Its CREATE failed, which was said.
    Broken,
}

impl FullName {
    /// As messages show it: what lives in the session alone by its own name.
    pub(super) fn shown(&self) -> String {
        if self.catalog == MEMORY_CATALOG && self.database == MEMORY_DATABASE {
            return self.object.clone();
        }
        format!("{}.{}.{}", self.catalog, self.database, self.object)
    }
}

impl Default for Namespace {
    fn default() -> Self {
        Self {
            catalog: MEMORY_CATALOG.to_owned(),
            database: MEMORY_DATABASE.to_owned(),
            catalogs: BTreeMap::from([(MEMORY_CATALOG.to_owned(), KnownCatalog::Memory)]),
            databases: BTreeSet::from([(MEMORY_CATALOG.to_owned(), MEMORY_DATABASE.to_owned())]),
            objects: BTreeMap::new(),
        }
    }
}

impl Namespace {
    pub(super) fn has_catalog(&self, name: &str) -> bool {
        self.catalogs.contains_key(name)
    }

    /// `None` for one whose CREATE failed.
    pub(super) fn add_catalog(&mut self, name: &str, open: Option<OpenCatalog>) {
        self.catalogs.insert(name.to_owned(), open.map_or(KnownCatalog::Broken, KnownCatalog::Open));
    }

    pub(super) fn use_catalog(&mut self, name: &str, span: Span) -> Result<(), Errors> {
        let database = match self.catalog_of(name, span)? {
            None => MEMORY_DATABASE,
            Some(_) => CATALOG_DATABASE,
        };
        name.clone_into(&mut self.catalog);
        database.clone_into(&mut self.database);
        Ok(())
    }

    pub(super) fn use_database(&mut self, name: &ObjectName) -> Result<(), Errors> {
        let (catalog, database) = self.database_name(name)?;
        self.require_database(&catalog, &database, name.span)?;
        (self.catalog, self.database) = (catalog, database);
        Ok(())
    }

    /// The catalog and database that the name of a database means.
    pub(super) fn database_name(&self, name: &ObjectName) -> Result<(String, String), Errors> {
        match name.parts.as_slice() {
            [database] => Ok((self.catalog.clone(), database.name.clone())),
            [catalog, database] => Ok((catalog.name.clone(), database.name.clone())),
            _ => Err(Diagnostic::error(name.span, "a database is named catalog.database").into()),
        }
    }

    /// The full name that the name of a table or view means.
    pub(super) fn full_name(&self, name: &ObjectName) -> Result<FullName, Errors> {
        let (catalog, database, object) = match name.parts.as_slice() {
            [object] => (self.catalog.clone(), self.database.clone(), object),
            [database, object] => (self.catalog.clone(), database.name.clone(), object),
            [catalog, database, object] => (catalog.name.clone(), database.name.clone(), object),
            _ => return Err(Diagnostic::error(name.span, "a table is named catalog.database.table").into()),
        };
        Ok(FullName { catalog, database, object: object.name.clone() })
    }

    /// Gives the tables that a query reads their full names: what a view reads is settled where it is created, whatever
    /// catalog and database are current where it is used.
    pub(super) fn qualify(&self, from: &mut Relation) -> Result<(), Errors> {
        match &mut from.kind {
            RelationKind::Query(query) => self.qualify(&mut query.from),
            RelationKind::Table { name, .. } => {
                let FullName { catalog, database, object } = self.full_name(name)?;
                let span = name.span;
                name.parts = [catalog, database, object].map(|name| Ident { name, span }).into();
                Ok(())
            }
        }
    }

    /// The catalog of a name, `None` for the one in memory.
    pub(super) fn catalog_of(&self, name: &str, span: Span) -> Result<Option<&OpenCatalog>, Errors> {
        match self.catalogs.get(name) {
            Some(KnownCatalog::Memory) => Ok(None),
            Some(KnownCatalog::Open(open)) => Ok(Some(open)),
            Some(KnownCatalog::Broken) => Err(Errors::default()),
            None => {
                let error = Diagnostic::error(span, format!("catalog '{name}' does not exist"));
                let hint = did_you_mean(name, self.catalogs.keys().map(String::as_str));
                Err(error.hint(format!("CREATE CATALOG {name} WITH (…) declares it")).maybe_hint(hint).into())
            }
        }
    }

    pub(super) fn add_database(&mut self, catalog: &str, database: &str) {
        self.databases.insert((catalog.to_owned(), database.to_owned()));
    }

    pub(super) fn database_exists(&self, catalog: &str, database: &str, span: Span) -> Result<bool, Errors> {
        let open = self.catalog_of(catalog, span)?;
        if self.databases.contains(&(catalog.to_owned(), database.to_owned())) {
            return Ok(true);
        }
        let Some(open) = open else { return Ok(false) };
        open.catalog.database_exists(database).map_err(|error| Diagnostic::from_error(span, &error).into())
    }

    pub(super) fn require_database(&self, catalog: &str, database: &str, span: Span) -> Result<(), Errors> {
        if self.database_exists(catalog, database, span)? {
            return Ok(());
        }
        let error = Diagnostic::error(span, format!("database '{database}' does not exist in catalog '{catalog}'"));
        let known = self.databases.iter().filter(|(of, _)| of == catalog).map(|(_, name)| name.as_str());
        let hint = self.misplaced_catalog(database).or_else(|| did_you_mean(database, known));
        Err(error.hint(format!("CREATE DATABASE IF NOT EXISTS {catalog}.{database} makes it")).maybe_hint(hint).into())
    }

    /// `lake.orders` means the database `lake` of the current catalog; perhaps the catalog was meant.
    fn misplaced_catalog(&self, database: &str) -> Option<String> {
        let is_catalog = self.catalogs.contains_key(database) && database != self.catalog;
        is_catalog.then(|| format!("'{database}' is a catalog; a table in it is named {database}.database.table"))
    }

    pub(super) fn declared(&self, name: &FullName) -> Option<&Object> {
        self.objects.get(name)
    }

    pub(super) fn declare(&mut self, name: FullName, object: Object) {
        self.objects.insert(name, object);
    }

    /// What a name stands for: what this job declares, else what the catalog holds.
    pub(super) fn lookup(&self, name: &ObjectName) -> Result<Object, Errors> {
        let full = self.full_name(name)?;
        match self.objects.get(&full) {
            Some(Object::Broken) => return Err(Errors::default()),
            Some(object) => return Ok(object.clone()),
            None => {}
        }
        let open = self.catalog_of(&full.catalog, name.span)?;
        self.require_database(&full.catalog, &full.database, name.span)?;
        let stored = open.map(|open| stored_table(open, &full, name.span)).transpose()?.flatten();
        match stored {
            Some(table) => Ok(Object::Table(Arc::new(table))),
            None => Err(self.unknown(&full, name.span).into()),
        }
    }

    fn unknown(&self, full: &FullName, span: Span) -> Diagnostic {
        let here = self.objects.keys().filter(|known| known.catalog == full.catalog && known.database == full.database);
        let hint = did_you_mean(&full.object, here.map(|known| known.object.as_str()));
        let elsewhere = self.objects.keys().find(|known| known.object == full.object);
        let hint = hint.or_else(|| elsewhere.map(|known| format!("there is a {}", known.shown())));
        let error = Diagnostic::error(span, format!("table '{}' does not exist", full.shown()));
        error.hint("CREATE TABLE … declares it").maybe_hint(hint)
    }
}

/// Where a catalog keeps the table of a name.
pub(super) fn stored(open: &OpenCatalog, name: &FullName) -> Stored {
    Stored {
        catalog: Arc::clone(&open.catalog),
        database: name.database.clone(),
        table: name.object.clone(),
        table_options: open.table_options.clone(),
    }
}

/// The table as the catalog holds it.
fn stored_table(open: &OpenCatalog, name: &FullName, span: Span) -> Result<Option<Table>, Errors> {
    let def = open.catalog.table(&name.database, &name.object);
    let def = def.map_err(|error| Errors::from(Diagnostic::from_error(span, &error)))?;
    Ok(def.map(|def| Table::of_catalog(def, name.shown(), stored(open, name))))
}
