//! AND, OR, NOT, IS …

use rows::LogicalType;

use super::no_bare_null;
use crate::error::TypeError;
use crate::expr::{Expr, Node, Test};
use crate::typing;

impl Expr {
    /// `a AND b AND …`; at least one term.
    pub fn and(terms: Vec<Self>) -> Result<Self, TypeError> {
        junction("AND", terms, Node::And)
    }

    /// `a OR b OR …`; at least one term.
    pub fn or(terms: Vec<Self>) -> Result<Self, TypeError> {
        junction("OR", terms, Node::Or)
    }

    /// `NOT self`; named for the operator.
    #[expect(clippy::should_implement_trait, reason = "it can fail, and SQL's NOT is three-valued")]
    pub fn not(self) -> Result<Self, TypeError> {
        no_bare_null([&self])?;
        if self.ty != LogicalType::Boolean {
            return Err(TypeError::new(format!(
                "Cannot apply 'NOT' to arguments of type 'NOT{}'. Supported form(s): 'NOT<BOOLEAN>'",
                typing::validator_name(&self.ty)
            )));
        }
        let nullable = self.nullable;
        Self::new(Node::Not(Box::new(self)), LogicalType::Boolean, nullable).within_limits()
    }

    /// `self IS [NOT] NULL | TRUE | FALSE`
    pub fn is(self, test: Test) -> Result<Self, TypeError> {
        if !matches!(test, Test::Null | Test::NotNull) && self.ty != LogicalType::Boolean {
            return Err(TypeError::new(format!(
                "Cannot apply '{0}' to arguments of type '{1} {0}'. Supported form(s): '<BOOLEAN> {0}'",
                test.sql(),
                typing::validator_name(&self.ty)
            )));
        }
        Self::new(Node::Is { input: Box::new(self), test }, LogicalType::Boolean, false).within_limits()
    }
}

fn junction(name: &str, terms: Vec<Expr>, node: fn(Vec<Expr>) -> Node) -> Result<Expr, TypeError> {
    no_bare_null(&terms)?;
    if let Some(index) = terms.iter().position(|term| term.ty != LogicalType::Boolean) {
        let types: Vec<String> = terms.iter().map(|term| typing::validator_name(&term.ty)).collect();
        return Err(TypeError::new(format!(
            "Cannot apply '{name}' to arguments of type '{}'. Supported form(s): '<BOOLEAN> {name} <BOOLEAN>'",
            types.join(&format!(" {name} "))
        ))
        .argument(index));
    }
    let nullable = terms.iter().any(|term| term.nullable);
    Expr::new(node(terms), LogicalType::Boolean, nullable).within_limits()
}
