//! Constructors of [`crate::Expr`]: type inference and implicit casts, as Flink's validator and code generator do them.

mod arithmetic;
mod call;
mod cast;
mod compare;
mod conditional;
mod literal;
mod logic;
mod time;

pub(crate) use call::{strict, wrong_arguments};
pub(crate) use conditional::{coalesce, greatest, if_else, least, null_if};

use rows::LogicalType;

use crate::error::TypeError;
use crate::expr::{Expr, Node};

impl Expr {
    /// A column of the input.
    pub fn column(index: usize, field: &rows::Field) -> Self {
        Self::new(Node::Column { index, name: field.name.clone() }, field.ty.clone(), field.nullable)
    }

    fn is_bare_null(&self) -> bool {
        self.ty == LogicalType::Null
    }
}

/// Flink refuses a NULL whose type nothing tells.
pub(crate) fn no_bare_null<'a>(operands: impl IntoIterator<Item = &'a Expr>) -> Result<(), TypeError> {
    match operands.into_iter().position(Expr::is_bare_null) {
        None => Ok(()),
        Some(index) => {
            Err(TypeError::new("Illegal use of 'NULL'").hint("give it a type: CAST(NULL AS STRING)").argument(index))
        }
    }
}
