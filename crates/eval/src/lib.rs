//! Flink's expressions over Arrow columns.
//!
//! A planner builds a typed [`Expr`] with the constructors in [`build`], which infer types and put in the casts that Flink's
//! validator would, or say with a [`TypeError`] why the expression has no meaning; [`functions`] lists the functions by name.
//! A [`Program`] is a list of such expressions over the columns of one schema; a [`Predicate`] is one boolean expression.
//! Both evaluate whole batches, carry the absent mask along (an expression over an absent cell is absent) and fail with an
//! [`EvalError`] that names the expression and the row.
//!
//! The semantics are those of Flink 2.3 in streaming mode; `tests/data/flink_expressions.txt` holds what real Flink answers.

pub mod build;
pub mod error;
pub mod expr;
pub mod function;
pub mod interval;
pub mod operators;
pub mod program;
pub mod scalar;
pub mod zone;

mod calendar;
mod calendar_text;
mod evaluate;
mod kernel;
mod show;
mod typing;
mod value;

pub use error::{EvalError, TypeError};
pub use expr::{ArithmeticOp, CompareOp, Expr, Test, TimeUnit, TrimSide};
pub use function::{Function, functions, nearest_function};
pub use interval::Interval;
pub use program::{Limits, Predicate, Program, Selected};
pub use scalar::Scalar;
pub use zone::Zone;
