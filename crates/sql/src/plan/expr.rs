//! Expressions as written → typed ones of [`eval`], whose constructors infer types and coerce as Flink does.

use eval::{ArithmeticOp, CompareOp, Expr, Interval, Test, TimeUnit, TrimSide, TypeError};

use super::scope::{Meaning, Scope};
use crate::ast::{self, BinaryOp, ExprKind, Literal, Truth, UnaryOp};
use crate::text::{Diagnostic, Errors, Span};
use crate::unsupported::unsupported;

type Typed = Result<Expr, Errors>;

/// The typed form of an expression over a scope. Its columns are indices into the scope's fields.
pub(super) fn typed(expr: &ast::Expr, scope: &Scope) -> Typed {
    let span = expr.span;
    let over = |operand: &ast::Expr| typed(operand, scope);
    match &expr.kind {
        ExprKind::Literal(literal) => typed_literal(literal, span),
        ExprKind::Column(parts) => match &scope.find(parts)?.meaning {
            Meaning::Field(at) => column(*at, scope, span),
            Meaning::Computed(computed) => typed(computed, &Scope::of_fields(scope.fields.clone(), None)),
        },
        ExprKind::Symbol(_, word) => Err(Diagnostic::error(span, format!("'{}' is no value", word.name)).into()),
        ExprKind::Unary { op, operand } => {
            let result = match (op, &operand.kind) {
                // `-9223372036854775808` is a BIGINT, though without its sign it would be too large.
                (UnaryOp::Minus, ExprKind::Literal(Literal::Number(text))) => Expr::number(&format!("-{text}")),
                (UnaryOp::Minus, _) => over(operand)?.negate(),
                (UnaryOp::Plus, _) => over(operand)?.positive(),
                (UnaryOp::Not, _) => over(operand)?.not(),
            };
            result.map_err(|error| at_operand(error, expr))
        }
        ExprKind::Binary { op, left, right } => binary(*op, left, right, expr, scope),
        ExprKind::And(terms) => Expr::and(all(terms, scope)?).map_err(|error| at_operand(error, expr)),
        ExprKind::Or(terms) => Expr::or(all(terms, scope)?).map_err(|error| at_operand(error, expr)),
        ExprKind::Case { operand, branches, otherwise } => {
            case(operand.as_deref(), branches, otherwise.as_deref(), span, scope)
        }
        ExprKind::Cast { operand, ty, attempt } => {
            let value = over(operand)?;
            let cast = if *attempt { value.try_cast(ty.ty.clone()) } else { value.cast(ty.ty.clone()) };
            cast.map_err(|error| at(error, span))
        }
        ExprKind::Call { function, arguments } => call(&function.name, arguments, expr, scope),
        _ => condition(expr, scope),
    }
}

/// `IS …`, BETWEEN, IN, LIKE.
fn condition(expr: &ast::Expr, scope: &Scope) -> Typed {
    let span = expr.span;
    let over = |operand: &ast::Expr| typed(operand, scope);
    match &expr.kind {
        ExprKind::IsNull { operand, negated } => {
            let test = if *negated { Test::NotNull } else { Test::Null };
            over(operand)?.is(test).map_err(|error| at_operand(error, expr))
        }
        ExprKind::IsTruth { operand, truth, negated } => {
            over(operand)?.is(truth_test(*truth, *negated)).map_err(|error| at_operand(error, expr))
        }
        ExprKind::Between { operand, low, high, negated, symmetric } => {
            let (value, low, high) = (over(operand)?, over(low)?, over(high)?);
            let between = if *symmetric { value.between_symmetric(low, high) } else { value.between(low, high) };
            unless(*negated, between).map_err(|error| at(error, span))
        }
        ExprKind::InList { operand, list, negated } => {
            let result = over(operand)?.in_list(all(list, scope)?);
            unless(*negated, result).map_err(|error| at(error, span))
        }
        ExprKind::Like { operand, pattern, escape, negated, similar } => {
            if *similar {
                return Err(unsupported(span, "SIMILAR TO").hint("LIKE has patterns of % and _").into());
            }
            let escape = escape.as_deref().map(escape_character).transpose()?;
            let result = over(operand)?.like(over(pattern)?, escape);
            unless(*negated, result).map_err(|error| at_operand(error, expr))
        }
        _ => Err(Diagnostic::error(span, "this is no expression").into()),
    }
}

