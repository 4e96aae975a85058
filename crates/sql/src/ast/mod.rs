//! Statements as written, every node with its place. Nothing here is resolved: names may not exist, types may not fit.

mod data_type;
mod ddl;
mod expr;
mod name;
mod print;
mod query;
mod statement;

pub(crate) use data_type::DataType;
pub(crate) use ddl::{
    ColumnDef, ColumnKind, CreateCatalog, CreateDatabase, CreateTable, CreateView, KeyConstraint, Watermark,
};
pub(crate) use expr::{
    BARE_FUNCTIONS, BinaryOp, CaseBranch, Expr, ExprKind, Literal, SymbolKind, Truth, UnaryOp, precedence,
};
pub(crate) use name::{Ident, ObjectName, OptionEntry, Text};
pub(crate) use query::{Insert, Relation, RelationKind, Select, SelectItem};
pub(crate) use statement::{Set, Statement, StatementKind};
