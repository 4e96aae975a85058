//! CASE and what is a CASE in disguise: COALESCE, IFNULL, NULLIF, IF.

use rows::LogicalType;

use super::{strict, wrong_arguments};
use crate::error::TypeError;
use crate::expr::{CompareOp, Expr, Node};
use crate::kernel::args::Kernel;
use crate::kernel::extreme;
use crate::typing::common;

impl Expr {
    /// `CASE [operand] WHEN … THEN … [ELSE …] END`
    pub fn case(
        operand: Option<Self>,
        branches: Vec<(Self, Self)>,
        otherwise: Option<Self>,
    ) -> Result<Self, TypeError> {
        if let Some(operand) = &operand {
            operand.may_repeat(branches.len())?;
        }
        let mut conditions = Vec::with_capacity(branches.len());
        for (index, (when, then)) in branches.into_iter().enumerate() {
            let condition = match &operand {
                Some(operand) => Self::compare(CompareOp::Equal, operand.clone(), when)?,
                None if when.ty == LogicalType::Boolean => when,
                None if when.is_bare_null() => when.into_type(LogicalType::Boolean),
                None => return Err(TypeError::new("Expected a boolean type").argument(index)),
            };
            conditions.push((condition, then));
        }
        let otherwise = otherwise.unwrap_or_else(Self::null);
        Self::choose(conditions, otherwise, "Illegal mixing of types in CASE or COALESCE statement")
    }

    /// Branches over boolean conditions, cast to their common type.
    fn choose(branches: Vec<(Self, Self)>, otherwise: Self, mixed: &str) -> Result<Self, TypeError> {
        let types = branches.iter().map(|(_, then)| &then.ty).chain([&otherwise.ty]);
        let ty = common::of_all(types).ok_or_else(|| TypeError::new(mixed))?;
        if ty == LogicalType::Null {
            return Err(TypeError::new("ELSE clause or at least one THEN clause must be non-NULL"));
        }
        let nullable = otherwise.nullable || branches.iter().any(|(_, then)| then.nullable);
        let branches = branches.into_iter().map(|(when, then)| (when, then.into_type(ty.clone()))).collect();
        let otherwise = Box::new(otherwise.into_type(ty.clone()));
        Self::new(Node::Case { branches, otherwise }, ty, nullable).within_limits()
    }
}

/// The first argument that is not NULL. It may be NULL only if every argument may.
pub(crate) fn coalesce(args: Vec<Expr>) -> Result<Expr, TypeError> {
    let wrong = || TypeError::new("Invalid input arguments.");
    let ty = common::of_all(args.iter().map(|arg| &arg.ty)).ok_or_else(wrong)?;
    if args.is_empty() {
        return Err(wrong());
    }
    if ty == LogicalType::Null {
        return Err(TypeError::new("Illegal use of 'NULL'"));
    }
    let nullable = args.iter().all(|arg| arg.nullable);
    let args = args.into_iter().map(|arg| arg.into_type(ty.clone())).collect();
    Expr::new(Node::Coalesce(args), ty, nullable).within_limits()
}

/// NULL where both are equal, otherwise the first.
pub(crate) fn null_if(mut args: Vec<Expr>) -> Result<Expr, TypeError> {
    let (Some(right), Some(left), true) = (args.pop(), args.pop(), args.is_empty()) else {
        return Err(wrong_arguments("NULLIF", &args, &["NULLIF(<ANY>, <ANY>)"]));
    };
    left.may_repeat(2)?;
    let equal = Expr::compare(CompareOp::Equal, left.clone(), right)?;
    let ty = left.ty.clone();
    let node = Node::Case { branches: vec![(equal, Expr::null().into_type(ty.clone()))], otherwise: Box::new(left) };
    Expr::new(node, ty, true).within_limits()
}

/// `IF(condition, then, otherwise)`
pub(crate) fn if_else(mut args: Vec<Expr>) -> Result<Expr, TypeError> {
    const FORMS: &[&str] = &[
        "IF(<ANY_TYPE>, <NUMERIC_TYPE>, <NUMERIC_TYPE>)",
        "IF(<BOOLEAN>, <CHARACTER>, <CHARACTER>)",
        "IF(<BOOLEAN>, <BOOLEAN>, <BOOLEAN>)",
        "IF(<BOOLEAN>, <CHARACTER>, <CHARACTER>)",
        "IF(<BOOLEAN>, <BINARY>, <BINARY>)",
        "IF(<BOOLEAN>, <DATE>, <DATE>)",
        "IF(<BOOLEAN>, <TIMESTAMP>, <TIMESTAMP>)",
        "IF(<BOOLEAN>, <TIME>, <TIME>)",
    ];
    let wrong = wrong_arguments("IF", &args, FORMS);
    let (Some(otherwise), Some(then), Some(condition), true) = (args.pop(), args.pop(), args.pop(), args.is_empty())
    else {
        return Err(wrong);
    };
    if condition.ty != LogicalType::Boolean {
        return Err(wrong.argument(0));
    }
    let nullable = condition.nullable;
    let mut expr = Expr::choose(vec![(condition, then)], otherwise, "").map_err(|_| wrong)?;
    expr.nullable |= nullable;
    Ok(expr)
}

pub(crate) fn greatest(args: Vec<Expr>) -> Result<Expr, TypeError> {
    extreme("GREATEST", extreme::greatest, args)
}

pub(crate) fn least(args: Vec<Expr>) -> Result<Expr, TypeError> {
    extreme("LEAST", extreme::least, args)
}

fn extreme(name: &'static str, kernel: Kernel, args: Vec<Expr>) -> Result<Expr, TypeError> {
    let ty = common::of_all(args.iter().map(|arg| &arg.ty)).filter(|ty| *ty != LogicalType::Null);
    let Some(ty) = ty else {
        let shown = |arg: &Expr| format!("{}{}", arg.ty, if arg.nullable { "" } else { " NOT NULL" });
        let odd = args.iter().position(|arg| common::of(&args[0].ty, &arg.ty).is_none()).unwrap_or(0);
        return Err(TypeError::new(format!(
            "All types in a comparison should support both 'EQUALS' and 'ORDER' comparison with each other. \
             Can not compare {} with {}",
            shown(&args[0]),
            shown(&args[odd])
        ))
        .argument(odd));
    };
    let args = args.into_iter().map(|arg| arg.into_type(ty.clone())).collect();
    Ok(strict(name, kernel, args, ty, None))
}
