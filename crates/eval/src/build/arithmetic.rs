//! `+ - * / %`, signs and `||`.

use rows::LogicalType;
use rows::types::UNBOUNDED;

use super::call::{strict, wrong_operands};
use super::no_bare_null;
use crate::error::TypeError;
use crate::expr::{ArithmeticOp, Expr, Node};
use crate::kernel::text::join;
use crate::typing::{self, common, decimal, is_approximate, is_integer, is_numeric, is_text};

const SUM_FORMS: &[&str] = &[
    "'<NUMERIC> {op} <NUMERIC>'",
    "'<DATETIME_INTERVAL> {op} <DATETIME_INTERVAL>'",
    "'<DATETIME> {op} <DATETIME_INTERVAL>'",
    "'<DATETIME_INTERVAL> {op} <DATETIME>'",
];
const DIFFERENCE_FORMS: &[&str] = &[
    "'<NUMERIC> {op} <NUMERIC>'",
    "'<DATETIME_INTERVAL> {op} <DATETIME_INTERVAL>'",
    "'<DATETIME> {op} <DATETIME_INTERVAL>'",
];
const NUMBER_FORMS: &[&str] = &["'<NUMERIC> {op} <NUMERIC>'"];

impl Expr {
    /// `left op right` over numbers; times and intervals go to [`Expr::plus_interval`].
    pub fn arithmetic(op: ArithmeticOp, left: Self, right: Self) -> Result<Self, TypeError> {
        no_bare_null([&left, &right])?;
        if !is_numeric(&left.ty) || !is_numeric(&right.ty) {
            let forms = match op {
                ArithmeticOp::Add => SUM_FORMS,
                ArithmeticOp::Subtract => DIFFERENCE_FORMS,
                _ => NUMBER_FORMS,
            };
            return Err(wrong_operands(op.sql(), &left, &right, forms));
        }
        if op == ArithmeticOp::Modulo && (is_approximate(&left.ty) || is_approximate(&right.ty)) {
            return Err(wrong_operands("%", &left, &right, &["'<EXACT_NUMERIC> {op} <EXACT_NUMERIC>'"]));
        }
        if is_approximate(&left.ty) || is_approximate(&right.ty) {
            let ty = common::approximate(&left.ty, &right.ty);
            return typed(op, left.into_type(ty.clone()), right.into_type(ty.clone()), ty).within_limits();
        }
        if is_integer(&left.ty) && is_integer(&right.ty) {
            let wide = common::wider_integer(&left.ty, &right.ty);
            let narrow = right.ty.clone();
            let result = typed(op, left.into_type(wide.clone()), right.into_type(wide.clone()), wide);
            // A remainder is of the divisor's type.
            return if op == ArithmeticOp::Modulo { result.into_type(narrow) } else { result }.within_limits();
        }
        decimals(op, left, right).within_limits()
    }

    /// `left || right`
    pub fn concat(left: Self, right: Self) -> Result<Self, TypeError> {
        no_bare_null([&left, &right])?;
        if !is_text(&left.ty) || !is_text(&right.ty) {
            return Err(wrong_operands(
                "||",
                &left,
                &right,
                &["'<STRING> {op} <STRING>'", "'<EQUIVALENT_TYPE> {op} <EQUIVALENT_TYPE>'"],
            ));
        }
        let length = common::length(&left.ty).saturating_add(common::length(&right.ty)).min(UNBOUNDED);
        let ty = match (&left.ty, &right.ty) {
            (LogicalType::Char(_), LogicalType::Char(_)) => LogicalType::Char(length),
            _ => LogicalType::Varchar(length),
        };
        strict("||", join::concat, vec![left, right], ty, None).within_limits()
    }

    /// `-self`
    pub fn negate(self) -> Result<Self, TypeError> {
        no_bare_null([&self])?;
        if !is_numeric(&self.ty) {
            return Err(wrong_sign("-", &self));
        }
        let (ty, nullable) = (self.ty.clone(), self.nullable);
        Self::new(Node::Negate(Box::new(self)), ty, nullable).within_limits()
    }

    /// `+self`
    pub fn positive(self) -> Result<Self, TypeError> {
        no_bare_null([&self])?;
        if is_numeric(&self.ty) { Ok(self) } else { Err(wrong_sign("+", &self)) }
    }
}

fn wrong_sign(op: &str, operand: &Expr) -> TypeError {
    TypeError::new(format!(
        "Cannot apply '{op}' to arguments of type '{op}{}'. Supported form(s): '{op}<NUMERIC>'\n'{op}<DATETIME_INTERVAL>'",
        typing::validator_name(&operand.ty)
    ))
}

fn typed(op: ArithmeticOp, left: Expr, right: Expr, ty: LogicalType) -> Expr {
    let nullable = left.nullable || right.nullable;
    Expr::new(Node::Arithmetic { op, left: Box::new(left), right: Box::new(right) }, ty, nullable)
}

/// At least one decimal, the other exact.
fn decimals(op: ArithmeticOp, left: Expr, right: Expr) -> Expr {
    let (l, r) = (decimal::digits(&left.ty).unwrap_or((38, 0)), decimal::digits(&right.ty).unwrap_or((38, 0)));
    let ty = match op {
        ArithmeticOp::Add | ArithmeticOp::Subtract => decimal::sum(l, r),
        ArithmeticOp::Multiply => decimal::product(l, r),
        ArithmeticOp::Divide => decimal::quotient(l, r),
        ArithmeticOp::Modulo => decimal::remainder(l, r),
    };
    let (left_ty, right_ty) = (decimal::of(&left.ty), decimal::of(&right.ty));
    typed(op, left.into_type(left_ty), right.into_type(right_ty), ty)
}