fn case(
    operand: Option<&ast::Expr>,
    branches: &[ast::CaseBranch],
    otherwise: Option<&ast::Expr>,
    span: Span,
    scope: &Scope,
) -> Typed {
    let over = |operand: &ast::Expr| typed(operand, scope);
    let operand = operand.map(over).transpose()?;
    let mut typed_branches = Vec::with_capacity(branches.len());
    for branch in branches {
        typed_branches.push((over(&branch.when)?, over(&branch.then)?));
    }
    let otherwise = otherwise.map(over).transpose()?;
    Expr::case(operand, typed_branches, otherwise).map_err(|error| {
        let branch = error.argument.and_then(|at| branches.get(at)).map_or(span, |branch| branch.when.span);
        at(error, branch)
    })
}

fn all(list: &[ast::Expr], scope: &Scope) -> Result<Vec<Expr>, Errors> {
    let mut errors = Errors::default();
    let typed: Vec<Expr> = list.iter().filter_map(|expr| errors.take(typed(expr, scope))).collect();
    errors.or(typed)
}

fn column(index: usize, scope: &Scope, span: Span) -> Typed {
    match scope.fields.get(index) {
        Some(field) => Ok(Expr::column(index, field)),
        None => Err(Diagnostic::error(span, "this column has no field").into()),
    }
}

fn unless(negated: bool, result: Result<Expr, TypeError>) -> Result<Expr, TypeError> {
    if negated { result?.not() } else { result }
}

fn truth_test(truth: Truth, negated: bool) -> Test {
    match (truth, negated) {
        (Truth::True, false) => Test::True,
        (Truth::True, true) => Test::NotTrue,
        (Truth::False, false) => Test::False,
        (Truth::False, true) => Test::NotFalse,
        (Truth::Unknown, false) => Test::Null,
        (Truth::Unknown, true) => Test::NotNull,
    }
}

fn typed_literal(literal: &Literal, span: Span) -> Typed {
    let result = match literal {
        Literal::Null => Ok(Expr::null()),
        Literal::Boolean(value) => Ok(Expr::boolean(*value)),
        Literal::Number(text) => Expr::number(text),
        Literal::Text(text) => Ok(Expr::string(text.as_str())),
        Literal::Bytes(digits) => Expr::bytes(digits),
        Literal::Temporal("DATE", text) => Expr::date(text),
        Literal::Temporal("TIME", text) => Expr::time(text),
        Literal::Temporal(_, text) => Expr::timestamp(text),
        Literal::Interval { .. } => {
            let error = unsupported(span, "an interval elsewhere than in time + interval or time - interval");
            return Err(error.into());
        }
    };
    result.map_err(|error| at(error, span))
}

fn binary(op: BinaryOp, left: &ast::Expr, right: &ast::Expr, whole: &ast::Expr, scope: &Scope) -> Typed {
    if let Some(shifted) = shifted(op, left, right, whole, scope) {
        return shifted;
    }
    let mut errors = Errors::default();
    let sides = (errors.take(typed(left, scope)), errors.take(typed(right, scope)));
    let (Some(left), Some(right)) = sides else { return Err(errors) };
    let compare = |op| Expr::compare(op, left.clone(), right.clone());
    let arithmetic = |op| Expr::arithmetic(op, left.clone(), right.clone());
    let result = match op {
        BinaryOp::Equal => compare(CompareOp::Equal),
        BinaryOp::NotEqual => compare(CompareOp::NotEqual),
        BinaryOp::Less => compare(CompareOp::Less),
        BinaryOp::LessOrEqual => compare(CompareOp::LessOrEqual),
        BinaryOp::Greater => compare(CompareOp::Greater),
        BinaryOp::GreaterOrEqual => compare(CompareOp::GreaterOrEqual),
        BinaryOp::Distinct => compare(CompareOp::Distinct),
        BinaryOp::NotDistinct => compare(CompareOp::NotDistinct),
        BinaryOp::Add => arithmetic(ArithmeticOp::Add),
        BinaryOp::Subtract => arithmetic(ArithmeticOp::Subtract),
        BinaryOp::Multiply => arithmetic(ArithmeticOp::Multiply),
        BinaryOp::Divide => arithmetic(ArithmeticOp::Divide),
        BinaryOp::Modulo => arithmetic(ArithmeticOp::Modulo),
        BinaryOp::Concat => Expr::concat(left.clone(), right.clone()),
    };
    result.map_err(|error| at_operand(error, whole))
}

