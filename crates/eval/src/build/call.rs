//! Calls by name, and the messages for arguments that do not fit.

use rows::LogicalType;

use crate::error::TypeError;
use crate::expr::{Call, Expr, Node, Symbol};
use crate::function;
use crate::kernel::args::Kernel;
use crate::typing;

impl Expr {
    /// `name(args…)`, the name in any case; also `||`.
    pub fn call(name: &str, args: Vec<Self>) -> Result<Self, TypeError> {
        if name == "||" {
            let [left, right]: [Self; 2] =
                args.try_into().map_err(|args: Vec<Self>| wrong_arguments(name, &args, &["<STRING> || <STRING>"]))?;
            return Self::concat(left, right);
        }
        let Some(function) = function::by_name(name) else {
            return Err(function::unknown(name, &args));
        };
        function.bind(args)?.within_limits()
    }
}

/// A call that is NULL where an argument is.
pub(crate) fn strict(
    name: &'static str,
    kernel: Kernel,
    args: Vec<Expr>,
    ty: LogicalType,
    symbol: Option<Symbol>,
) -> Expr {
    let nullable = args.iter().any(|arg| arg.nullable);
    Expr::new(Node::Call(Call { name, kernel, args, symbol }), ty, nullable)
}

/// `Cannot apply 'UPPER' to arguments of type 'UPPER(<INTEGER>)'. Supported form(s): …`
pub(crate) fn wrong_arguments(name: &str, args: &[Expr], forms: &[&str]) -> TypeError {
    let types: Vec<String> = args.iter().map(|arg| typing::validator_name(&arg.ty)).collect();
    let forms: Vec<String> = forms.iter().map(|form| format!("'{form}'")).collect();
    TypeError::new(format!(
        "Cannot apply '{name}' to arguments of type '{name}({})'. Supported form(s): {}",
        types.join(", "),
        forms.join("\n")
    ))
}

/// The same for an operator between its operands; `{op}` in a form stands for it.
pub(super) fn wrong_operands(op: &str, left: &Expr, right: &Expr, forms: &[&str]) -> TypeError {
    let forms: Vec<String> = forms.iter().map(|form| form.replace("{op}", op)).collect();
    TypeError::new(format!(
        "Cannot apply '{op}' to arguments of type '{} {op} {}'. Supported form(s): {}",
        typing::validator_name(&left.ty),
        typing::validator_name(&right.ty),
        forms.join("\n")
    ))
}
