//! The typed tree.
//!
//! An [`Expr`] is made by its constructors alone (in [`crate::build`]), which infer its type as Flink's validator does and
//! put in the casts that Flink's code generator would apply; so evaluation never has to choose a type.

use std::fmt;

use rows::LogicalType;

use crate::evaluate::Kernel;
use crate::scalar::Scalar;

/// An expression with its type.
#[derive(Clone, Debug)]
pub struct Expr {
    pub(crate) node: Node,
    pub(crate) ty: LogicalType,
    pub(crate) nullable: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Node {
    Column { index: usize, name: String },
    Literal(Scalar),
    Cast { input: Box<Expr>, failure: CastFailure },
    Call(Call),
    Case { branches: Vec<(Expr, Expr)>, otherwise: Box<Expr> },
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
    Is { input: Box<Expr>, test: Test },
    Compare { op: CompareOp, left: Box<Expr>, right: Box<Expr> },
    Arithmetic { op: ArithmeticOp, left: Box<Expr>, right: Box<Expr> },
    Negate(Box<Expr>),
}

/// A function bound to its kernel; the arguments are of the types that the kernel wants.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) name: &'static str,
    pub(crate) kernel: Kernel,
    pub(crate) args: Vec<Expr>,
    pub(crate) symbol: Option<Symbol>,
}

/// What a cast does with a value that has no counterpart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CastFailure {
    /// `CAST`
    Error,
    /// `TRY_CAST`
    Null,
}

/// An argument of a function that is a keyword rather than a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Symbol {
    Unit(TimeUnit),
    Trim(TrimSide),
    Escape(Option<char>),
}

/// `IS NULL` and its kin: never NULL themselves. `IS UNKNOWN` is [`Test::Null`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    Null,
    NotNull,
    True,
    NotTrue,
    False,
    NotFalse,
}

impl Test {
    pub(crate) fn sql(self) -> &'static str {
        match self {
            Self::Null => "IS NULL",
            Self::NotNull => "IS NOT NULL",
            Self::True => "IS TRUE",
            Self::NotTrue => "IS NOT TRUE",
            Self::False => "IS FALSE",
            Self::NotFalse => "IS NOT FALSE",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompareOp {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// `IS DISTINCT FROM`: NULL equals NULL.
    Distinct,
    /// `IS NOT DISTINCT FROM`
    NotDistinct,
}

impl CompareOp {
    pub(crate) fn sql(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Distinct => "IS DISTINCT FROM",
            Self::NotDistinct => "IS NOT DISTINCT FROM",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArithmeticOp {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

impl ArithmeticOp {
    pub(crate) fn sql(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
        }
    }
}

/// A unit of time, as `EXTRACT`, `FLOOR … TO`, `TIMESTAMPADD` and intervals name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TimeUnit {
    Millennium,
    Century,
    Decade,
    Year,
    IsoYear,
    Quarter,
    Month,
    Week,
    Day,
    DayOfWeek,
    IsoDayOfWeek,
    DayOfYear,
    Hour,
    Minute,
    Second,
    Millisecond,
    Microsecond,
    Nanosecond,
    Epoch,
}

impl TimeUnit {
    const NAMES: [(&'static str, Self); 19] = [
        ("MILLENNIUM", Self::Millennium),
        ("CENTURY", Self::Century),
        ("DECADE", Self::Decade),
        ("YEAR", Self::Year),
        ("ISOYEAR", Self::IsoYear),
        ("QUARTER", Self::Quarter),
        ("MONTH", Self::Month),
        ("WEEK", Self::Week),
        ("DAY", Self::Day),
        ("DOW", Self::DayOfWeek),
        ("ISODOW", Self::IsoDayOfWeek),
        ("DOY", Self::DayOfYear),
        ("HOUR", Self::Hour),
        ("MINUTE", Self::Minute),
        ("SECOND", Self::Second),
        ("MILLISECOND", Self::Millisecond),
        ("MICROSECOND", Self::Microsecond),
        ("NANOSECOND", Self::Nanosecond),
        ("EPOCH", Self::Epoch),
    ];

    /// By keyword, whatever its case; also `SQL_TSI_…` as `TIMESTAMPADD` has it.
    pub fn by_name(name: &str) -> Option<Self> {
        let upper = name.to_ascii_uppercase();
        let plain = upper.strip_prefix("SQL_TSI_").unwrap_or(&upper);
        Self::NAMES.iter().find(|(known, _)| *known == plain).map(|(_, unit)| *unit)
    }

    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, unit)| *unit == self).map_or("UNIT", |(name, _)| name)
    }
}

/// Which ends `TRIM` works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrimSide {
    Both,
    Leading,
    Trailing,
}

impl Expr {
    pub fn ty(&self) -> &LogicalType {
        &self.ty
    }

    pub fn nullable(&self) -> bool {
        self.nullable
    }

    /// The column, where the expression is nothing else.
    pub fn as_column(&self) -> Option<usize> {
        match &self.node {
            Node::Column { index, .. } => Some(*index),
            _ => None,
        }
    }

