//! Expressions from SQL text, and their values over a few rows.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use eval::{EvalError, Expr, Limits, Program};
use rows::{AbsentMask, Field, LogicalType, Schema};

use crate::show;

pub(crate) fn expr(text: &str, schema: &Schema) -> Expr {
    sql::expression(text, schema).unwrap_or_else(|errors| panic!("{errors}"))
}

/// A column of a type, each cell cast from text.
pub(crate) fn text_column(cells: &[Option<&str>], ty: &LogicalType) -> ArrayRef {
    let input = Rows::new(vec![("cell", LogicalType::STRING, Arc::new(StringArray::from(cells.to_vec())))]);
    let expr = Expr::column(0, &input.schema.fields[0]).cast(ty.clone()).unwrap();
    let program = Program::compile(vec![expr], &input.schema, Limits::default()).unwrap();
    program.evaluate(&input.batch, &AbsentMask::none(1)).unwrap().0.remove(0)
}

/// Columns that all may be NULL.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    pub(crate) schema: Schema,
    pub(crate) batch: RecordBatch,
}

impl Rows {
    pub(crate) fn new(columns: Vec<(&str, LogicalType, ArrayRef)>) -> Self {
        let fields = columns.iter().map(|(name, ty, _)| Field::new(*name, ty.clone(), true)).collect();
        let schema = Schema::new(fields);
        let arrays = columns.into_iter().map(|(_, _, array)| array).collect();
        let batch = RecordBatch::try_new(schema.arrow(), arrays).unwrap();
        Self { schema, batch }
    }

    /// The values of an expression, and their type.
    pub(crate) fn evaluate(&self, text: &str) -> Result<(ArrayRef, LogicalType), EvalError> {
        let expr = expr(text, &self.schema);
        let ty = expr.ty().clone();
        let program = Program::compile(vec![expr], &self.schema, Limits::default()).unwrap();
        let (mut columns, _) = program.evaluate(&self.batch, &AbsentMask::none(self.batch.num_columns()))?;
        Ok((columns.remove(0), ty))
    }

    /// The values of an expression as the oracle shows them; the reason of an error after `!`.
    pub(crate) fn shown(&self, text: &str) -> Vec<String> {
        match self.evaluate(text) {
            Ok((values, ty)) => (0..values.len()).map(|row| show::cell(&values, &ty, row)).collect(),
            Err(error) => vec![format!("!{}", error.reason)],
        }
    }
}
