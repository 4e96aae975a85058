//! The columns that an expression can name.

use rows::Field;

use super::table::{ColumnSource, Table};
use crate::ast::{Expr, Ident};
use crate::text::{Diagnostic, did_you_mean};

/// The columns of one relation.
#[derive(Debug)]
pub(super) struct Scope {
    /// By which its columns can be qualified.
    relation: Option<String>,
    /// What flows, before anything is left out.
    pub(super) fields: Vec<Field>,
    columns: Vec<Visible>,
}

#[derive(Debug)]
pub(super) struct Visible {
    pub(super) name: String,
    pub(super) meaning: Meaning,
}

#[derive(Debug)]
pub(super) enum Meaning {
    /// Index into [`Scope::fields`].
    Field(usize),
    /// Stands for this expression over fields.
    Computed(Box<Expr>),
}

impl Scope {
    /// Of a table: physical, metadata and computed columns in the order of the DDL.
    pub(super) fn of_table(table: &Table, alias: Option<&str>) -> Self {
        let own_name = table.name.rsplit('.').next().map(str::to_owned);
        let columns = table.columns.iter().map(|column| Visible {
            name: column.name.clone(),
            meaning: match &column.kind {
                ColumnSource::Field(at) => Meaning::Field(*at),
                ColumnSource::Computed(expr) => Meaning::Computed(expr.clone()),
            },
        });
        Self {
            relation: alias.map(str::to_owned).or(own_name),
            fields: table.def.schema.fields.clone(),
            columns: columns.collect(),
        }
    }

    /// What a computed column of a table can name: columns that are not computed.
    pub(super) fn of_fields(fields: Vec<Field>, relation: Option<String>) -> Self {
        let columns = fields.iter().enumerate();
        let columns = columns.map(|(at, field)| Visible { name: field.name.clone(), meaning: Meaning::Field(at) });
        Self { columns: columns.collect(), relation, fields }
    }

    /// New names for all columns: `AS t (a, b)`.
    pub(super) fn rename(&mut self, names: &[Ident]) -> Result<(), Diagnostic> {
        if names.len() != self.columns.len() {
            let spans = names.iter().map(|name| name.span).reduce(crate::text::Span::to).unwrap_or_default();
            let message = format!("{} names for {} columns", names.len(), self.columns.len());
            return Err(Diagnostic::error(spans, message));
        }
        for (column, name) in self.columns.iter_mut().zip(names) {
            column.name.clone_from(&name.name);
        }
        Ok(())
    }

    pub(super) fn columns(&self) -> &[Visible] {
        &self.columns
    }

    /// Whether a qualifier means this relation.
    pub(super) fn check_qualifier(&self, qualifier: &Ident) -> Result<(), Diagnostic> {
        if self.relation.as_deref() == Some(qualifier.name.as_str()) {
            return Ok(());
        }
        let error = Diagnostic::error(qualifier.span, format!("table '{}' not found", qualifier.name));
        Err(match &self.relation {
            Some(relation) => error.hint(format!("here the table is called '{relation}'")),
            None => error,
        })
    }

    /// The column that `c` or `t.c` means.
    pub(super) fn find(&self, parts: &[Ident]) -> Result<&Visible, Diagnostic> {
        let column = match parts {
            [column] => column,
            [qualifier, column] => {
                self.check_qualifier(qualifier)?;
                column
            }
            _ => {
                let span = parts.iter().map(|part| part.span).reduce(crate::text::Span::to).unwrap_or_default();
                return Err(Diagnostic::error(span, "a column is named column or table.column"));
            }
        };
        let mut found = self.columns.iter().filter(|known| known.name == column.name);
        match (found.next(), found.next()) {
            (Some(found), None) => Ok(found),
            (Some(_), Some(_)) => Err(Diagnostic::error(column.span, format!("column '{}' is ambiguous", column.name))),
            (None, _) => Err(self.unknown(column)),
        }
    }

    fn unknown(&self, column: &Ident) -> Diagnostic {
        let names = || self.columns.iter().map(|known| known.name.as_str());
        let listed = names().collect::<Vec<_>>().join(", ");
        Diagnostic::error(column.span, format!("column '{}' not found in any table", column.name))
            .hint(format!("columns here: {listed}"))
            .maybe_hint(did_you_mean(&column.name, names()))
    }
}
