//! A table as its CREATE statement or its catalog defines it.

use std::sync::Arc;

use flow::{Catalog, OptionSpec, TableDef};
use rows::{Field, Schema};

use super::options::Given;
use crate::ast::{ColumnDef, ColumnKind, CreateTable, Expr, Ident, Select, Watermark};
use crate::text::{Diagnostic, Errors, did_you_mean};

/// A table that can be read or written.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// For messages and plans: `orders_cdc`, or in a catalog `lake.shop.orders`.
    pub(super) name: String,
    pub(super) def: TableDef,
    /// In the order of the DDL.
    pub(super) columns: Vec<Column>,
    /// For each field of `def`: whether it can't be written (`VIRTUAL`).
    pub(super) readonly: Vec<bool>,
    /// Kept for EXPLAIN; nothing that needs one is supported yet.
    pub(super) watermark: Option<Watermark>,
    pub(super) given: Given,
    /// `None` for one that lives in this job alone.
    pub(super) stored: Option<Stored>,
}

/// Where a table of a catalog is.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) catalog: Arc<dyn Catalog>,
    pub(super) database: String,
    pub(super) table: String,
    pub(super) table_options: Vec<OptionSpec>,
}

#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: ColumnSource,
}

#[derive(Clone, Debug)]
pub(super) enum ColumnSource {
    /// A field of the definition, physical or metadata.
    Field(usize),
    /// Over fields alone.
    Computed(Box<Expr>),
}

/// A view: its query, with the full names of what it reads, is planned anew wherever it is read.
#[derive(Clone, Debug)]
pub(super) struct View {
    pub(super) name: String,
    pub(super) columns: Option<Vec<Ident>>,
    pub(super) query: Select,
}

impl Table {
    /// The table that a CREATE TABLE declares.
    pub(super) fn declare(create: &CreateTable, name: String) -> Result<Self, Errors> {
        let mut errors = Errors::default();
        let mut table = Self {
            name: name.clone(),
            def: TableDef {
                name,
                comment: create.comment.as_ref().map(|text| text.value.clone()),
                ..TableDef::default()
            },
            columns: Vec::new(),
            readonly: Vec::new(),
            watermark: create.watermark.clone(),
            given: Given::new(&create.options),
            stored: None,
        };
        for (at, column) in create.columns.iter().enumerate() {
            if create.columns.iter().take(at).any(|earlier| earlier.name.name == column.name.name) {
                errors.push(Diagnostic::error(
                    column.name.span,
                    format!("column '{}' is declared twice", column.name.name),
                ));
            }
            table.add_column(column);
        }
        if table.def.schema.fields.is_empty() {
            errors.push(Diagnostic::error(create.name.span, "a table needs at least one column that is not computed"));
        }
        table.set_key(create, &mut errors);
        table.def.options = table.given.values.clone();
        errors.or(table)
    }

    /// A table that a catalog holds and this job does not declare.
    pub(super) fn of_catalog(def: TableDef, name: String, stored: Stored) -> Self {
        let columns = def.schema.fields.iter().enumerate();
        let columns = columns.map(|(at, field)| Column { name: field.name.clone(), kind: ColumnSource::Field(at) });
        Self {
            name,
            columns: columns.collect(),
            readonly: vec![false; def.schema.fields.len()],
            watermark: None,
            given: Given::without_places(&def.options),
            def,
            stored: Some(stored),
        }
    }

    /// Becomes the stored table that it agrees with.
    pub(super) fn take_over(&mut self, existing: TableDef) {
        let stored = self.stored.take();
        let given = std::mem::take(&mut self.given);
        if let Some(stored) = stored {
            *self = Self::of_catalog(existing, self.name.clone(), stored);
        }
        self.given.keep_places(given);
    }

    fn add_column(&mut self, column: &ColumnDef) {
        let name = column.name.name.clone();
        let (ty, metadata, readonly) = match &column.kind {
            ColumnKind::Physical(ty) => (ty, None, false),
            ColumnKind::Metadata { ty, from, readonly } => {
                let key = from.as_ref().map_or_else(|| name.clone(), |from| from.value.clone());
                (ty, Some(key), *readonly)
            }
            ColumnKind::Computed(expr) => {
                self.columns.push(Column { name, kind: ColumnSource::Computed(Box::new(expr.clone())) });
                return;
            }
        };
        self.columns.push(Column { name: name.clone(), kind: ColumnSource::Field(self.def.schema.fields.len()) });
        self.def.schema.fields.push(Field::new(name, ty.ty.clone(), ty.nullable));
        self.def.metadata.push(metadata);
        self.readonly.push(readonly);
    }

    /// Key columns are NOT NULL, said or not.
    fn set_key(&mut self, create: &CreateTable, errors: &mut Errors) {
        let Some(key) = &create.key else { return };
        for column in &key.columns {
            let found = self.def.schema.index_of(&column.name);
            let physical = found.filter(|at| self.def.metadata.get(*at).is_some_and(Option::is_none));
            let Some(at) = physical else {
                errors.push(self.no_key_column(column));
                continue;
            };
            if self.def.schema.key.contains(&at) {
                errors.push(Diagnostic::error(column.span, format!("column '{}' is in the key twice", column.name)));
                continue;
            }
            self.def.schema.key.push(at);
            if let Some(field) = self.def.schema.fields.get_mut(at) {
                field.nullable = false;
            }
        }
    }

    fn no_key_column(&self, column: &Ident) -> Diagnostic {
        let name = &column.name;
        if self.columns.iter().any(|known| known.name == *name) {
            return Diagnostic::error(
                column.span,
                format!("invalid primary key: column '{name}' is not a physical column"),
            );
        }
        let error = Diagnostic::error(column.span, format!("invalid primary key: column '{name}' does not exist"));
        error.maybe_hint(did_you_mean(name, self.columns.iter().map(|column| column.name.as_str())))
    }

    /// The columns that a sink takes, with the indices of their fields: all but computed and virtual ones.
    pub(super) fn written(&self) -> Schema {
        let writable: Vec<usize> =
            (0..self.def.schema.fields.len()).filter(|at| self.readonly.get(*at) != Some(&true)).collect();
        let fields = writable.iter().filter_map(|at| self.def.schema.fields.get(*at)).cloned().collect();
        let key = self.def.schema.key.iter().filter_map(|at| writable.iter().position(|field| field == at)).collect();
        Schema { fields, key }
    }

    pub(super) fn connector(&self) -> Option<&str> {
        self.given.values.get("connector").map(String::as_str)
    }
}
