//! CREATE statements.

use super::cursor::{Parsed, Parser};
use crate::ast::{CreateCatalog, CreateDatabase, CreateTable, CreateView, KeyConstraint, StatementKind, Watermark};
use crate::text::{Diagnostic, Span};
use crate::unsupported::{self, unsupported};

/// A clause of CREATE TABLE that Flink has: the word that begins it, its name, what to do instead.
type OtherClause = (&'static str, &'static str, &'static str);

const LIKE: OtherClause = ("LIKE", "CREATE TABLE … LIKE", "write the columns and options out");
const AS: OtherClause =
    ("AS", "CREATE TABLE … AS SELECT", "write CREATE TABLE with its columns, then INSERT INTO … SELECT …");
const DISTRIBUTED: OtherClause = ("DISTRIBUTED", "DISTRIBUTED BY", "leave it out");
const PARTITIONED: OtherClause =
    ("PARTITIONED", "PARTITIONED BY", "leave it out: tables are written without partitions");

const KINDS: [&str; 4] = ["TABLE", "VIEW", "CATALOG", "DATABASE"];

impl Parser<'_> {
    pub(super) fn create(&mut self) -> Parsed<StatementKind> {
        self.advance();
        if self.at_word("OR") {
            return Err(unsupported(self.here(), "CREATE OR REPLACE")
                .hint("CREATE TABLE IF NOT EXISTS takes a table that is there, if it is the same"));
        }
        let temporary = self.eat_word("TEMPORARY");
        if self.at_word("SYSTEM") || self.at_word("FUNCTION") {
            return Err(unsupported(self.here(), "CREATE FUNCTION").hint(unsupported::FUNCTION));
        }
        for other in ["MATERIALIZED", "MODEL", "CONNECTION"] {
            if self.at_word(other) {
                return Err(unsupported(self.here(), format!("CREATE {other}")));
            }
        }
        if self.eat_word("TABLE") {
            Ok(StatementKind::CreateTable(Box::new(self.create_table(temporary)?)))
        } else if self.eat_word("VIEW") {
            Ok(StatementKind::CreateView(Box::new(self.create_view()?)))
        } else if self.eat_word("CATALOG") {
            self.create_catalog()
        } else if self.eat_word("DATABASE") {
            self.create_database()
        } else {
            Err(self.unexpected_word(&KINDS))
        }
    }

    fn if_not_exists(&mut self) -> Parsed<bool> {
        if !self.eat_word("IF") {
            return Ok(false);
        }
        self.expect_word("NOT")?;
        self.expect_word("EXISTS")?;
        Ok(true)
    }

    fn create_catalog(&mut self) -> Parsed<StatementKind> {
        let if_not_exists = self.if_not_exists()?;
        let name = self.ident("the name of the catalog")?;
        self.comment()?;
        self.expect_word("WITH")?;
        Ok(StatementKind::CreateCatalog(CreateCatalog { name, if_not_exists, options: self.options()? }))
    }

    fn create_database(&mut self) -> Parsed<StatementKind> {
        let if_not_exists = self.if_not_exists()?;
        let name = self.object_name("the name of the database")?;
        self.comment()?;
        if self.at_word("WITH") {
            return Err(unsupported(self.here(), "a database with options").hint("leave WITH (…) out"));
        }
        Ok(StatementKind::CreateDatabase(CreateDatabase { name, if_not_exists }))
    }

    fn create_view(&mut self) -> Parsed<CreateView> {
        let if_not_exists = self.if_not_exists()?;
        let name = self.object_name("the name of the view")?;
        let columns =
            if self.at_mark("(") { Some(self.list(|this| this.ident("the name of a column"))?) } else { None };
        self.comment()?;
        self.expect_word("AS")?;
        Ok(CreateView { name, if_not_exists, columns, query: self.select()? })
    }

    fn create_table(&mut self, temporary: bool) -> Parsed<CreateTable> {
        let if_not_exists = self.if_not_exists()?;
        let name = self.object_name("the name of the table")?;
        let mut table = CreateTable {
            name,
            if_not_exists,
            temporary,
            columns: Vec::new(),
            key: None,
            watermark: None,
            comment: None,
            options: Vec::new(),
        };
        self.not_yet(&[LIKE, AS])?;
        self.list(|this| this.table_element(&mut table))?;
        table.comment = self.comment()?;
        self.not_yet(&[DISTRIBUTED, PARTITIONED])?;
        if self.eat_word("WITH") {
            table.options = self.options()?;
        }
        self.not_yet(&[LIKE, AS])?;
        if !self.at_end() {
            return Err(self.unexpected_word(if table.options.is_empty() {
                &["WITH", "COMMENT", "';'"]
            } else {
                &["';'"]
            }));
        }
        Ok(table)
    }

    fn not_yet(&self, clauses: &[OtherClause]) -> Parsed<()> {
        match clauses.iter().find(|(word, ..)| self.at_word(word)) {
            Some((_, clause, instead)) => Err(unsupported(self.here(), clause).hint(*instead)),
            None => Ok(()),
        }
    }

    /// A column, a key or a watermark.
    fn table_element(&mut self, table: &mut CreateTable) -> Parsed<()> {
        let start = self.here();
        if self.at_word("WATERMARK") {
            return self.watermark(table);
        }
        if self.at_word("UNIQUE") {
            return Err(unsupported(start, "UNIQUE").hint("a key is declared as PRIMARY KEY (…) NOT ENFORCED"));
        }
        if self.eat_word("CONSTRAINT") {
            self.ident("the name of the constraint")?;
            self.expect_word("PRIMARY")?;
            return self.table_key(table, start);
        }
        if self.at_words(&["PRIMARY", "KEY"]) {
            self.advance();
            return self.table_key(table, start);
        }
        let (column, key) = self.column()?;
        if let Some(span) = key {
            set_key(table, KeyConstraint { columns: vec![column.name.clone()], span })?;
        }
        table.columns.push(column);
        Ok(())
    }

    /// Behind PRIMARY.
    fn table_key(&mut self, table: &mut CreateTable, start: Span) -> Parsed<()> {
        self.expect_word("KEY")?;
        let columns = self.list(|this| this.ident("the name of a column"))?;
        self.not_enforced()?;
        set_key(table, KeyConstraint { columns, span: self.since(start) })
    }

    /// Flink takes keys only so, since it does not check them; nor do we.
    pub(super) fn not_enforced(&mut self) -> Parsed<()> {
        if self.eat_words(&["NOT", "ENFORCED"]) {
            return Ok(());
        }
        Err(self
            .unexpected_word(&["NOT ENFORCED"])
            .hint("a key is declared, not checked: PRIMARY KEY (…) NOT ENFORCED"))
    }

    fn watermark(&mut self, table: &mut CreateTable) -> Parsed<()> {
        let start = self.advance();
        self.expect_word("FOR")?;
        let column = self.object_name("the name of a column")?.parts;
        self.expect_word("AS")?;
        let expr = self.expr()?;
        let span = self.since(start);
        if table.watermark.is_some() {
            return Err(Diagnostic::error(span, "a table has at most one WATERMARK"));
        }
        table.watermark = Some(Watermark { column, expr, span });
        Ok(())
    }
}

fn set_key(table: &mut CreateTable, key: KeyConstraint) -> Parsed<()> {
    if table.key.is_some() {
        return Err(Diagnostic::error(key.span, "a table has at most one PRIMARY KEY")
            .hint("a key of several columns: PRIMARY KEY (a, b) NOT ENFORCED"));
    }
    table.key = Some(key);
    Ok(())
}
