//! The typed tree.
//!
//! An [`Expr`] is made by its constructors alone (in [`crate::build`]), which infer its type as Flink's validator does and
//! put in the casts that Flink's code generator would apply; so evaluation never has to choose a type.

use rows::LogicalType;

use crate::error::TypeError;
use crate::kernel::args::Kernel;
pub use crate::operators::{ArithmeticOp, CompareOp, Test, TimeUnit, TrimSide};
pub(crate) use crate::operators::{CastFailure, Symbol};
use crate::scalar::Scalar;

/// An expression with its type.
#[derive(Clone, Debug)]
pub struct Expr {
    pub(crate) node: Node,
    pub(crate) ty: LogicalType,
    pub(crate) nullable: bool,
    /// How many nodes it has, itself included.
    size: u32,
    /// How many nodes lie on the longest way down, itself included.
    depth: u32,
}

/// More is refused, so that no stack overflows: evaluation takes one frame a level.
const DEPTH_MAX: u32 = 256;
/// More is refused: some constructors repeat their operands (BETWEEN, CASE with an operand), which nested would grow exponentially.
const SIZE_MAX: u32 = 100_000;

#[derive(Clone, Debug)]
pub(crate) enum Node {
    Column {
        index: usize,
        name: String,
    },
    Literal(Scalar),
    Cast {
        input: Box<Expr>,
        failure: CastFailure,
    },
    Call(Call),
    Case {
        branches: Vec<(Expr, Expr)>,
        otherwise: Box<Expr>,
    },
    /// All of the node's own type.
    Coalesce(Vec<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
    Is {
        input: Box<Expr>,
        test: Test,
    },
    Compare {
        op: CompareOp,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    Arithmetic {
        op: ArithmeticOp,
        left: Box<Expr>,
        right: Box<Expr>,
    },
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

impl Node {
    fn children(&self, f: &mut dyn FnMut(&Expr)) {
        match self {
            Self::Column { .. } | Self::Literal(_) => {}
            Self::Cast { input, .. } | Self::Is { input, .. } | Self::Not(input) | Self::Negate(input) => f(input),
            Self::Call(call) => call.args.iter().for_each(f),
            Self::Case { branches, otherwise } => {
                for (when, then) in branches {
                    f(when);
                    f(then);
                }
                f(otherwise);
            }
            Self::And(terms) | Self::Or(terms) | Self::Coalesce(terms) => terms.iter().for_each(f),
            Self::Compare { left, right, .. } | Self::Arithmetic { left, right, .. } => {
                f(left);
                f(right);
            }
        }
    }

    fn children_mut(&mut self, f: &mut dyn FnMut(&mut Expr)) {
        match self {
            Self::Column { .. } | Self::Literal(_) => {}
            Self::Cast { input, .. } | Self::Is { input, .. } | Self::Not(input) | Self::Negate(input) => f(input),
            Self::Call(call) => call.args.iter_mut().for_each(f),
            Self::Case { branches, otherwise } => {
                for (when, then) in branches {
                    f(when);
                    f(then);
                }
                f(otherwise);
            }
            Self::And(terms) | Self::Or(terms) | Self::Coalesce(terms) => terms.iter_mut().for_each(f),
            Self::Compare { left, right, .. } | Self::Arithmetic { left, right, .. } => {
                f(left);
                f(right);
            }
        }
    }
}

impl Expr {
    pub(crate) fn new(node: Node, ty: LogicalType, nullable: bool) -> Self {
        let (mut size, mut depth) = (1_u32, 0);
        node.children(&mut |child| {
            size = size.saturating_add(child.size);
            depth = depth.max(child.depth);
        });
        Self { node, ty, nullable, size, depth: depth + 1 }
    }

    /// Itself, unless it is too large or too deep to be evaluated safely.
    pub(crate) fn within_limits(self) -> Result<Self, TypeError> {
        if self.depth > DEPTH_MAX || self.size > SIZE_MAX {
            return Err(TypeError::new(format!(
                "the expression is too complex: at most {DEPTH_MAX} levels and {SIZE_MAX} operations are possible"
            )));
        }
        Ok(self)
    }

    /// Fails if `copies` of it together were too large; to be asked before it is repeated.
    pub(crate) fn may_repeat(&self, copies: usize) -> Result<(), TypeError> {
        let copies = u32::try_from(copies).unwrap_or(u32::MAX);
        if self.size.saturating_mul(copies) > SIZE_MAX {
            return Err(TypeError::new("the expression is too complex: this operand is repeated too often"));
        }
        Ok(())
    }

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
        self.node.children(&mut |child| child.visit(f));
    }

    fn visit_mut(&mut self, f: &mut dyn FnMut(&mut Expr)) {
        f(self);
        self.node.children_mut(&mut |child| child.visit_mut(f));
    }
}
