//! SELECT and INSERT as written.

use super::expr::Expr;
use super::name::{Ident, ObjectName, OptionEntry};
use crate::text::Span;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Select {
    /// At least one.
    pub(crate) items: Vec<SelectItem>,
    pub(crate) from: Relation,
    pub(crate) filter: Option<Expr>,
    pub(crate) span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SelectItem {
    /// `*` or `t.*`
    Star {
        qualifier: Option<Ident>,
        span: Span,
    },
    Expr {
        expr: Expr,
        alias: Option<Ident>,
    },
}

/// What stands after FROM.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Relation {
    pub(crate) kind: RelationKind,
    pub(crate) alias: Option<Ident>,
    /// New names of the columns: `AS t (a, b)`.
    pub(crate) columns: Option<Vec<Ident>>,
    pub(crate) span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum RelationKind {
    /// A table or view with the options of its hint `/*+ OPTIONS(…) */`.
    Table {
        name: ObjectName,
        hints: Vec<OptionEntry>,
    },
    Query(Box<Select>),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Insert {
    pub(crate) table: ObjectName,
    pub(crate) hints: Vec<OptionEntry>,
    pub(crate) columns: Option<Vec<Ident>>,
    pub(crate) query: Select,
    pub(crate) span: Span,
}
