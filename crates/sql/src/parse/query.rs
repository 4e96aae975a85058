//! SELECT and INSERT.

use super::cursor::{Parsed, Parser};
use super::words::is_reserved;
use crate::ast::{Ident, Insert, Relation, RelationKind, Select, SelectItem};
use crate::lex::TokenKind;
use crate::text::Diagnostic;
use crate::unsupported::{self, more_than_a_row, unsupported};

impl Parser<'_> {
    /// `INSERT INTO t [hint] [(columns)] SELECT …`
    pub(super) fn insert(&mut self) -> Parsed<Insert> {
        let start = self.advance();
        if self.at_word("OVERWRITE") {
            return Err(unsupported(self.here(), "INSERT OVERWRITE").hint(unsupported::OVERWRITE));
        }
        self.expect_word("INTO")?;
        let table = self.object_name("the name of a table")?;
        let hints = self.table_hints()?;
        if self.at_word("PARTITION") {
            return Err(
                unsupported(self.here(), "PARTITION").hint("leave it out: tables are written without partitions")
            );
        }
        let columns = if self.at_mark("(") && !self.word_at(1, "SELECT") {
            Some(self.list(|this| this.ident("the name of a column"))?)
        } else {
            None
        };
        let query = self.query()?;
        Ok(Insert { table, hints, columns, query, span: self.since(start) })
    }

    /// A SELECT, perhaps in parentheses.
    fn query(&mut self) -> Parsed<Select> {
        if !self.eat_mark("(") {
            return self.select();
        }
        let query = self.nested(Self::query)?;
        self.expect_mark(")")?;
        Ok(query)
    }

    pub(super) fn select(&mut self) -> Parsed<Select> {
        let start = self.here();
        for (other, instead) in
            [("VALUES", unsupported::VALUES), ("WITH", unsupported::COMMON_TABLE), ("TABLE", "write SELECT * FROM t")]
        {
            if self.at_word(other) {
                return Err(unsupported(start, format!("{other} as a query")).hint(instead));
            }
        }
        self.expect_word("SELECT")?;
        self.no_hint("behind SELECT")?;
        for other in ["DISTINCT", "STREAM"] {
            if self.at_word(other) {
                return Err(unsupported(self.here(), format!("SELECT {other}")).hint(unsupported::AGGREGATE));
            }
        }
        self.eat_word("ALL");
        let mut items = vec![self.select_item()?];
        while self.eat_mark(",") {
            items.push(self.select_item()?);
        }
        if self.at_end() {
            return Err(unsupported(self.since(start), "a query without FROM").hint(unsupported::VALUES));
        }
        self.expect_word("FROM")?;
        let from = self.relation()?;
        let filter = if self.eat_word("WHERE") { Some(self.expr()?) } else { None };
        self.end_of_query()?;
        Ok(Select { items, from, filter, span: self.since(start) })
    }

    /// The error for a clause that is Flink's but not ours.
    fn end_of_query(&self) -> Parsed<()> {
        if let Some((_, clause, instead)) = unsupported::CLAUSES.iter().find(|(word, ..)| self.at_word(word)) {
            return Err(unsupported(self.here(), clause).hint(*instead));
        }
        if self.at_mark(",") {
            return Err(unsupported(self.here(), "a join").hint(unsupported::JOIN));
        }
        if self.at_end() || self.at_mark(")") {
            return Ok(());
        }
        Err(self.unexpected("the end of the query or WHERE"))
    }

    fn select_item(&mut self) -> Parsed<SelectItem> {
        let span = self.here();
        if self.eat_mark("*") {
            return Ok(SelectItem::Star { qualifier: None, span });
        }
        if self.at_ident() && self.mark_at(1, ".") && self.mark_at(2, "*") {
            let qualifier = self.ident("the name of a table")?;
            self.advance();
            self.advance();
            return Ok(SelectItem::Star { qualifier: Some(qualifier), span: self.since(span) });
        }
        let expr = self.expr()?;
        Ok(SelectItem::Expr { expr, alias: self.alias()? })
    }

    /// `[AS] name`
    fn alias(&mut self) -> Parsed<Option<Ident>> {
        if self.eat_word("AS") {
            return self.ident("an alias").map(Some);
        }
        let begins_clause = matches!(self.peek(), TokenKind::Word(word) if is_reserved(word));
        if begins_clause || !self.at_ident() {
            return Ok(None);
        }
        let alias = self.ident("an alias")?;
        self.suspect(&alias);
        Ok(Some(alias))
    }

    fn relation(&mut self) -> Parsed<Relation> {
        let start = self.here();
        let kind = if self.eat_mark("(") {
            let query = self.nested(Self::query)?;
            self.expect_mark(")")?;
            RelationKind::Query(Box::new(query))
        } else {
            self.table_name()?
        };
        if self.at_words(&["FOR", "SYSTEM_TIME"]) {
            return Err(unsupported(self.here(), "FOR SYSTEM_TIME AS OF"));
        }
        let alias = self.alias()?;
        let columns = if alias.is_some() && self.at_mark("(") {
            Some(self.list(|this| this.ident("the name of a column"))?)
        } else {
            None
        };
        Ok(Relation { kind, alias, columns, span: self.since(start) })
    }

    fn table_name(&mut self) -> Parsed<RelationKind> {
        if self.at_word("TABLE")
            && self.mark_at(1, "(")
            && let TokenKind::Word(function) = self.peek_at(2)
        {
            let window = more_than_a_row(function, self.here());
            return Err(window.unwrap_or_else(|| unsupported(self.here(), format!("the table function {function}"))));
        }
        for other in ["TABLE", "LATERAL", "UNNEST", "VALUES"] {
            if self.at_word(other) {
                return Err(unsupported(self.here(), format!("FROM {other}")));
            }
        }
        let name = self.object_name("the name of a table")?;
        if self.at_mark("(") {
            return Err(unsupported(name.span, "a table function"));
        }
        Ok(RelationKind::Table { name, hints: self.table_hints()? })
    }

    /// The error that a query stands where only a value can.
    pub(super) fn no_subquery(&self) -> Result<(), Diagnostic> {
        if self.at_word("SELECT") {
            Err(unsupported(self.here(), "a subquery in an expression").hint(unsupported::SUBQUERY))
        } else {
            Ok(())
        }
    }
}
