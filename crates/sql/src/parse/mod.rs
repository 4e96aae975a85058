//! Tokens → statements, by recursive descent; expressions by precedence climbing ([`expr`]).
//!
//! A statement that cannot be read costs itself alone: the parser goes on after the next semicolon, so that several
//! errors are reported together. Everything of Flink's that is not supported is an error with its place.
//! Invariant: nesting is limited ([`cursor::DEPTH_MAX`], [`cursor::HEIGHT_MAX`]), so that nothing that walks a tree overflows the stack.

mod column;
mod create;
mod cursor;
mod expr;
mod operand;
mod options;
mod query;
mod special;
mod statement;
#[cfg(test)]
mod tests;
mod type_name;
mod words;

use crate::ast::{Expr, Statement};
use crate::lex::tokenize;
use crate::text::{Diagnostic, SourceText};
use cursor::Parser;

/// The statements of a text, and what is wrong with it.
pub(crate) fn parse(source: &mut SourceText) -> (Vec<Statement>, Vec<Diagnostic>) {
    let (tokens, mut errors) = tokenize(source);
    let mut parser = Parser::new(source, &tokens);
    let statements = parser.script();
    // What the lexer could not read often makes nonsense of what surrounds it: one message is enough.
    if errors.is_empty() {
        errors = parser.into_errors();
    }
    (statements, errors)
}

/// One expression alone, with nothing after it.
pub(crate) fn parse_expr(source: &mut SourceText) -> Result<Expr, Diagnostic> {
    let (tokens, errors) = tokenize(source);
    if let Some(error) = errors.into_iter().next() {
        return Err(error);
    }
    let mut parser = Parser::new(source, &tokens);
    let expr = parser.expr()?;
    if parser.at_end_of_text() { Ok(expr) } else { Err(parser.unexpected("the end of the expression")) }
}
