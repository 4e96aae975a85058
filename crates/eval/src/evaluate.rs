//! Walking the tree over one batch.
//!
//! Flink evaluates row by row and lazily: a branch of CASE that is not taken cannot fail. Here every node is evaluated over the
//! whole batch, with the set of rows that count (`Frame::active`): kernels report errors of those rows only and may leave
//! anything in the others.

use arrow_array::{Array, ArrayRef, BooleanArray, new_null_array};
use arrow_buffer::BooleanBuffer;

use crate::error::{EvalError, RowError};
use crate::expr::{Expr, Node};
use crate::kernel::args::{Args, Frame};
use crate::kernel::{arithmetic, cast, choose, compare, logic};
use crate::value::Value;

/// Evaluates `expr` over the columns.
pub(crate) fn evaluate(expr: &Expr, columns: &[ArrayRef], frame: Frame<'_>) -> Result<Value, EvalError> {
    match &expr.node {
        Node::Column { index, .. } => Ok(Value::column(columns[*index].clone())),
        Node::Literal(scalar) => Ok(Value { array: scalar.to_array(&expr.ty), constant: true }),
        Node::And(terms) => junction(terms, columns, frame, logic::Junction::And),
        Node::Or(terms) => junction(terms, columns, frame, logic::Junction::Or),
        Node::Coalesce(args) => coalesce(expr, args, columns, frame),
        Node::Case { branches, otherwise } => case(expr, branches, otherwise, columns, frame),
        Node::Cast { input, .. } | Node::Not(input) | Node::Negate(input) | Node::Is { input, .. } => {
            let values = [evaluate(input, columns, frame)?];
            apply(expr, &values, frame)
        }
        Node::Compare { left, right, .. } | Node::Arithmetic { left, right, .. } => {
            let values = [evaluate(left, columns, frame)?, evaluate(right, columns, frame)?];
            apply(expr, &values, frame)
        }
        Node::Call(call) => {
            let values = call.args.iter().map(|arg| evaluate(arg, columns, frame)).collect::<Result<Vec<_>, _>>()?;
            apply(expr, &values, frame)
        }
    }
}

/// Applies the node's own kernel to its operands: once, if all of them are constant.
fn apply(expr: &Expr, values: &[Value], frame: Frame<'_>) -> Result<Value, EvalError> {
    let constant = values.iter().all(|value| value.constant);
    let mut frame = frame;
    let mut first_active = 0;
    if constant {
        first_active = match frame.active {
            None => 0,
            Some(active) => active.set_indices().next().unwrap_or(usize::MAX),
        };
        if first_active == usize::MAX || frame.rows == 0 {
            return Ok(Value { array: new_null_array(&expr.ty.arrow(), 1), constant: true });
        }
        frame = Frame { rows: 1, active: None, ..frame };
    }
    let args = Args { values, frame, ty: &expr.ty, symbol: None };
    let array = match &expr.node {
        Node::Cast { input, failure } => cast::cast(&args, &input.ty, *failure),
        Node::Not(_) => Ok(logic::not(&args)),
        Node::Negate(_) => Ok(arithmetic::negate(&args)),
        Node::Is { test, .. } => Ok(logic::is(&args, *test)),
        Node::Compare { op, left, right } => Ok(compare::compare(&args, *op, &left.ty, &right.ty)),
        Node::Arithmetic { op, left, right } => arithmetic::arithmetic(&args, *op, &left.ty, &right.ty),
        Node::Call(call) => (call.kernel)(&Args { symbol: call.symbol, ..args }),
        Node::Column { .. } | Node::Literal(_) | Node::And(_) | Node::Or(_) | Node::Coalesce(_) | Node::Case { .. } => {
            Err(RowError::new(0, "the expression has no kernel"))
        }
    };
    match array {
        Ok(array) => Ok(Value { array, constant }),
        Err(RowError { row, reason }) => Err(EvalError::of(expr, if constant { first_active } else { row }, reason)),
    }
}

/// AND and OR stop at the first term that decides: later terms do not count for its rows.
fn junction(terms: &[Expr], columns: &[ArrayRef], frame: Frame<'_>, kind: logic::Junction) -> Result<Value, EvalError> {
    let mut result: Option<logic::Truth> = None;
    for term in terms {
        let open = result.as_ref().map(|so_far| so_far.undecided(kind, frame.active));
        let inner = Frame { active: open.as_ref().or(frame.active), ..frame };
        if open.as_ref().is_some_and(|open| open.count_set_bits() == 0) {
            break;
        }
        let truth = logic::Truth::of(&evaluate(term, columns, inner)?, frame.rows);
        result = Some(match result {
            None => truth,
            Some(so_far) => so_far.join(kind, &truth),
        });
    }
    let array = result.map_or_else(|| BooleanArray::new_null(frame.rows), logic::Truth::into_array);
    Ok(Value::column(std::sync::Arc::new(array)))
}

fn case(
    expr: &Expr,
    branches: &[(Expr, Expr)],
    otherwise: &Expr,
    columns: &[ArrayRef],
    frame: Frame<'_>,
) -> Result<Value, EvalError> {
    let mut open = frame.active.cloned().unwrap_or_else(|| BooleanBuffer::new_set(frame.rows));
    let mut choices = choose::Choices::new(frame.rows);
    for (when, then) in branches {
        if open.count_set_bits() == 0 {
            break;
        }
        let condition = evaluate(when, columns, Frame { active: Some(&open), ..frame })?;
        let taken = logic::Truth::of(&condition, frame.rows).is_true() & &open;
        if taken.count_set_bits() > 0 {
            choices.add(&taken, evaluate(then, columns, Frame { active: Some(&taken), ..frame })?);
        }
        open = &open & &!&taken;
    }
    if open.count_set_bits() > 0 {
        choices.add(&open, evaluate(otherwise, columns, Frame { active: Some(&open), ..frame })?);
    }
    match choices.into_array(&expr.ty) {
        Ok(array) => Ok(Value::column(array)),
        Err(RowError { row, reason }) => Err(EvalError::of(expr, row, reason)),
    }
}

/// Later arguments do not count for rows that have a value.
fn coalesce(expr: &Expr, args: &[Expr], columns: &[ArrayRef], frame: Frame<'_>) -> Result<Value, EvalError> {
    let mut open = frame.active.cloned().unwrap_or_else(|| BooleanBuffer::new_set(frame.rows));
    let mut choices = choose::Choices::new(frame.rows);
    for (index, arg) in args.iter().enumerate() {
        let value = evaluate(arg, columns, Frame { active: Some(&open), ..frame })?;
        if index == 0 && frame.active.is_none() && !value.constant && value.array.null_count() == 0 {
            return Ok(value);
        }
        let found = match value.nulls() {
            Err(_) => continue,
            Ok(None) => open.clone(),
            Ok(Some(nulls)) => &open & nulls.inner(),
        };
        choices.add(&found, value);
        open = &open & &!&found;
        if open.count_set_bits() == 0 {
            break;
        }
    }
    match choices.into_array(&expr.ty) {
        Ok(array) => Ok(Value::column(array)),
        Err(RowError { row, reason }) => Err(EvalError::of(expr, row, reason)),
    }
}

/// A column of `rows` rows: constants are repeated.
pub(crate) fn materialise(value: Value, expr: &Expr, frame: Frame<'_>) -> Result<ArrayRef, EvalError> {
    if !value.constant {
        return Ok(value.array);
    }
    choose::repeat(&value.array, frame.rows, frame.column_bytes_max)
        .map_err(|RowError { row, reason }| EvalError { hint: None, ..EvalError::of(expr, row, reason) })
}
