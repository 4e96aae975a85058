//! Checking the arguments of a call and bringing them to the types of the kernel.

use super::{Body, Function};
use crate::build::{no_bare_null, strict, wrong_arguments};
use crate::error::TypeError;
use crate::expr::Expr;

impl Function {
    /// The call with these arguments.
    pub(crate) fn bind(&self, args: Vec<Expr>) -> Result<Expr, TypeError> {
        if args.len() < self.required || (!self.variadic && args.len() > self.params.len()) {
            return Err(self.wrong_count());
        }
        // These give a bare NULL a type.
        if !matches!(self.name, "COALESCE" | "IFNULL" | "NULLIF" | "LTRIM" | "RTRIM" | "BTRIM") {
            no_bare_null(&args)?;
        }
        if let Body::Build(build) = self.body {
            return build(args);
        }
        for (index, arg) in args.iter().enumerate() {
            if !self.param(index).accepts(&arg.ty) {
                return Err(self.wrong_types(&args).argument(index));
            }
        }
        let args: Vec<Expr> = args
            .into_iter()
            .enumerate()
            .map(|(index, arg)| match self.param(index).cast() {
                Some(ty) => arg.into_type(ty),
                None => arg,
            })
            .collect();
        match self.body {
            Body::Strict { result, kernel, symbol } => {
                let ty = result(&args);
                Ok(strict(self.name, kernel, args, ty, symbol))
            }
            Body::Nullable { result, kernel, symbol } => {
                let ty = result(&args);
                let mut expr = strict(self.name, kernel, args, ty, symbol);
                expr.nullable = true;
                Ok(expr)
            }
            Body::Build(build) => build(args),
        }
    }

    fn param(&self, index: usize) -> super::Param {
        let last = self.params.len().saturating_sub(1);
        self.params.get(index.min(last)).copied().unwrap_or(super::Param::Any)
    }

    fn wrong_count(&self) -> TypeError {
        let expected = match (self.required, self.params.len(), self.variadic) {
            (least, _, true) => format!("at least {least}"),
            (least, most, false) if least == most => least.to_string(),
            (least, most, false) => format!("{least} to {most}"),
        };
        TypeError::new(format!(
            "Invalid number of arguments to function '{}'. Was expecting {expected} arguments",
            self.name
        ))
        .hint(self.signature)
    }

    fn wrong_types(&self, args: &[Expr]) -> TypeError {
        let forms: Vec<String> = (self.required..=self.params.len())
            .map(|count| {
                let params: Vec<&str> = self.params.iter().take(count).map(|param| param.name()).collect();
                format!("{}({})", self.name, params.join(", "))
            })
            .collect();
        let forms: Vec<&str> = forms.iter().map(String::as_str).collect();
        wrong_arguments(self.name, args, &forms)
    }
}
