//! Functions with a syntax of their own. All become ordinary calls; keywords among their arguments become symbols.

use super::cursor::{Parsed, Parser};
use crate::ast::{Expr, ExprKind, Ident, SymbolKind};
use crate::lex::TokenKind;

const UNITS: [&str; 19] = [
    "MILLENNIUM",
    "CENTURY",
    "DECADE",
    "YEAR",
    "ISOYEAR",
    "QUARTER",
    "MONTH",
    "WEEK",
    "DAY",
    "DOW",
    "ISODOW",
    "DOY",
    "HOUR",
    "MINUTE",
    "SECOND",
    "MILLISECOND",
    "MICROSECOND",
    "NANOSECOND",
    "EPOCH",
];

const TRIM_SIDES: [&str; 3] = ["BOTH", "LEADING", "TRAILING"];

impl Parser<'_> {
    /// A call of the function that `word` names, in capitals; the parenthesis comes next.
    pub(super) fn call(&mut self, word: &str) -> Parsed<Expr> {
        let start = self.here();
        let function = Ident { name: self.source.slice(start).to_owned(), span: start };
        self.advance();
        self.expect_mark("(")?;
        match word {
            "EXTRACT" => {
                let unit = self.unit()?;
                self.expect_word("FROM")?;
                let operand = self.expr()?;
                self.finish_call(function, vec![unit, operand], start)
            }
            "TIMESTAMPADD" | "TIMESTAMPDIFF" => {
                let unit = self.unit()?;
                let mut arguments = vec![unit];
                while self.eat_mark(",") {
                    arguments.push(self.expr()?);
                }
                self.finish_call(function, arguments, start)
            }
            "FLOOR" | "CEIL" | "CEILING" => {
                let mut arguments = vec![self.expr()?];
                if self.eat_word("TO") {
                    arguments.push(self.unit()?);
                }
                self.finish_call(function, arguments, start)
            }
            "TRIM" => {
                let arguments = self.trim_arguments()?;
                self.finish_call(function, arguments, start)
            }
            "POSITION" => self.worded(function, &["IN", "FROM"]),
            "OVERLAY" => self.worded(function, &["PLACING", "FROM", "FOR"]),
            "SUBSTRING" => self.worded(function, &["FROM", "FOR"]),
            _ => self.arguments(function, start),
        }
    }

    /// Arguments divided by these words in turn, or by commas.
    fn worded(&mut self, function: Ident, words: &[&str]) -> Parsed<Expr> {
        let start = function.span;
        // POSITION's first IN is a divider, not the operator, so its operand binds tighter.
        let mut arguments = vec![if words.first() == Some(&"IN") { self.tight()? } else { self.expr()? }];
        for word in words {
            if !self.eat_word(word) && !self.eat_mark(",") {
                break;
            }
            arguments.push(self.expr()?);
        }
        self.finish_call(function, arguments, start)
    }

    /// `TRIM([BOTH | LEADING | TRAILING] [what] FROM text)` or `TRIM(text)`; the long form gives side, what, text.
    fn trim_arguments(&mut self) -> Parsed<Vec<Expr>> {
        let side_span = self.here();
        let written = TRIM_SIDES.into_iter().find(|side| self.at_word(side));
        let side = |name: &str| {
            let ident = Ident { name: name.to_owned(), span: side_span };
            Expr::leaf(ExprKind::Symbol(SymbolKind::TrimSide, ident), side_span)
        };
        let blank = || Expr::leaf(ExprKind::Literal(crate::ast::Literal::Text(" ".to_owned())), side_span);
        if written.is_some() {
            self.advance();
        }
        let first = if self.at_word("FROM") { None } else { Some(self.expr()?) };
        if self.eat_word("FROM") {
            let text = self.expr()?;
            return Ok(vec![side(written.unwrap_or("BOTH")), first.unwrap_or_else(blank), text]);
        }
        match (written, first) {
            (None, Some(text)) => {
                let mut arguments = vec![text];
                while self.eat_mark(",") {
                    arguments.push(self.expr()?);
                }
                Ok(arguments)
            }
            (Some(side_name), Some(text)) if self.at_mark(")") => Ok(vec![side(side_name), blank(), text]),
            _ => Err(self.unexpected_word(&["FROM"])),
        }
    }

    fn unit(&mut self) -> Parsed<Expr> {
        let span = self.here();
        let known = |word: &str| {
            let upper = word.to_ascii_uppercase();
            let plain = upper.strip_prefix("SQL_TSI_").unwrap_or(&upper).to_owned();
            UNITS.into_iter().find(|unit| *unit == plain)
        };
        let unit = match self.peek() {
            TokenKind::Word(word) => known(word),
            _ => None,
        };
        let Some(unit) = unit else {
            let meant = self.unexpected_word(&UNITS).hint;
            return Err(self.unexpected("a unit of time").hint("such as DAY").maybe_hint(meant));
        };
        self.advance();
        Ok(Expr::leaf(ExprKind::Symbol(SymbolKind::Unit, Ident { name: unit.to_owned(), span }), span))
    }
}
