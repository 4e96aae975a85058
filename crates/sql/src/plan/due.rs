//! What is to be done in catalogs once the whole job is planned.

use std::sync::Arc;

use flow::{Catalog, TableDef};

use crate::text::{Diagnostic, Span};

/// Something to do in a catalog.
#[derive(Debug)]
pub(super) enum Action {
    CreateDatabase { catalog: Arc<dyn Catalog>, database: String },
    CreateTable { catalog: Arc<dyn Catalog>, database: String, table: String, def: Box<TableDef> },
}

/// An action and the statement that asks for it.
#[derive(Debug)]
pub(super) struct Due {
    pub(super) action: Action,
    pub(super) span: Span,
}

impl Due {
    pub(super) fn execute(&self) -> Result<(), Diagnostic> {
        let done = match &self.action {
            Action::CreateDatabase { catalog, database } => catalog.create_database(database),
            Action::CreateTable { catalog, database, table, def } => catalog.create_table(database, table, def),
        };
        done.map_err(|error| Diagnostic::from_error(self.span, &error))
    }
}
