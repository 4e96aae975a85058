//! Operators, by precedence climbing.

use super::cursor::{HEIGHT_MAX, Parsed, Parser};
use crate::ast::{BinaryOp, Expr, ExprKind, Truth, UnaryOp, precedence};
use crate::lex::TokenKind;
use crate::text::{Diagnostic, Span};
use crate::unsupported::{self, unsupported};

impl Parser<'_> {
    pub(super) fn expr(&mut self) -> Parsed<Expr> {
        self.binding(precedence::LOWEST)
    }

    /// An expression that no IN ends.
    pub(super) fn tight(&mut self) -> Parsed<Expr> {
        self.binding(precedence::SUM)
    }

    /// An expression whose operators all bind at least as tightly as `at_least`.
    fn binding(&mut self, at_least: u8) -> Parsed<Expr> {
        self.nested(|this| {
            let mut left = this.prefix()?;
            while let Some(joined) = this.infix(at_least)? {
                left = joined.finish(this, left)?;
            }
            Ok(left)
        })
    }

    fn prefix(&mut self) -> Parsed<Expr> {
        let start = self.here();
        let (op, binds) = match self.peek() {
            TokenKind::Mark("-") => (UnaryOp::Minus, precedence::SIGN),
            TokenKind::Mark("+") => (UnaryOp::Plus, precedence::SIGN),
            TokenKind::Word(word) if word.eq_ignore_ascii_case("NOT") => (UnaryOp::Not, precedence::NOT),
            _ => return self.operand(),
        };
        self.advance();
        let operand = Box::new(self.binding(binds)?);
        self.node(ExprKind::Unary { op, operand }, start)
    }

    /// The operator that comes next, if it binds tightly enough. Reads it.
    fn infix(&mut self, at_least: u8) -> Parsed<Option<Infix>> {
        let Some((infix, words)) = self.peek_infix()? else { return Ok(None) };
        if infix.precedence() < at_least {
            return Ok(None);
        }
        for _ in 0..words {
            self.advance();
        }
        Ok(Some(infix))
    }

    /// The operator that comes next and of how many tokens it is.
    fn peek_infix(&self) -> Parsed<Option<(Infix, usize)>> {
        let word = match self.peek() {
            TokenKind::Mark(mark) => return self.peek_mark(mark),
            TokenKind::Word(word) => word.to_ascii_uppercase(),
            _ => return Ok(None),
        };
        let negated = word == "NOT";
        let ahead = usize::from(negated);
        let infix = match word.as_str() {
            "AND" => Infix::And,
            "OR" => Infix::Or,
            "IS" => return self.peek_is(),
            _ if self.word_at(ahead, "BETWEEN") => Infix::Between { negated },
            _ if self.word_at(ahead, "IN") => Infix::In { negated },
            _ if self.word_at(ahead, "LIKE") => Infix::Like { negated, similar: false },
            _ if self.word_at(ahead, "SIMILAR") && self.word_at(ahead + 1, "TO") => {
                return Ok(Some((Infix::Like { negated, similar: true }, ahead + 2)));
            }
            "OVERLAPS" | "CONTAINS" | "MEMBER" | "SUBMULTISET" | "MULTISET" | "RLIKE" | "ILIKE" => {
                return Err(unsupported(self.here(), format!("the operator {word}")));
            }
            _ => return Ok(None),
        };
        Ok(Some((infix, ahead + 1)))
    }

    fn peek_mark(&self, mark: &str) -> Parsed<Option<(Infix, usize)>> {
        let op = match mark {
            "=" => BinaryOp::Equal,
            "<>" | "!=" => BinaryOp::NotEqual,
            "<" => BinaryOp::Less,
            "<=" => BinaryOp::LessOrEqual,
            ">" => BinaryOp::Greater,
            ">=" => BinaryOp::GreaterOrEqual,
            "+" => BinaryOp::Add,
            "-" => BinaryOp::Subtract,
            "*" => BinaryOp::Multiply,
            "/" => BinaryOp::Divide,
            "%" => BinaryOp::Modulo,
            "||" => BinaryOp::Concat,
            "[" => return Err(unsupported(self.here(), "access to an element")),
            "::" => {
                return Err(Diagnostic::error(self.here(), "'::' has no meaning in Flink SQL")
                    .hint("a cast is written CAST(value AS type)"));
            }
            _ => return Ok(None),
        };
        Ok(Some((Infix::Binary(op), 1)))
    }

    /// At IS.
    fn peek_is(&self) -> Parsed<Option<(Infix, usize)>> {
        let negated = self.word_at(1, "NOT");
        let ahead = 1 + usize::from(negated);
        let infix = if self.word_at(ahead, "NULL") {
            Infix::IsNull { negated }
        } else if self.word_at(ahead, "TRUE") {
            Infix::IsTruth { truth: Truth::True, negated }
        } else if self.word_at(ahead, "FALSE") {
            Infix::IsTruth { truth: Truth::False, negated }
        } else if self.word_at(ahead, "UNKNOWN") {
            Infix::IsTruth { truth: Truth::Unknown, negated }
        } else if self.word_at(ahead, "DISTINCT") && self.word_at(ahead + 1, "FROM") {
            let op = if negated { BinaryOp::NotDistinct } else { BinaryOp::Distinct };
            return Ok(Some((Infix::Binary(op), ahead + 2)));
        } else {
            let what = "NULL, TRUE, FALSE, UNKNOWN or DISTINCT FROM";
            return Err(Diagnostic::error(self.here(), format!("behind IS and IS NOT stands {what}")));
        };
        Ok(Some((infix, ahead + 1)))
    }

    /// A node from `start` to here, if the tree does not become too deep.
    pub(super) fn node(&self, kind: ExprKind, start: Span) -> Parsed<Expr> {
        let node = Expr::node(kind, self.since(start));
        if node.height <= HEIGHT_MAX {
            return Ok(node);
        }
        let error = Diagnostic::error(node.span, format!("more than {HEIGHT_MAX} operators in one chain"));
        Err(error.hint("split it over several views, or use CONCAT"))
    }
}

