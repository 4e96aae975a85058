//! A column of CREATE TABLE.

use super::cursor::{Parsed, Parser};
use crate::ast::{ColumnDef, ColumnKind};
use crate::text::Span;

impl Parser<'_> {
    /// The column, and the place of PRIMARY KEY if that is said of it.
    pub(super) fn column(&mut self) -> Parsed<(ColumnDef, Option<Span>)> {
        let name = self.ident("the name of a column")?;
        if self.eat_word("AS") {
            let kind = ColumnKind::Computed(self.expr()?);
            return Ok((ColumnDef { name, kind, comment: self.comment()? }, None));
        }
        let mut ty = self.data_type()?;
        let start = self.here();
        let key = self.eat_words(&["PRIMARY", "KEY"]);
        let key = if key {
            self.not_enforced()?;
            ty.nullable = false;
            Some(self.since(start))
        } else {
            None
        };
        if !self.eat_word("METADATA") {
            let column = ColumnDef { name, kind: ColumnKind::Physical(ty), comment: self.comment()? };
            return Ok((column, key));
        }
        let from = if self.eat_word("FROM") { Some(self.text("a metadata key")?) } else { None };
        let kind = ColumnKind::Metadata { ty, from, readonly: self.eat_word("VIRTUAL") };
        Ok((ColumnDef { name, kind, comment: self.comment()? }, key))
    }
}