    /// The value, where the expression is a literal.
    pub fn as_literal(&self) -> Option<&Scalar> {
        match &self.node {
            Node::Literal(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The input columns it reads, ascending, each once. An output over a possibly absent column is right only if it reads
    /// that column alone: then an absent input gives the old output.
    pub fn columns_used(&self) -> Vec<usize> {
        let mut columns = Vec::new();
        self.visit(&mut |expr| {
            if let Node::Column { index, .. } = &expr.node {
                columns.push(*index);
            }
        });
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    /// Whether the output may be absent where an input is: it reads no column that may be absent, or nothing but one such column.
    pub fn absent_safe(&self, may_be_absent: impl Fn(usize) -> bool) -> bool {
        let used = self.columns_used();
        used.len() <= 1 || !used.iter().any(|column| may_be_absent(*column))
    }

    /// The same expression over other columns: `map` gives each column's new index (after a projection below changed).
    #[must_use]
    pub fn with_columns(&self, map: &dyn Fn(usize) -> usize) -> Self {
        let mut expr = self.clone();
        expr.visit_mut(&mut |expr| {
            if let Node::Column { index, .. } = &mut expr.node {
                *index = map(*index);
            }
        });
        expr
    }

    /// Fails if it reads a column that the schema does not have, or has with another type: the planner's mistake.
    pub(crate) fn check_columns(&self, schema: &rows::Schema) -> Result<(), crate::TypeError> {
        let mut wrong = None;
        self.visit(&mut |expr| {
            if let Node::Column { index, name } = &expr.node
                && schema.fields.get(*index).is_none_or(|field| field.ty != expr.ty)
            {
                wrong = Some(format!("column {index} ('{name}') of type {} is not in the input", expr.ty));
            }
        });
        wrong.map_or(Ok(()), |message| Err(crate::TypeError::new(message)))
    }

    fn visit(&self, f: &mut dyn FnMut(&Expr)) {
        f(self);
        match &self.node {
            Node::Column { .. } | Node::Literal(_) => {}
            Node::Cast { input, .. } | Node::Is { input, .. } | Node::Not(input) | Node::Negate(input) => {
                input.visit(f);
            }
            Node::Call(call) => call.args.iter().for_each(|arg| arg.visit(f)),
            Node::Case { branches, otherwise } => {
                for (when, then) in branches {
                    when.visit(f);
                    then.visit(f);
                }
                otherwise.visit(f);
            }
            Node::And(terms) | Node::Or(terms) => terms.iter().for_each(|term| term.visit(f)),
            Node::Compare { left, right, .. } | Node::Arithmetic { left, right, .. } => {
                left.visit(f);
                right.visit(f);
            }
        }
    }

    fn visit_mut(&mut self, f: &mut dyn FnMut(&mut Expr)) {
        f(self);
        match &mut self.node {
            Node::Column { .. } | Node::Literal(_) => {}
            Node::Cast { input, .. } | Node::Is { input, .. } | Node::Not(input) | Node::Negate(input) => {
                input.visit_mut(f);
            }
            Node::Call(call) => call.args.iter_mut().for_each(|arg| arg.visit_mut(f)),
            Node::Case { branches, otherwise } => {
                for (when, then) in branches {
                    when.visit_mut(f);
                    then.visit_mut(f);
                }
                otherwise.visit_mut(f);
            }
            Node::And(terms) | Node::Or(terms) => terms.iter_mut().for_each(|term| term.visit_mut(f)),
            Node::Compare { left, right, .. } | Node::Arithmetic { left, right, .. } => {
                left.visit_mut(f);
                right.visit_mut(f);
            }
        }
    }
}

/// Prints as SQL, with the parentheses and casts that make it unambiguous.
impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.node {
            Node::Column { name, .. } => f.write_str(name),
            Node::Literal(scalar) => crate::show::literal(f, scalar, &self.ty),
            Node::Cast { input, failure: CastFailure::Error } => write!(f, "CAST({input} AS {})", self.ty),
            Node::Cast { input, failure: CastFailure::Null } => write!(f, "TRY_CAST({input} AS {})", self.ty),
            Node::Call(call) => crate::show::call(f, call),
            Node::Case { branches, otherwise } => {
                f.write_str("CASE")?;
                for (when, then) in branches {
                    write!(f, " WHEN {when} THEN {then}")?;
                }
                write!(f, " ELSE {otherwise} END")
            }
            Node::And(terms) => crate::show::joined(f, terms, " AND "),
            Node::Or(terms) => crate::show::joined(f, terms, " OR "),
            Node::Not(input) => write!(f, "NOT {input}"),
            Node::Is { input, test } => write!(f, "{input} {}", test.sql()),
            Node::Compare { op, left, right } => write!(f, "({left} {} {right})", op.sql()),
            Node::Arithmetic { op, left, right } => write!(f, "({left} {} {right})", op.sql()),
            Node::Negate(input) => write!(f, "-{input}"),
        }
    }
}
