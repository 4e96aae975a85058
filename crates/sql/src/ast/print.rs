//! Expressions back as text, with the parentheses that their operators need: what is printed parses to the same tree.

use std::fmt::{self, Display, Formatter, Write};

use super::expr::{BARE_FUNCTIONS, CaseBranch, Expr, ExprKind, Literal, SymbolKind, Truth, UnaryOp, precedence};
use super::name::Ident;

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ExprKind::Literal(literal) => write!(f, "{literal}"),
            ExprKind::Column(parts) => separated(f, parts, "."),
            ExprKind::Symbol(_, word) => f.write_str(&word.name),
            ExprKind::Unary { op, operand } => unary(f, *op, operand),
            ExprKind::Binary { op, left, right } => {
                let precedence = op.precedence();
                operand(f, left, precedence)?;
                write!(f, " {} ", op.sql())?;
                operand(f, right, precedence + 1)
            }
            ExprKind::And(list) => chain(f, list, " AND ", precedence::AND),
            ExprKind::Or(list) => chain(f, list, " OR ", precedence::OR),
            ExprKind::IsNull { operand: inner, negated } => is(f, inner, *negated, "NULL"),
            ExprKind::IsTruth { operand: inner, truth, negated } => is(f, inner, *negated, truth.sql()),
            ExprKind::Between { operand: inner, low, high, negated, symmetric } => {
                operand(f, inner, precedence::RANGE)?;
                write!(f, " {}BETWEEN {}", not(*negated), if *symmetric { "SYMMETRIC " } else { "" })?;
                operand(f, low, precedence::RANGE + 1)?;
                f.write_str(" AND ")?;
                operand(f, high, precedence::RANGE + 1)
            }
            ExprKind::InList { operand: inner, list, negated } => {
                operand(f, inner, precedence::RANGE)?;
                write!(f, " {}IN (", not(*negated))?;
                separated(f, list, ", ")?;
                f.write_char(')')
            }
            ExprKind::Like { operand: inner, pattern, escape, negated, similar } => {
                operand(f, inner, precedence::RANGE)?;
                write!(f, " {}{} ", not(*negated), if *similar { "SIMILAR TO" } else { "LIKE" })?;
                operand(f, pattern, precedence::RANGE + 1)?;
                let Some(escape) = escape else { return Ok(()) };
                f.write_str(" ESCAPE ")?;
                operand(f, escape, precedence::RANGE + 1)
            }
            ExprKind::Case { operand, branches, otherwise } => {
                case(f, operand.as_deref(), branches, otherwise.as_deref())
            }
            ExprKind::Cast { operand, ty, attempt } => {
                write!(f, "{}({operand} AS {})", if *attempt { "TRY_CAST" } else { "CAST" }, ty.ty)
            }
            ExprKind::Call { function, arguments } => call(f, function, arguments),
        }
    }
}

fn separated<T: Display>(f: &mut Formatter<'_>, list: &[T], separator: &str) -> fmt::Result {
    for (at, item) in list.iter().enumerate() {
        write!(f, "{}{item}", if at > 0 { separator } else { "" })?;
    }
    Ok(())
}

fn operand(f: &mut Formatter<'_>, expr: &Expr, at_least: u8) -> fmt::Result {
    if expr.precedence() < at_least { write!(f, "({expr})") } else { write!(f, "{expr}") }
}

fn chain(f: &mut Formatter<'_>, list: &[Expr], separator: &str, precedence: u8) -> fmt::Result {
    for (at, term) in list.iter().enumerate() {
        f.write_str(if at > 0 { separator } else { "" })?;
        operand(f, term, precedence + 1)?;
    }
    Ok(())
}

fn unary(f: &mut Formatter<'_>, op: UnaryOp, inner: &Expr) -> fmt::Result {
    match op {
        UnaryOp::Not => {
            f.write_str("NOT ")?;
            operand(f, inner, precedence::NOT)
        }
        // A space, since `--` begins a comment.
        UnaryOp::Plus | UnaryOp::Minus => {
            f.write_str(if op == UnaryOp::Plus { "+ " } else { "- " })?;
            operand(f, inner, precedence::SIGN)
        }
    }
}

