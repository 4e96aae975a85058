//! One expression alone, over columns that are given.

use std::sync::Arc;

use eval::Expr;
use rows::Schema;

use super::expr::typed;
use super::resolve::resolve;
use super::scope::Scope;
use crate::parse::parse_expr;
use crate::text::{Diagnostics, Errors, SourceText};

/// Reads and types one expression, such as `UPPER(name) || '!'`, over the columns of a schema. What is said about it names
/// the place as `expression:line:column`.
pub fn expression(text: &str, schema: &Schema) -> Result<Expr, Diagnostics> {
    let mut source = SourceText::new("expression", text);
    let result = parse_expr(&mut source).map_err(Errors::from).and_then(|expr| {
        let scope = Scope::of_fields(schema.fields.clone(), None);
        let mut errors = Errors::default();
        resolve(&expr, &scope, &mut errors);
        errors.or(())?;
        typed(&expr, &scope)
    });
    result.map_err(|errors| Diagnostics::new(Arc::new(source), errors.0))
}