/// `time + interval`, `interval + time`, `time - interval`; `None` where neither side is an interval.
fn shifted(op: BinaryOp, left: &ast::Expr, right: &ast::Expr, whole: &ast::Expr, scope: &Scope) -> Option<Typed> {
    let (time, interval, backwards) = match (op, interval(left), interval(right)) {
        (BinaryOp::Add, None, Some(interval)) => (left, interval, false),
        (BinaryOp::Add, Some(interval), None) => (right, interval, false),
        (BinaryOp::Subtract, None, Some(interval)) => (left, interval, true),
        _ => return None,
    };
    let shift = |interval: Interval| -> Typed {
        let interval = if backwards { interval.negated() } else { interval };
        typed(time, scope)?.plus_interval(interval).map_err(|error| at(error, whole.span))
    };
    Some(interval.and_then(shift))
}

fn interval(expr: &ast::Expr) -> Option<Result<Interval, Errors>> {
    let ExprKind::Literal(Literal::Interval { text, from, to }) = &expr.kind else { return None };
    let unit = |name: &str| {
        let error = || Errors::from(Diagnostic::error(expr.span, format!("an interval has no unit {name}")));
        TimeUnit::by_name(name).ok_or_else(error)
    };
    let parse = || {
        let to = to.as_deref().map(unit).transpose()?;
        Interval::parse(text, unit(from)?, to).map_err(|error| at(error, expr.span))
    };
    Some(parse())
}

fn escape_character(expr: &ast::Expr) -> Result<char, Errors> {
    if let ExprKind::Literal(Literal::Text(text)) = &expr.kind {
        let mut chars = text.chars();
        if let (Some(escape), None) = (chars.next(), chars.next()) {
            return Ok(escape);
        }
    }
    Err(Diagnostic::error(expr.span, "ESCAPE takes one character in single quotes").into())
}

fn call(function: &str, arguments: &[ast::Expr], whole: &ast::Expr, scope: &Scope) -> Typed {
    let name = function.to_ascii_uppercase();
    let result = match (name.as_str(), arguments) {
        ("EXTRACT", [unit, value]) => typed(value, scope)?.extract(time_unit(unit)?),
        ("FLOOR", [value, unit]) if is_symbol(unit) => typed(value, scope)?.floor_to(time_unit(unit)?),
        ("CEIL" | "CEILING", [value, unit]) if is_symbol(unit) => typed(value, scope)?.ceil_to(time_unit(unit)?),
        ("TIMESTAMPADD", [unit, amount, time]) => {
            Expr::timestamp_add(time_unit(unit)?, typed(amount, scope)?, typed(time, scope)?)
        }
        ("TIMESTAMPDIFF", [unit, from, to]) => {
            Expr::timestamp_diff(time_unit(unit)?, typed(from, scope)?, typed(to, scope)?)
        }
        ("TRIM", [side, what, text]) if is_symbol(side) => {
            typed(text, scope)?.trim(trim_side(side), Some(typed(what, scope)?))
        }
        ("TRIM", [text]) => typed(text, scope)?.trim(TrimSide::Both, None),
        _ => Expr::call(function, all(arguments, scope)?),
    };
    result.map_err(|error| at_operand(error, whole))
}

fn is_symbol(expr: &ast::Expr) -> bool {
    matches!(expr.kind, ExprKind::Symbol(..))
}

fn symbol_name(expr: &ast::Expr) -> &str {
    match &expr.kind {
        ExprKind::Symbol(_, word) => &word.name,
        _ => "",
    }
}

fn time_unit(expr: &ast::Expr) -> Result<TimeUnit, Errors> {
    let unknown = || Errors::from(Diagnostic::error(expr.span, "expected a unit of time, such as DAY"));
    TimeUnit::by_name(symbol_name(expr)).ok_or_else(unknown)
}

fn trim_side(expr: &ast::Expr) -> TrimSide {
    match symbol_name(expr) {
        "LEADING" => TrimSide::Leading,
        "TRAILING" => TrimSide::Trailing,
        _ => TrimSide::Both,
    }
}

fn at(error: TypeError, span: Span) -> Errors {
    Diagnostic::error(span, error.message).maybe_hint(error.hint).into()
}

/// At the operand or argument that the error names, else at the whole expression.
fn at_operand(error: TypeError, whole: &ast::Expr) -> Errors {
    let mut operands = Vec::new();
    whole.each_child(&mut |child| operands.push(child.span));
    let span = error.argument.and_then(|index| operands.get(index).copied()).unwrap_or(whole.span);
    at(error, span)
}
