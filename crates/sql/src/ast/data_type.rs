//! Types as written.

use rows::LogicalType;

use crate::text::Span;

/// A type as written. `nullable` unless NOT NULL follows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DataType {
    pub(crate) ty: LogicalType,
    pub(crate) nullable: bool,
    pub(crate) span: Span,
}
