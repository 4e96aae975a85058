//! CREATE statements as written.

use super::data_type::DataType;
use super::expr::Expr;
use super::name::{Ident, ObjectName, OptionEntry, Text};
use super::query::Select;
use crate::text::Span;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CreateTable {
    pub(crate) name: ObjectName,
    pub(crate) if_not_exists: bool,
    pub(crate) temporary: bool,
    pub(crate) columns: Vec<ColumnDef>,
    /// The table's, or that of the one column that says PRIMARY KEY.
    pub(crate) key: Option<KeyConstraint>,
    pub(crate) watermark: Option<Watermark>,
    pub(crate) comment: Option<Text>,
    pub(crate) options: Vec<OptionEntry>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ColumnDef {
    pub(crate) name: Ident,
    pub(crate) kind: ColumnKind,
    pub(crate) comment: Option<Text>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ColumnKind {
    Physical(DataType),
    /// `METADATA [FROM 'key'] [VIRTUAL]`; without FROM the column's name is the key.
    Metadata {
        ty: DataType,
        from: Option<Text>,
        readonly: bool,
    },
    Computed(Expr),
}

/// `PRIMARY KEY (…) NOT ENFORCED`
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct KeyConstraint {
    pub(crate) columns: Vec<Ident>,
    pub(crate) span: Span,
}

/// `WATERMARK FOR column AS expression`
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Watermark {
    pub(crate) column: Vec<Ident>,
    pub(crate) expr: Expr,
    pub(crate) span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CreateCatalog {
    pub(crate) name: Ident,
    pub(crate) if_not_exists: bool,
    pub(crate) options: Vec<OptionEntry>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CreateDatabase {
    pub(crate) name: ObjectName,
    pub(crate) if_not_exists: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CreateView {
    pub(crate) name: ObjectName,
    pub(crate) if_not_exists: bool,
    pub(crate) columns: Option<Vec<Ident>>,
    pub(crate) query: Select,
}
