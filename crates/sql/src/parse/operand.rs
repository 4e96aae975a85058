//! What operators stand between: literals, names, calls, CASE, parentheses.

use super::cursor::{Parsed, Parser};
use super::words::is_reserved;
use crate::ast::{BARE_FUNCTIONS, CaseBranch, Expr, ExprKind, Ident, Literal};
use crate::lex::TokenKind;
use crate::text::{Diagnostic, Span};
use crate::unsupported::{self, more_than_a_row, unsupported};

impl Parser<'_> {
    pub(super) fn operand(&mut self) -> Parsed<Expr> {
        let start = self.here();
        match self.peek() {
            TokenKind::Number(text) => Ok(self.literal(Literal::Number(text.clone()))),
            TokenKind::Text(text) => Ok(self.literal(Literal::Text(text.clone()))),
            TokenKind::Bytes(digits) => Ok(self.literal(Literal::Bytes(digits.clone()))),
            TokenKind::Mark("(") => self.parenthesised(),
            TokenKind::Mark("*") => {
                Err(Diagnostic::error(start, "'*' stands for all columns only directly behind SELECT"))
            }
            TokenKind::Quoted(_) => self.name_or_call(),
            TokenKind::Word(word) => self.word_operand(&word.to_ascii_uppercase()),
            _ => Err(self.unexpected("an expression")),
        }
    }

    fn literal(&mut self, literal: Literal) -> Expr {
        let span = self.advance();
        Expr::leaf(ExprKind::Literal(literal), span)
    }

    fn parenthesised(&mut self) -> Parsed<Expr> {
        let start = self.advance();
        self.no_subquery()?;
        let mut inner = self.expr()?;
        if self.at_mark(",") {
            return Err(unsupported(self.since(start), "a row of several values"));
        }
        self.expect_mark(")")?;
        inner.span = self.since(start);
        Ok(inner)
    }

    fn word_operand(&mut self, word: &str) -> Parsed<Expr> {
        let start = self.here();
        let text_follows = matches!(self.peek_at(1), TokenKind::Text(_));
        match word {
            "NULL" => Ok(self.literal(Literal::Null)),
            "TRUE" => Ok(self.literal(Literal::Boolean(true))),
            "FALSE" => Ok(self.literal(Literal::Boolean(false))),
            "DATE" if text_follows => self.temporal("DATE"),
            "TIME" if text_follows => self.temporal("TIME"),
            "TIMESTAMP" if text_follows => self.temporal("TIMESTAMP"),
            "INTERVAL" => self.interval(),
            "CASE" => self.case(),
            "CAST" => self.cast(false),
            "TRY_CAST" => self.cast(true),
            "EXISTS" | "UNIQUE" | "CURSOR" => {
                Err(unsupported(start, "a subquery in an expression").hint(unsupported::SUBQUERY))
            }
            "ROW" | "ARRAY" | "MAP" | "MULTISET" if self.mark_at(1, "[") || word == "ROW" => {
                Err(unsupported(start, format!("a value of type {word}")))
            }
            _ if BARE_FUNCTIONS.contains(&word) => self.bare_call(),
            _ if self.mark_at(1, "(") => self.call(word),
            _ if is_reserved(word) => {
                Err(self.ident("an expression").err().unwrap_or_else(|| self.unexpected("an expression")))
            }
            _ => self.name_or_call(),
        }
    }

    fn temporal(&mut self, keyword: &'static str) -> Parsed<Expr> {
        let start = self.advance();
        let text = self.text("a literal")?;
        Ok(Expr::leaf(ExprKind::Literal(Literal::Temporal(keyword, text.value)), self.since(start)))
    }

    /// `INTERVAL '1' DAY`, `INTERVAL '1-2' YEAR TO MONTH`
    fn interval(&mut self) -> Parsed<Expr> {
        let start = self.advance();
        let text = self.text("the length of an interval")?.value;
        let from = self.interval_unit()?;
        let to = if self.eat_word("TO") { Some(self.interval_unit()?) } else { None };
        Ok(Expr::leaf(ExprKind::Literal(Literal::Interval { text, from, to }), self.since(start)))
    }

    fn interval_unit(&mut self) -> Parsed<String> {
        const UNITS: [&str; 8] = ["YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND"];
        let singular = |word: &str| {
            let upper = word.to_ascii_uppercase();
            UNITS.into_iter().find(|unit| upper == *unit || upper.strip_suffix('S') == Some(unit))
        };
        let TokenKind::Word(word) = self.peek() else { return Err(self.unexpected_word(&UNITS)) };
        let Some(unit) = singular(word) else { return Err(self.unexpected_word(&UNITS)) };
        self.advance();
        if self.at_mark("(") {
            return Err(unsupported(self.here(), "a precision in an interval").hint("leave it out"));
        }
        Ok(unit.to_owned())
    }

    fn case(&mut self) -> Parsed<Expr> {
        let start = self.advance();
        let operand = if self.at_word("WHEN") { None } else { Some(Box::new(self.expr()?)) };
        let mut branches = Vec::new();
        while self.eat_word("WHEN") {
            let when = self.expr()?;
            if operand.is_some() && self.at_mark(",") {
                return Err(unsupported(self.here(), "a list behind WHEN").hint("write a WHEN for each value"));
            }
            self.expect_word("THEN")?;
            branches.push(CaseBranch { when, then: self.expr()? });
        }
        if branches.is_empty() {
            return Err(self.unexpected_word(&["WHEN"]));
        }
        let otherwise = if self.eat_word("ELSE") { Some(Box::new(self.expr()?)) } else { None };
        if !self.eat_word("END") {
            return Err(self.unexpected_word(if otherwise.is_some() { &["END"] } else { &["WHEN", "ELSE", "END"] }));
        }
        self.node(ExprKind::Case { operand, branches, otherwise }, start)
    }

    fn cast(&mut self, attempt: bool) -> Parsed<Expr> {
        let start = self.advance();
        self.expect_mark("(")?;
        let operand = Box::new(self.expr()?);
        self.expect_word("AS")?;
        let ty = self.cast_type()?;
        self.expect_mark(")")?;
        self.node(ExprKind::Cast { operand, ty, attempt }, start)
    }

    /// `CURRENT_DATE`, also with empty parentheses.
    fn bare_call(&mut self) -> Parsed<Expr> {
        let span = self.here();
        let name = self.source.slice(span).to_owned();
        self.advance();
        if self.eat_mark("(") {
            self.expect_mark(")")?;
        }
        let function = Ident { name, span };
        self.node(ExprKind::Call { function, arguments: Vec::new() }, span)
    }

    fn name_or_call(&mut self) -> Parsed<Expr> {
        let name = self.object_name("an expression")?;
        if self.at_mark("(") {
            return Err(
                unsupported(name.span, "a function with a quoted or qualified name").hint(unsupported::FUNCTION)
            );
        }
        Ok(Expr::leaf(ExprKind::Column(name.parts), name.span))
    }

    /// The arguments of an ordinary function and its end, behind `(`.
    pub(super) fn arguments(&mut self, function: Ident, start: Span) -> Parsed<Expr> {
        let mut arguments = Vec::new();
        if self.at_mark("*") || self.at_word("DISTINCT") {
            return Err(self.of_many_rows(&function, start));
        }
        if !self.at_mark(")") {
            arguments.push(self.argument()?);
            while self.eat_mark(",") {
                arguments.push(self.argument()?);
            }
        }
        self.finish_call(function, arguments, start)
    }

    /// `COUNT(*)`, `SUM(DISTINCT …)`: what such an argument stands in takes more than one row.
    fn of_many_rows(&mut self, function: &Ident, start: Span) -> Diagnostic {
        let argument = self.advance();
        self.eat_mark(")");
        more_than_a_row(&function.name, self.since(start)).unwrap_or_else(|| {
            let what = self.source.slice(argument).to_ascii_uppercase();
            unsupported(argument, format!("{what} as an argument")).hint(unsupported::AGGREGATE)
        })
    }

    /// At the closing parenthesis of a call.
    pub(super) fn finish_call(&mut self, function: Ident, arguments: Vec<Expr>, start: Span) -> Parsed<Expr> {
        if !self.at_mark(")") {
            return Err(self.unexpected("',' or ')'"));
        }
        self.advance();
        if let Some((_, what, instead)) = unsupported::CALL_CLAUSES.iter().find(|(word, ..)| self.at_word(word)) {
            return Err(unsupported(self.here(), what).hint(*instead));
        }
        if let Some(error) = more_than_a_row(&function.name, self.since(start)) {
            return Err(error);
        }
        self.node(ExprKind::Call { function, arguments }, start)
    }

    fn argument(&mut self) -> Parsed<Expr> {
        self.no_subquery()?;
        if self.mark_at(1, "=>") {
            return Err(unsupported(self.here(), "a named argument").hint("give the arguments in their order"));
        }
        self.expr()
    }
}