/// An operator that was read, its left operand too, its others not yet.
enum Infix {
    Binary(BinaryOp),
    And,
    Or,
    IsNull { negated: bool },
    IsTruth { truth: Truth, negated: bool },
    Between { negated: bool },
    In { negated: bool },
    Like { negated: bool, similar: bool },
}

impl Infix {
    fn precedence(&self) -> u8 {
        match self {
            Self::Binary(op) => op.precedence(),
            Self::And => precedence::AND,
            Self::Or => precedence::OR,
            Self::IsNull { .. } | Self::IsTruth { .. } => precedence::IS,
            Self::Between { .. } | Self::In { .. } | Self::Like { .. } => precedence::RANGE,
        }
    }

    /// Reads the other operands.
    fn finish(self, parser: &mut Parser<'_>, left: Expr) -> Parsed<Expr> {
        let start = left.span;
        let above = self.precedence() + 1;
        let kind = match self {
            Self::Binary(op) => ExprKind::Binary { op, left: Box::new(left), right: Box::new(parser.binding(above)?) },
            Self::And => ExprKind::And(chain(parser, left, "AND", above)?),
            Self::Or => ExprKind::Or(chain(parser, left, "OR", above)?),
            Self::IsNull { negated } => ExprKind::IsNull { operand: Box::new(left), negated },
            Self::IsTruth { truth, negated } => ExprKind::IsTruth { operand: Box::new(left), truth, negated },
            Self::Between { negated } => between(parser, left, negated)?,
            Self::In { negated } => {
                parser.in_list_ahead()?;
                let list = parser.list(Parser::expr)?;
                ExprKind::InList { operand: Box::new(left), list, negated }
            }
            Self::Like { negated, similar } => {
                let pattern = Box::new(parser.binding(above)?);
                let escape = if parser.eat_word("ESCAPE") { Some(Box::new(parser.binding(above)?)) } else { None };
                ExprKind::Like { operand: Box::new(left), pattern, escape, negated, similar }
            }
        };
        parser.node(kind, start)
    }
}

/// `left AND b AND c …`, flat. A first operand in parentheses stays a node of its own.
fn chain(parser: &mut Parser<'_>, left: Expr, word: &str, above: u8) -> Parsed<Vec<Expr>> {
    let mut terms = vec![left, parser.binding(above)?];
    while parser.eat_word(word) {
        terms.push(parser.binding(above)?);
    }
    Ok(terms)
}

fn between(parser: &mut Parser<'_>, left: Expr, negated: bool) -> Parsed<ExprKind> {
    let symmetric = parser.eat_word("SYMMETRIC");
    if !symmetric {
        parser.eat_word("ASYMMETRIC");
    }
    let low = Box::new(parser.binding(precedence::RANGE + 1)?);
    parser.expect_word("AND")?;
    let high = Box::new(parser.binding(precedence::RANGE + 1)?);
    Ok(ExprKind::Between { operand: Box::new(left), low, high, negated, symmetric })
}

impl Parser<'_> {
    fn in_list_ahead(&self) -> Parsed<()> {
        if self.at_mark("(") && self.word_at(1, "SELECT") {
            return Err(unsupported(self.here(), "a subquery in an expression").hint(unsupported::SUBQUERY));
        }
        Ok(())
    }
}
