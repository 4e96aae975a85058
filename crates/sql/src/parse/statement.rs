//! Statements: which one begins here, and those that are short.

use super::cursor::{Parsed, Parser};
use super::words::STATEMENTS;
use crate::ast::{Insert, Set, Statement, StatementKind, Text};
use crate::lex::TokenKind;
use crate::text::{Diagnostic, nearest};
use crate::unsupported::{self, unsupported};

impl Parser<'_> {
    /// All statements up to the end of the text.
    pub(super) fn script(&mut self) -> Vec<Statement> {
        let mut statements = Vec::new();
        while !self.at_end_of_text() {
            if self.eat_mark(";") {
                continue;
            }
            let start = self.here();
            match self.statement().and_then(|kind| self.end_of_statement().map(|()| kind)) {
                Ok(kind) => statements.push(Statement { kind, span: self.since(start) }),
                Err(error) => self.fail(error),
            }
        }
        statements
    }

    /// Reports and goes on behind the statement; where a semicolon is missing, at the next one.
    fn fail(&mut self, error: Diagnostic) {
        let missing_semicolon = error.message.starts_with("expected ';'") && self.at_statement();
        self.report(error);
        if !missing_semicolon {
            self.recover();
        }
    }

    fn at_statement(&self) -> bool {
        STATEMENTS.iter().any(|word| self.at_word(word))
    }

    fn end_of_statement(&mut self) -> Parsed<()> {
        if self.at_end() { Ok(()) } else { Err(self.unexpected("';'")) }
    }

    fn statement(&mut self) -> Parsed<StatementKind> {
        let TokenKind::Word(word) = self.peek() else { return Err(self.unexpected("a statement")) };
        match word.to_ascii_uppercase().as_str() {
            "SET" => self.set(),
            "RESET" => self.reset(),
            "CREATE" => self.create(),
            "USE" => self.use_statement(),
            "INSERT" => Ok(StatementKind::Insert(Box::new(self.insert()?))),
            "EXECUTE" => self.execute(),
            "BEGIN" => self.begin(),
            "EXPLAIN" => self.explain(),
            "END" => Err(Diagnostic::error(self.here(), "END without BEGIN")),
            "SELECT" => Err(unsupported(self.here(), "a query without INSERT INTO")
                .hint("write its rows somewhere: INSERT INTO t SELECT …, where t may have 'connector'='print'")),
            other => match unsupported::statement(other) {
                Some(instead) => Err(unsupported(self.here(), format!("the statement {other}")).hint(instead)),
                None => Err(self.unknown_statement(word)),
            },
        }
    }

    fn unknown_statement(&self, word: &str) -> Diagnostic {
        let known = STATEMENTS.into_iter().chain(unsupported::statements()).chain(["SELECT"]);
        let hint = match nearest(word, known) {
            Some(known) => format!("did you mean {known}?"),
            None => format!("a job file can hold {}", STATEMENTS.join(", ")),
        };
        Diagnostic::error(self.here(), format!("'{word}' begins no statement")).hint(hint)
    }

    /// `SET 'key' = 'value'`; both also bare, as the `SQL` client takes them.
    fn set(&mut self) -> Parsed<StatementKind> {
        let span = self.advance();
        if self.at_end() {
            return Err(unsupported(span, "listing the settings (SET without a key)")
                .hint("a setting is SET 'key' = 'value'; docs/options.md lists them"));
        }
        let key = self.raw_until(|kind| matches!(kind, TokenKind::Mark("=")), "a key")?;
        self.expect_mark("=")?;
        let value = self.raw_until(|_| false, "a value")?;
        Ok(StatementKind::Set(Set { key, value }))
    }

    fn reset(&mut self) -> Parsed<StatementKind> {
        self.advance();
        if self.at_end() {
            return Ok(StatementKind::Reset(None));
        }
        Ok(StatementKind::Reset(Some(self.raw_until(|_| false, "a key")?)))
    }

    /// A quoted text, or the bare text up to `stop` or the end of the statement.
    fn raw_until(&mut self, stop: impl Fn(&TokenKind) -> bool, what: &str) -> Parsed<Text> {
        if matches!(self.peek(), TokenKind::Text(_)) {
            return self.text(what);
        }
        let start = self.here();
        if self.at_end() || stop(self.peek()) {
            return Err(self.unexpected(what));
        }
        while !self.at_end() && !stop(self.peek()) {
            self.advance();
        }
        let span = self.since(start);
        Ok(Text { value: self.source.slice(span).to_owned(), span })
    }

    fn use_statement(&mut self) -> Parsed<StatementKind> {
        self.advance();
        if self.eat_word("CATALOG") {
            return Ok(StatementKind::UseCatalog(self.ident("the name of a catalog")?));
        }
        if self.at_word("MODULES") {
            return Err(unsupported(self.here(), "USE MODULES").hint(unsupported::FUNCTION));
        }
        Ok(StatementKind::UseDatabase(self.object_name("the name of a database")?))
    }

    /// `EXECUTE STATEMENT SET BEGIN …; END` or `EXECUTE INSERT …`.
    fn execute(&mut self) -> Parsed<StatementKind> {
        self.advance();
        if self.at_word("INSERT") {
            return Ok(StatementKind::Insert(Box::new(self.insert()?)));
        }
        if self.at_word("PLAN") {
            return Err(unsupported(self.here(), "EXECUTE PLAN"));
        }
        Ok(StatementKind::StatementSet(self.statement_set()?))
    }

    /// `BEGIN STATEMENT SET; …; END`
    fn begin(&mut self) -> Parsed<StatementKind> {
        self.advance();
        if !self.eat_words(&["STATEMENT", "SET"]) {
            return Err(self.unexpected_word(&["STATEMENT SET"]));
        }
        self.expect_mark(";")?;
        Ok(StatementKind::StatementSet(self.inserts_to_end()?))
    }

    /// `STATEMENT SET BEGIN …; END`
    fn statement_set(&mut self) -> Parsed<Vec<Insert>> {
        if !self.eat_words(&["STATEMENT", "SET"]) {
            return Err(self.unexpected_word(&["STATEMENT SET", "INSERT"]));
        }
        self.expect_word("BEGIN")?;
        self.inserts_to_end()
    }

    /// Inserts, each ended by a semicolon, up to END. A broken one is reported here and the next is read.
    fn inserts_to_end(&mut self) -> Parsed<Vec<Insert>> {
        let start = self.since(self.here());
        let mut inserts = Vec::new();
        loop {
            while self.eat_mark(";") {}
            if self.eat_word("END") {
                return Ok(inserts);
            }
            if self.at_end_of_text() {
                return Err(Diagnostic::error(start, "this statement set has no END").hint("end it with END;"));
            }
            match self.insert_of_set() {
                Ok(insert) => inserts.push(insert),
                Err(error) => self.fail(error),
            }
        }
    }

    fn insert_of_set(&mut self) -> Parsed<Insert> {
        if !self.at_word("INSERT") {
            let error = self.unexpected_word(&["INSERT", "END"]);
            return Err(error.detail("a statement set holds INSERT statements"));
        }
        let insert = self.insert()?;
        self.end_of_statement().map(|()| insert)
    }

    /// `EXPLAIN [PLAN FOR | details] INSERT …` or a statement set.
    fn explain(&mut self) -> Parsed<StatementKind> {
        self.advance();
        if !self.eat_words(&["PLAN", "FOR"]) {
            self.explain_details();
        }
        let inserts = match self.peek() {
            TokenKind::Word(word) if word.eq_ignore_ascii_case("INSERT") => vec![self.insert()?],
            TokenKind::Word(word) if word.eq_ignore_ascii_case("EXECUTE") => {
                self.advance();
                self.statement_set()?
            }
            TokenKind::Word(word) if word.eq_ignore_ascii_case("STATEMENT") => self.statement_set()?,
            TokenKind::Word(word) if word.eq_ignore_ascii_case("SELECT") => {
                return Err(unsupported(self.here(), "EXPLAIN of a query without INSERT INTO")
                    .hint("write EXPLAIN INSERT INTO t SELECT …, where t may have 'connector'='print'"));
            }
            _ => return Err(self.unexpected_word(&["INSERT", "STATEMENT SET"])),
        };
        Ok(StatementKind::Explain(inserts))
    }

    /// Words such as CHANGELOG_MODE, with commas: our EXPLAIN always shows everything it knows.
    fn explain_details(&mut self) {
        const DETAILS: [&str; 5] = ["ESTIMATED_COST", "CHANGELOG_MODE", "JSON_EXECUTION_PLAN", "PLAN_ADVICE", "AST"];
        while DETAILS.iter().any(|detail| self.at_word(detail)) {
            self.advance();
            self.eat_mark(",");
        }
    }
}
