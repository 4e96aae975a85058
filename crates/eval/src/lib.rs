//! Flink's expressions.
/// An expression.
#[derive(Clone, Debug)]
pub struct Expr;
