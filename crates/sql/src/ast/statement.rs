//! Statements.

use super::ddl::{CreateCatalog, CreateDatabase, CreateTable, CreateView};
use super::name::{Ident, ObjectName, Text};
use super::query::Insert;
use crate::text::Span;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Statement {
    pub(crate) kind: StatementKind,
    pub(crate) span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum StatementKind {
    Set(Set),
    /// `RESET 'key'`, or `RESET` for all.
    Reset(Option<Text>),
    CreateTable(Box<CreateTable>),
    CreateCatalog(CreateCatalog),
    CreateDatabase(CreateDatabase),
    CreateView(Box<CreateView>),
    UseCatalog(Ident),
    UseDatabase(ObjectName),
    Insert(Box<Insert>),
    /// `EXECUTE STATEMENT SET BEGIN … END`, `BEGIN STATEMENT SET; … END`
    StatementSet(Vec<Insert>),
    /// `EXPLAIN …` of one or more inserts: they are planned and shown, not run.
    Explain(Vec<Insert>),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Set {
    pub(crate) key: Text,
    pub(crate) value: Text,
}
