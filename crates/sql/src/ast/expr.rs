//! Expressions as written.

use super::data_type::DataType;
use super::name::Ident;
use crate::text::Span;

/// An expression, where it stands, and how deeply it is nested (1 for a leaf), which the parser limits: everything that
/// walks a tree may recurse.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Expr {
    pub(crate) kind: ExprKind,
    pub(crate) span: Span,
    pub(crate) height: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ExprKind {
    Literal(Literal),
    /// `c` or `t.c`, outermost first.
    Column(Vec<Ident>),
    /// An argument that is a keyword: `DAY`, `LEADING`.
    Symbol(SymbolKind, Ident),
    Unary {
        op: UnaryOp,
        operand: Box<Expr>,
    },
    Binary {
        op: BinaryOp,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    /// A chain of AND, kept flat so that a long one is not deep.
    And(Vec<Expr>),
    Or(Vec<Expr>),
    IsNull {
        operand: Box<Expr>,
        negated: bool,
    },
    /// `IS [NOT] TRUE | FALSE | UNKNOWN`
    IsTruth {
        operand: Box<Expr>,
        truth: Truth,
        negated: bool,
    },
    Between {
        operand: Box<Expr>,
        low: Box<Expr>,
        high: Box<Expr>,
        negated: bool,
        symmetric: bool,
    },
    InList {
        operand: Box<Expr>,
        list: Vec<Expr>,
        negated: bool,
    },
    Like {
        operand: Box<Expr>,
        pattern: Box<Expr>,
        escape: Option<Box<Expr>>,
        negated: bool,
        similar: bool,
    },
    Case {
        operand: Option<Box<Expr>>,
        branches: Vec<CaseBranch>,
        otherwise: Option<Box<Expr>>,
    },
    Cast {
        operand: Box<Expr>,
        ty: DataType,
        attempt: bool,
    },
    /// Any function, those with a syntax of their own included: `SUBSTRING(a FROM b)` is a call with two arguments.
    Call {
        function: Ident,
        arguments: Vec<Expr>,
    },
}

/// Functions that are called without parentheses.
pub(crate) const BARE_FUNCTIONS: [&str; 5] =
    ["CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "LOCALTIME", "LOCALTIMESTAMP"];

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CaseBranch {
    pub(crate) when: Expr,
    pub(crate) then: Expr,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Literal {
    Null,
    Boolean(bool),
    /// As written: whether it is an INT, a DECIMAL or a DOUBLE is the planner's to say.
    Number(String),
    Text(String),
    /// Pairs of hexadecimal digits, as written.
    Bytes(String),
    /// `DATE '2024-01-01'`, `TIME '…'`, `TIMESTAMP '…'`: the keyword and the text.
    Temporal(&'static str, String),
    /// `INTERVAL '1' DAY`, `INTERVAL '1:30' HOUR TO MINUTE`.
    Interval {
        text: String,
        from: String,
        to: Option<String>,
    },
}

/// What a keyword in an argument's place means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SymbolKind {
    Unit,
    TrimSide,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnaryOp {
    Plus,
    Minus,
    Not,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BinaryOp {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Distinct,
    NotDistinct,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Concat,
}

impl BinaryOp {
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
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
            Self::Concat => "||",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Truth {
    True,
    False,
    Unknown,
}

/// How tightly operators bind, as Calcite's `SqlStdOperatorTable` has them; the operands of a binary operator bind
/// tighter, its left one as tight.
pub(crate) mod precedence {
    pub(crate) const LOWEST: u8 = 0;
    pub(crate) const OR: u8 = 22;
    pub(crate) const AND: u8 = 24;
    pub(crate) const NOT: u8 = 26;
    /// `IS NULL` and its kin.
    pub(crate) const IS: u8 = 28;
    pub(crate) const COMPARISON: u8 = 30;
    /// `LIKE`, `IN`, `BETWEEN`.
    pub(crate) const RANGE: u8 = 32;
    pub(crate) const SUM: u8 = 40;
    /// `*`, `/`, `%`, and in Calcite also `||`.
    pub(crate) const PRODUCT: u8 = 60;
    pub(crate) const SIGN: u8 = 80;
    /// A literal, a name, anything in parentheses.
    pub(crate) const ATOM: u8 = 100;
}

impl BinaryOp {
    pub(crate) fn precedence(self) -> u8 {
        match self {
            Self::Add | Self::Subtract => precedence::SUM,
            Self::Multiply | Self::Divide | Self::Modulo | Self::Concat => precedence::PRODUCT,
            _ => precedence::COMPARISON,
        }
    }
}

impl Expr {
    pub(crate) fn leaf(kind: ExprKind, span: Span) -> Self {
        Self { kind, span, height: 1 }
    }

    pub(crate) fn node(kind: ExprKind, span: Span) -> Self {
        let mut height = 0;
        let mut expr = Self { kind, span, height };
        expr.each_child(&mut |child| height = height.max(child.height));
        expr.height = height + 1;
        expr
    }

    /// Calls `visit` with each direct operand, in the order of the text.
    pub(crate) fn each_child<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        match &self.kind {
            ExprKind::Literal(_) | ExprKind::Column(_) | ExprKind::Symbol(..) => {}
            ExprKind::Unary { operand, .. }
            | ExprKind::IsNull { operand, .. }
            | ExprKind::IsTruth { operand, .. }
            | ExprKind::Cast { operand, .. } => visit(operand),
            ExprKind::Binary { left, right, .. } => {
                visit(left);
                visit(right);
            }
            ExprKind::And(list) | ExprKind::Or(list) | ExprKind::Call { arguments: list, .. } => {
                list.iter().for_each(visit);
            }
            ExprKind::Between { operand, low, high, .. } => {
                visit(operand);
                visit(low);
                visit(high);
            }
            ExprKind::InList { operand, list, .. } => {
                visit(operand);
                list.iter().for_each(visit);
            }
            ExprKind::Like { operand, pattern, escape, .. } => {
                visit(operand);
                visit(pattern);
                escape.as_deref().into_iter().for_each(visit);
            }
            ExprKind::Case { operand, branches, otherwise } => {
                operand.as_deref().into_iter().for_each(&mut *visit);
                for branch in branches {
                    visit(&branch.when);
                    visit(&branch.then);
                }
                otherwise.as_deref().into_iter().for_each(visit);
            }
        }
    }
}