fn is(f: &mut Formatter<'_>, inner: &Expr, negated: bool, what: &str) -> fmt::Result {
    operand(f, inner, precedence::IS)?;
    write!(f, " IS {}{what}", not(negated))
}

fn not(negated: bool) -> &'static str {
    if negated { "NOT " } else { "" }
}

fn case(
    f: &mut Formatter<'_>,
    operand: Option<&Expr>,
    branches: &[CaseBranch],
    otherwise: Option<&Expr>,
) -> fmt::Result {
    f.write_str("CASE")?;
    if let Some(operand) = operand {
        write!(f, " {operand}")?;
    }
    for CaseBranch { when, then } in branches {
        write!(f, " WHEN {when} THEN {then}")?;
    }
    if let Some(otherwise) = otherwise {
        write!(f, " ELSE {otherwise}")?;
    }
    f.write_str(" END")
}

/// Functions with a syntax of their own keep it.
fn call(f: &mut Formatter<'_>, function: &Ident, arguments: &[Expr]) -> fmt::Result {
    let name = function.name.to_ascii_uppercase();
    let is_symbol = |at: usize, wanted: SymbolKind| matches!(arguments.get(at), Some(Expr { kind: ExprKind::Symbol(kind, _), .. }) if *kind == wanted);
    let words: &[&str] = match name.as_str() {
        "POSITION" => &[" IN ", " FROM "],
        "OVERLAY" => &[" PLACING ", " FROM ", " FOR "],
        "EXTRACT" => &[" FROM "],
        "TRIM" if is_symbol(0, SymbolKind::TrimSide) => &[" ", " FROM "],
        "FLOOR" | "CEIL" | "CEILING" if is_symbol(1, SymbolKind::Unit) => &[" TO "],
        _ => &[],
    };
    f.write_str(&function.name)?;
    if arguments.is_empty() && BARE_FUNCTIONS.contains(&name.as_str()) {
        return Ok(());
    }
    f.write_char('(')?;
    for (at, argument) in arguments.iter().enumerate() {
        if at > 0 {
            f.write_str(words.get(at - 1).unwrap_or(&", "))?;
        }
        // What IN divides must not end in an operator that binds as loosely.
        operand(f, argument, if name == "POSITION" && at == 0 { precedence::SUM } else { precedence::LOWEST })?;
    }
    f.write_char(')')
}

impl Expr {
    fn precedence(&self) -> u8 {
        match &self.kind {
            ExprKind::Unary { op: UnaryOp::Not, .. } => precedence::NOT,
            ExprKind::Unary { .. } => precedence::SIGN,
            ExprKind::Binary { op, .. } => op.precedence(),
            ExprKind::And(_) => precedence::AND,
            ExprKind::Or(_) => precedence::OR,
            ExprKind::IsNull { .. } | ExprKind::IsTruth { .. } => precedence::IS,
            ExprKind::Between { .. } | ExprKind::InList { .. } | ExprKind::Like { .. } => precedence::RANGE,
            _ => precedence::ATOM,
        }
    }
}

impl Truth {
    fn sql(self) -> &'static str {
        match self {
            Self::True => "TRUE",
            Self::False => "FALSE",
            Self::Unknown => "UNKNOWN",
        }
    }
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Boolean(value) => f.write_str(if *value { "TRUE" } else { "FALSE" }),
            Self::Number(text) => f.write_str(text),
            Self::Text(text) => write!(f, "'{}'", text.replace('\'', "''")),
            Self::Bytes(digits) => write!(f, "X'{digits}'"),
            Self::Temporal(keyword, text) => write!(f, "{keyword} '{}'", text.replace('\'', "''")),
            Self::Interval { text, from, to } => {
                write!(f, "INTERVAL '{}' {from}", text.replace('\'', "''"))?;
                to.iter().try_for_each(|to| write!(f, " TO {to}"))
            }
        }
    }
}
