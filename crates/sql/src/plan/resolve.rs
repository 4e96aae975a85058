//! Which columns an expression names, before it is typed, so that every unknown one is told.

use super::scope::{Meaning, Scope};
use crate::ast::{Expr, ExprKind};
use crate::text::Errors;

/// Adds what `expr` names in vain to `errors`.
pub(super) fn resolve(expr: &Expr, scope: &Scope, errors: &mut Errors) {
    if let ExprKind::Column(parts) = &expr.kind {
        errors.take(scope.find(parts).map_err(Errors::from));
    }
    expr.each_child(&mut |child| resolve(child, scope, errors));
}

/// The field whose value an expression hands on: a column, or casts of one that lose nothing, so that different values stay
/// different.
pub(super) fn carried_field(expr: &Expr, scope: &Scope) -> Option<usize> {
    match &expr.kind {
        ExprKind::Column(parts) => match &scope.find(parts).ok()?.meaning {
            Meaning::Field(at) => Some(*at),
            Meaning::Computed(computed) => carried_field(computed, &Scope::of_fields(scope.fields.clone(), None)),
        },
        ExprKind::Cast { operand, ty, attempt: false } => {
            let at = carried_field(operand, scope)?;
            let from = written_type(operand, scope)?;
            super::key::loses_nothing(&from, &ty.ty).then_some(at)
        }
        _ => None,
    }
}

/// The type of a column or of a cast of one.
fn written_type(expr: &Expr, scope: &Scope) -> Option<rows::LogicalType> {
    match &expr.kind {
        ExprKind::Cast { ty, .. } => Some(ty.ty.clone()),
        _ => carried_field(expr, scope).and_then(|at| scope.fields.get(at)).map(|field| field.ty.clone()),
    }
}
