//! Comparisons, BETWEEN and IN.

use rows::LogicalType;

use super::call::wrong_operands;
use crate::calendar;
use crate::error::TypeError;
use crate::expr::{CompareOp, Expr, Node};
use crate::typing::{self, common, decimal, is_approximate, is_bytes, is_datetime, is_numeric, is_text, is_timestamp};

impl Expr {
    /// `left op right`
    pub fn compare(op: CompareOp, left: Self, right: Self) -> Result<Self, TypeError> {
        let (left, right) = comparable(op, left, right)?;
        let nullable = !matches!(op, CompareOp::Distinct | CompareOp::NotDistinct) && (left.nullable || right.nullable);
        let node = Node::Compare { op, left: Box::new(left), right: Box::new(right) };
        Self::new(node, LogicalType::Boolean, nullable).within_limits()
    }

    /// `self BETWEEN low AND high`; negate with [`Expr::not`].
    pub fn between(self, low: Self, high: Self) -> Result<Self, TypeError> {
        self.may_repeat(2)?;
        let above = Self::compare(CompareOp::GreaterOrEqual, self.clone(), low)?;
        let below = Self::compare(CompareOp::LessOrEqual, self, high)?;
        Self::and(vec![above, below])
    }

    /// `self BETWEEN SYMMETRIC one AND other`
    pub fn between_symmetric(self, one: Self, other: Self) -> Result<Self, TypeError> {
        self.may_repeat(4)?;
        one.may_repeat(2)?;
        other.may_repeat(2)?;
        Self::or(vec![self.clone().between(one.clone(), other.clone())?, self.between(other, one)?])
    }

    /// `self IN (list…)`; negate with [`Expr::not`]. The list has at least one element.
    pub fn in_list(self, list: Vec<Self>) -> Result<Self, TypeError> {
        self.may_repeat(list.len())?;
        let mut types = vec![&self.ty];
        types.extend(list.iter().map(|item| &item.ty));
        let common = common::of_all(types).or_else(|| {
            // Texts are read as the type on the left.
            list.iter().all(|item| is_text(&item.ty)).then(|| self.ty.clone())
        });
        let Some(common) = common else {
            return Err(TypeError::new("Values passed to IN operator must have compatible types"));
        };
        let mut terms = Vec::with_capacity(list.len());
        for item in list {
            let item = if is_text(&item.ty) && !is_text(&common) { item.cast(self.ty.clone())? } else { item };
            let item = if item.is_bare_null() { item.into_type(common.clone()) } else { item };
            terms.push(Self::compare(CompareOp::Equal, self.clone(), item)?);
        }
        if terms.is_empty() {
            return Err(TypeError::new("IN needs at least one value"));
        }
        Self::or(terms)
    }
}

/// Brings both sides to types that the comparison kernel takes.
fn comparable(op: CompareOp, left: Expr, right: Expr) -> Result<(Expr, Expr), TypeError> {
    let (l, r) = (left.ty.clone(), right.ty.clone());
    if l == r {
        return match l {
            LogicalType::Map(..) | LogicalType::Array(_) => Err(not_comparable(op, &left, &right)),
            _ => Ok((left, right)),
        };
    }
    match (&l, &r) {
        (LogicalType::Null, _) => return Ok((left.into_type(r), right)),
        (_, LogicalType::Null) => return Ok((left, right.into_type(l))),
        _ => {}
    }
    if (is_text(&l) && is_text(&r)) || (is_bytes(&l) && is_bytes(&r)) {
        return Ok((left, right));
    }
    if is_numeric(&l) && is_numeric(&r) {
        return Ok(numbers(left, right));
    }
    if is_timestamp(&l) && is_timestamp(&r) && std::mem::discriminant(&l) == std::mem::discriminant(&r) {
        return Ok((left, right));
    }
    if is_timestamp(&l) && is_timestamp(&r) {
        let common = LogicalType::TimestampLtz(calendar::precision_of(&l).max(calendar::precision_of(&r)));
        return Ok((left.into_type(common.clone()), right.into_type(common)));
    }
    if matches!((&l, &r), (LogicalType::Time(_), LogicalType::Time(_))) {
        return Ok((left, right));
    }
    let mixed = |number: &LogicalType, text: &LogicalType| {
        (is_numeric(number) || *number == LogicalType::Boolean) && is_text(text)
    };
    if mixed(&l, &r) || mixed(&r, &l) {
        let name = |ty: &LogicalType| {
            let name = typing::validator_name(ty);
            let name = name.trim_matches(['<', '>']);
            name.split_once('(').map_or(name, |(name, _)| name).to_owned()
        };
        return Err(TypeError::new(format!(
            "implicit type conversion between {} and {} is not supported now",
            name(&l),
            name(&r)
        ))
        .hint("cast one side"));
    }
    // A text that is no such time compares as NULL; Flink does not fail here as its CAST would.
    if is_datetime(&l) && is_text(&r) {
        return Ok((left, right.try_cast(l)?));
    }
    if is_text(&l) && is_datetime(&r) {
        return Ok((left.try_cast(r)?, right));
    }
    Err(not_comparable(op, &left, &right))
}

/// As Java compares: the wider of two integers, decimals exactly, and floating where either side is.
fn numbers(left: Expr, right: Expr) -> (Expr, Expr) {
    let (l, r) = (left.ty.clone(), right.ty.clone());
    let ty = if is_approximate(&l) || is_approximate(&r) {
        let decimal = matches!(l, LogicalType::Decimal { .. }) || matches!(r, LogicalType::Decimal { .. });
        let double = decimal || l == LogicalType::Double || r == LogicalType::Double;
        if double { LogicalType::Double } else { LogicalType::Float }
    } else if matches!(l, LogicalType::Decimal { .. }) || matches!(r, LogicalType::Decimal { .. }) {
        return (left.into_type(decimal::of(&l)), right.into_type(decimal::of(&r)));
    } else {
        common::wider_integer(&l, &r)
    };
    (left.into_type(ty.clone()), right.into_type(ty))
}

fn not_comparable(op: CompareOp, left: &Expr, right: &Expr) -> TypeError {
    wrong_operands(op.sql(), left, right, &["'<COMPARABLE_TYPE> {op} <COMPARABLE_TYPE>'"])
}
