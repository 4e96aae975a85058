//! An expression over an absent cell is absent, is NULL in its column, and cannot fail.

use std::sync::Arc;

use arrow_array::{Array, Int32Array, RecordBatch, StringArray};
use arrow_buffer::BooleanBuffer;
use eval::{Expr, Limits, Predicate, Program, TypeError};
use rows::{AbsentMask, Field, LogicalType, Schema};

fn schema() -> Schema {
    Schema::new(vec![Field::new("i", LogicalType::Int, true), Field::new("s", LogicalType::STRING, true)])
}

/// Rows `(1, 'a')`, `(0, absent)`, `(absent, 'c')`.
fn batch() -> (RecordBatch, AbsentMask) {
    let columns = vec![
        Arc::new(Int32Array::from(vec![Some(1), Some(0), None])) as _,
        Arc::new(StringArray::from(vec![Some("a"), None, Some("c")])) as _,
    ];
    let mask = |rows: [bool; 3]| Some(BooleanBuffer::from(rows.to_vec()));
    let absent = AbsentMask::new(vec![mask([false, false, true]), mask([false, true, false])]);
    (RecordBatch::try_new(schema().arrow(), columns).unwrap(), absent)
}

fn expr(text: &str) -> Expr {
    sql::expression(text, &schema()).unwrap_or_else(|errors| panic!("{errors}"))
}

#[test]
fn absence_passes_through_expressions_by_the_columns_they_read() {
    let check = |sql: &str, expected: [bool; 3]| {
        let program = Program::compile(vec![expr(sql)], &schema(), Limits::default()).unwrap();
        let (batch, absent) = batch();
        let (columns, mask) = program.evaluate(&batch, &absent).unwrap();
        for (row, expected) in expected.into_iter().enumerate() {
            assert_eq!(mask.is_absent(0, row), expected, "{sql}, row {row}");
            assert!(!expected || columns[0].is_null(row), "{sql}: the absent cell of row {row} is not NULL");
        }
    };
    check("s", [false, true, false]);
    check("i", [false, false, true]);
    check("UPPER(s)", [false, true, false]);
    check("COALESCE(s, 'none')", [false, true, false]);
    check("s IS NULL", [false, true, false]);
    check("CAST(i AS STRING) || s", [false, true, true]);
    check("1", [false, false, false]);
}

#[test]
fn nothing_fails_for_a_row_whose_result_is_absent() {
    let (batch, absent) = batch();
    let check = |sql: &str, row: Option<usize>| {
        let program = Program::compile(vec![expr(sql)], &schema(), Limits::default()).unwrap();
        let result = program.evaluate(&batch, &absent);
        assert_eq!(result.err().map(|error| error.row), row, "{sql}");
    };
    // Row 1 divides by zero, but its s is absent.
    check("CASE WHEN s = 'a' THEN 1 ELSE 1 / i END", None);
    check("1 / i", Some(1));
    check("COALESCE(s, CAST(1 / i AS STRING))", None);
}

#[test]
fn a_condition_over_an_absent_cell_is_undecided() {
    let (batch, absent) = batch();
    let predicate = Predicate::compile(expr("s = 'a' OR s IS NULL"), &schema(), Limits::default()).unwrap();
    let selected = predicate.evaluate(&batch, &absent).unwrap();
    assert_eq!(selected.rows.iter().collect::<Vec<_>>(), [true, false, false]);
    assert_eq!(selected.undecided.unwrap().iter().collect::<Vec<_>>(), [false, true, false]);
    let predicate = Predicate::compile(expr("TRUE"), &schema(), Limits::default()).unwrap();
    let selected = predicate.evaluate(&batch, &absent).unwrap();
    assert!(selected.undecided.is_none());
    assert_eq!(selected.rows.count_set_bits(), 3);
}

#[test]
fn only_expressions_over_one_column_are_safe_for_absent_cells() {
    let check = |sql: &str, columns: &[usize], safe: bool| {
        let expr = expr(sql);
        assert_eq!(expr.columns_used(), columns, "{sql}");
        assert_eq!(expr.absent_safe(|column| column == 1), safe, "{sql}");
    };
    check("UPPER(s) || s", &[1], true);
    check("i + 1", &[0], true);
    check("CAST(i AS STRING) || s", &[0, 1], false);
    check("1", &[], true);
}

#[test]
fn programs_are_checked_against_their_schema() {
    let wrong = Schema::new(vec![Field::new("i", LogicalType::BigInt, true)]);
    assert!(Program::compile(vec![expr("i")], &wrong, Limits::default()).is_err());
    assert!(Program::compile(vec![expr("s")], &wrong, Limits::default()).is_err());
    let message = |result: Result<Program, TypeError>| result.err().map(|error| error.message);
    assert_eq!(
        message(Program::compile(vec![Expr::null()], &schema(), Limits::default())).as_deref(),
        Some("Illegal use of 'NULL'")
    );
}

#[test]
fn an_error_names_the_expression_the_row_and_the_reason() {
    let (batch, _) = batch();
    let program = Program::compile(vec![expr("i + 10 / i")], &schema(), Limits::default()).unwrap();
    let error = program.evaluate(&batch, &AbsentMask::none(2)).unwrap_err();
    assert_eq!(error.to_string(), "/ by zero in (10 / i)");
    assert_eq!(error.row, 1);
}

#[test]
fn results_larger_than_the_limit_are_errors_and_not_allocated() {
    let (batch, _) = batch();
    for sql in ["REPEAT('x', 2147483647)", "LPAD('x', 2147483647, 'ab')", "REPEAT(REPEAT(s, 1000000), 1000)"] {
        let program = Program::compile(vec![expr(sql)], &schema(), Limits::default()).unwrap();
        let error = program.evaluate(&batch, &AbsentMask::none(2)).unwrap_err();
        assert_eq!(error.reason, "the results of one batch are larger than 64MiB", "{sql}");
    }
}
