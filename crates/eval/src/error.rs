//! What is wrong with an expression, and what went wrong while one was evaluated.

use std::fmt;

use crate::expr::{Expr, Node};
use crate::operators::ArithmeticOp;

/// An expression that has no meaning. The caller knows where in the SQL text it stands and adds that.
///
/// Worded like Flink's validation errors where Flink has one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TypeError {
    pub message: String,
    pub hint: Option<String>,
    /// The operand or argument at fault, from 0, where it is one.
    pub argument: Option<usize>,
}

impl TypeError {
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, argument: None }
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub fn argument(mut self, index: usize) -> Self {
        self.argument = Some(index);
        self
    }
}

/// A row for which an expression has no value: a division by zero, a text that is no number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason} in {expression}")]
pub struct EvalError {
    /// Which expression of the program, from 0; 0 of a predicate.
    pub output: usize,
    /// The smallest expression that failed, as SQL.
    pub expression: String,
    /// The row of the batch, from 0.
    pub row: usize,
    /// Worded like Flink's, lower case.
    pub reason: String,
    /// How to write the smallest expression so that it cannot fail, where there is a way.
    pub hint: Option<String>,
}

impl EvalError {
    pub(crate) fn of(expr: &Expr, row: usize, reason: String) -> Self {
        Self { output: 0, expression: expr.to_string(), row, reason, hint: without_failure(expr) }
    }
}

fn without_failure(expr: &Expr) -> Option<String> {
    match &expr.node {
        Node::Cast { input, .. } => Some(format!("TRY_CAST({input} AS {}) gives NULL where CAST fails", expr.ty)),
        Node::Arithmetic { op: ArithmeticOp::Divide | ArithmeticOp::Modulo, right, .. } => {
            Some(format!("NULLIF({right}, 0) as the divisor gives NULL where it is zero"))
        }
        _ => None,
    }
}

/// As kernels report it: they do not know the expression they serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RowError {
    pub(crate) row: usize,
    pub(crate) reason: String,
}

impl RowError {
    pub(crate) fn new(row: usize, reason: impl fmt::Display) -> Self {
        Self { row, reason: reason.to_string() }
    }
}
