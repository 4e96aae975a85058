//! CREATE statements: what they declare, and what they ask of catalogs.

use std::sync::Arc;

use super::due::{Action, Due};
use super::namespace::{FullName, MEMORY_CATALOG, Object, OpenCatalog, stored};
use super::options::Given;
use super::planner::Planner;
use super::table::{ColumnSource, Table, View};
use crate::ast::{CreateCatalog, CreateDatabase, CreateTable, CreateView};
use crate::text::{Diagnostic, Errors, Span, did_you_mean};

impl Planner<'_> {
    pub(super) fn create_catalog(&mut self, create: &CreateCatalog) -> Result<(), Errors> {
        let name = &create.name.name;
        if self.names.has_catalog(name) {
            if create.if_not_exists {
                return Ok(());
            }
            return Err(Diagnostic::error(create.name.span, format!("catalog '{name}' exists already")).into());
        }
        let opened = self.open_catalog(create);
        let (open, result) = match opened {
            Ok(open) => (Some(open), Ok(())),
            Err(errors) => (None, Err(errors)),
        };
        self.names.add_catalog(name, open);
        result
    }

    fn open_catalog(&self, create: &CreateCatalog) -> Result<OpenCatalog, Errors> {
        let given = Given::new(&create.options);
        let at = create.name.span;
        let Some(kind) = given.values.get("type") else {
            return Err(Diagnostic::error(at, "option 'type' of the catalog is missing")
                .hint(self.known_catalogs())
                .into());
        };
        let Some(factory) = self.registry.catalogs.iter().find(|factory| factory.name() == kind) else {
            let span = given.value_span("type").unwrap_or(at);
            let hint = did_you_mean(kind, self.registry.catalogs.iter().map(|factory| factory.name()));
            let error = Diagnostic::error(span, format!("unknown catalog type '{kind}'"));
            return Err(error.hint(self.known_catalogs()).maybe_hint(hint).into());
        };
        let owner = format!("catalog type '{kind}'");
        let specs = factory.options();
        let mut errors = given.check(&specs, &["type"], &owner, at);
        errors.0.extend(given.check_required(&specs, &owner, at).0);
        errors.or(())?;
        let catalog = factory
            .open(&create.name.name, &given.values, self.context)
            .map_err(|error| Errors::from(given.error(error, at)))?;
        Ok(OpenCatalog { catalog, table_options: factory.table_options() })
    }

    fn known_catalogs(&self) -> String {
        let names: Vec<&str> = self.registry.catalogs.iter().map(|factory| factory.name()).collect();
        format!("known types: {}", names.join(", "))
    }

    pub(super) fn create_database(&mut self, create: &CreateDatabase, statement: Span) -> Result<(), Errors> {
        let at = create.name.span;
        let (catalog, database) = self.names.database_name(&create.name)?;
        let open = self.names.catalog_of(&catalog, at)?.cloned();
        if !create.if_not_exists && !self.created && self.names.database_exists(&catalog, &database, at)? {
            let error = Diagnostic::error(at, format!("database {database} exists in catalog {catalog}"));
            return Err(error.hint("CREATE DATABASE IF NOT EXISTS takes it as it is").into());
        }
        self.names.add_database(&catalog, &database);
        if let Some(open) = open {
            self.due.push(Due { action: Action::CreateDatabase { catalog: open.catalog, database }, span: statement });
        }
        Ok(())
    }

    pub(super) fn create_view(&mut self, create: &CreateView) -> Result<(), Errors> {
        let name = self.names.full_name(&create.name)?;
        self.names.require_database(&name.catalog, &name.database, create.name.span)?;
        if !self.free(&name, create.if_not_exists, create.name.span)? {
            return Ok(());
        }
        let mut query = create.query.clone();
        self.names.qualify(&mut query.from)?;
        let view = View { name: name.shown(), columns: create.columns.clone(), query };
        // Planned here for its errors; whoever reads it plans it again.
        let planned = self.view_query(&view, create.name.span).map(|_| ());
        let object = if planned.is_ok() { Object::View(Arc::new(view)) } else { Object::Broken };
        self.names.declare(name, object);
        planned
    }

    /// Whether a name can be given; if not and that is no error, false.
    fn free(&self, name: &FullName, if_not_exists: bool, span: Span) -> Result<bool, Errors> {
        match self.names.declared(name) {
            None => Ok(true),
            Some(_) if if_not_exists => Ok(false),
            Some(_) => {
                let error = Diagnostic::error(span, format!("table (or view) {} exists already", name.shown()));
                Err(error.into())
            }
        }
    }

    pub(super) fn create_table(&mut self, create: &CreateTable, statement: Span) -> Result<(), Errors> {
        let at = create.name.span;
        let name = self.names.full_name(&create.name)?;
        let open = self.names.catalog_of(&name.catalog, at)?.cloned();
        self.names.require_database(&name.catalog, &name.database, at)?;
        if !self.free(&name, create.if_not_exists, at)? {
            return Ok(());
        }
        let planned = match open.filter(|_| !create.temporary) {
            None => self.declare_in_memory(create, &name),
            Some(open) => self.declare_in_catalog(create, &name, &open, statement),
        };
        let (object, result) = match planned {
            Ok(table) => (Object::Table(Arc::new(table)), Ok(())),
            Err(errors) => (Object::Broken, Err(errors)),
        };
        self.names.declare(name, object);
        result
    }

    fn declare_in_memory(&self, create: &CreateTable, name: &FullName) -> Result<Table, Errors> {
        let mut table = Table::declare(create, name.shown())?;
        let mut errors = self.check_connector(&mut table, create.name.span);
        errors.0.extend(self.check_columns(&mut table, create.name.span).0);
        errors.or(())?;
        self.try_source(&table, create.name.span)?;
        Ok(table)
    }

    fn declare_in_catalog(
        &mut self,
        create: &CreateTable,
        name: &FullName,
        open: &OpenCatalog,
        statement: Span,
    ) -> Result<Table, Errors> {
        let at = create.name.span;
        let mut table = Table::declare(create, name.shown())?;
        let mut errors = physical_only(create, &table);
        if let Some(span) = table.given.value_span("connector") {
            let error = Diagnostic::error(span, format!("a table of catalog '{}' takes no connector", name.catalog));
            errors.push(error.hint(format!(
                "CREATE TEMPORARY TABLE, or {MEMORY_CATALOG}.default_database.{}, is a table of this job alone",
                name.object
            )));
        } else {
            errors.0.extend(table.given.check(&open.table_options, &[], "the table", at).0);
        }
        errors.or(())?;
        table.stored = Some(stored(open, name));
        let existing = open.catalog.table(&name.database, &name.object);
        let existing = existing.map_err(|error| Errors::from(Diagnostic::from_error(at, &error)))?;
        match existing {
            None => {
                let (catalog, database) = (Arc::clone(&open.catalog), name.database.clone());
                let def = Box::new(table.def.clone());
                let action = Action::CreateTable { catalog, database, table: name.object.clone(), def };
                self.due.push(Due { action, span: statement });
                Ok(table)
            }
            Some(_) if !create.if_not_exists && !self.created => {
                let error = Diagnostic::error(at, format!("table (or view) {} exists already", name.shown()));
                Err(error.hint("CREATE TABLE IF NOT EXISTS takes it if it is the same").into())
            }
            Some(existing) => {
                let differences = open.catalog.differences(&existing, &table.def);
                if differences.is_empty() {
                    // What is there counts: it may have properties that the definition does not repeat.
                    table.take_over(existing);
                    return Ok(table);
                }
                let message = format!("table {} exists and differs from this definition", name.shown());
                let hint = "change the definition to what is there, or alter or drop the table";
                Err(Diagnostic::error(at, message).detail(differences.join("\n")).hint(hint).into())
            }
        }
    }
}

/// What an Iceberg table cannot have in Flink either.
fn physical_only(create: &CreateTable, table: &Table) -> Errors {
    let mut errors = Errors::default();
    for (at, column) in create.columns.iter().enumerate() {
        let computed = matches!(table.columns.get(at).map(|column| &column.kind), Some(ColumnSource::Computed(_)));
        let metadata = matches!(column.kind, crate::ast::ColumnKind::Metadata { .. });
        let what = match (computed, metadata) {
            (true, _) => "computed columns",
            (_, true) => "metadata columns",
            _ => continue,
        };
        errors.push(Diagnostic::error(column.name.span, format!("a table of a catalog cannot have {what}")));
    }
    if let Some(watermark) = &table.watermark {
        errors.push(Diagnostic::error(watermark.span, "a table of a catalog cannot have a watermark"));
    }
    errors
}
