//! A batch as a whole gives what its rows give one by one, cell for cell, absent cells and errors too.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Decimal128Array, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
};
use arrow_buffer::BooleanBuffer;
use eval::{Limits, Predicate, Program};
use proptest::prelude::*;
use rows::{AbsentMask, LogicalType, Schema};

use super::config;
use crate::show;
use crate::support::{Rows, expr};

const EXPRESSIONS: &[&str] = &[
    "i",
    "i + 1",
    "10 / i",
    "MOD(7, i)",
    "CAST(s AS INT)",
    "TRY_CAST(s AS INT)",
    "UPPER(s) || '!'",
    "COALESCE(s, CAST(i AS STRING))",
    "CASE WHEN i = 0 THEN 0 ELSE 10 / i END",
    "CASE WHEN p THEN CAST(s AS INT) WHEN i > 0 THEN 10 / i END",
    "IF(p, d, 1)",
    "d * d",
    "d / i",
    "CAST(d AS DECIMAL(4, 1))",
    "ROUND(d, 1)",
    "p AND 10 / i > 0",
    "p OR CAST(s AS INT) = 1",
    "NOT p",
    "p IS NULL",
    "s LIKE '%1%'",
    "s IN ('1', 'x', '')",
    "i IN (0, 1, 2, NULL)",
    "i BETWEEN l AND 2",
    "NULLIF(i, 0)",
    "GREATEST(i, l)",
    "x / i",
    "CAST(x AS STRING)",
    "CAST(x AS INT)",
    "SUBSTRING(s FROM i FOR 2)",
    "LPAD(s, i, s)",
    "CONCAT_WS(',', s, s)",
    "REPEAT(s, i)",
    "SPLIT_INDEX(s, ',', i)",
    "TO_TIMESTAMP(s)",
    "1",
    "NULLIF(1, 1)",
    "'x'",
];

/// A row of the columns, each cell with whether it is absent.
type Row = (Option<i32>, Option<i64>, Option<String>, Option<i64>, Option<f64>, Option<bool>, [bool; 6]);

fn row() -> impl Strategy<Value = Row> {
    let absent = || prop::bool::weighted(0.05);
    let text = prop::sample::select(vec!["", "1", " 12 ", "x", "a,b,é", "2024-02-29 10:11:12", "-7.5"]);
    (
        prop::option::weighted(0.9, -1..4_i32),
        prop::option::weighted(0.9, prop_oneof![-3..3_i64, any::<i64>()]),
        prop::option::weighted(0.9, text.prop_map(str::to_owned)),
        prop::option::weighted(0.9, -99_999_999..99_999_999_i64),
        prop::option::weighted(0.9, prop_oneof![-3.0..3.0_f64, Just(f64::NAN), Just(-0.0), Just(1e300)]),
        prop::option::weighted(0.9, any::<bool>()),
        [absent(), absent(), absent(), absent(), absent(), absent()],
    )
}

struct Table {
    schema: Schema,
    batch: RecordBatch,
    absent: AbsentMask,
}

fn table(rows: &[Row]) -> Table {
    fn column<T>(rows: &[Row], at: usize, cell: impl Fn(&Row) -> Option<T>) -> Vec<Option<T>> {
        rows.iter().map(|row| cell(row).filter(|_| !row.6[at])).collect()
    }
    let decimals: Decimal128Array = column(rows, 3, |row| row.3.map(i128::from)).into_iter().collect();
    let of = LogicalType::Decimal { precision: 10, scale: 2 };
    let columns: Vec<(&str, LogicalType, ArrayRef)> = vec![
        ("i", LogicalType::Int, Arc::new(Int32Array::from(column(rows, 0, |row| row.0)))),
        ("l", LogicalType::BigInt, Arc::new(Int64Array::from(column(rows, 1, |row| row.1)))),
        ("s", LogicalType::STRING, Arc::new(StringArray::from(column(rows, 2, |row| row.2.clone())))),
        ("d", of, Arc::new(decimals.with_precision_and_scale(10, 2).unwrap())),
        ("x", LogicalType::Double, Arc::new(Float64Array::from(column(rows, 4, |row| row.4)))),
        ("p", LogicalType::Boolean, Arc::new(BooleanArray::from(column(rows, 5, |row| row.5)))),
    ];
    let Rows { schema, batch } = Rows::new(columns);
    let mask = |at: usize| {
        let bits = BooleanBuffer::collect_bool(rows.len(), |row| rows[row].6[at]);
        (bits.count_set_bits() > 0).then_some(bits)
    };
    Table { schema, batch, absent: AbsentMask::new((0..6).map(mask).collect()) }
}

impl Table {
    /// Some of the rows, in their place in the memory of all.
    fn part(&self, from: usize, count: usize) -> (RecordBatch, AbsentMask) {
        let mask = |at: usize| self.absent.column(at).map(|bits| bits.slice(from, count));
        (self.batch.slice(from, count), AbsentMask::new((0..6).map(mask).collect()))
    }
}

/// The cells of each row, absent ones as `<absent>`; or the first error's row and reason.
fn cells(program: &Program, batch: &RecordBatch, absent: &AbsentMask) -> Result<Vec<Vec<String>>, (usize, String)> {
    let (columns, mask) = program.evaluate(batch, absent).map_err(|error| (error.row, error.reason))?;
    let types: Vec<LogicalType> = program.exprs().map(|expr| expr.ty().clone()).collect();
    let cell = |at: usize, row: usize| {
        if mask.is_absent(at, row) { "<absent>".to_owned() } else { show::cell(&columns[at], &types[at], row) }
    };
    Ok((0..batch.num_rows()).map(|row| (0..columns.len()).map(|at| cell(at, row)).collect()).collect())
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn programs(rows in prop::collection::vec(row(), 1..70), which in prop::collection::vec(prop::sample::select(EXPRESSIONS), 1..4), cut: prop::sample::Index) {
        let table = table(&rows);
        let exprs = which.iter().map(|text| expr(text, &table.schema)).collect();
        let program = Program::compile(exprs, &table.schema, Limits::default()).unwrap();
        let one = |row: usize| {
            let (batch, absent) = table.part(row, 1);
            cells(&program, &batch, &absent).map_err(|(_, reason)| (row, reason))
        };
        let one_by_one = (0..rows.len()).map(one).collect::<Result<Vec<_>, _>>().map(|rows| rows.concat());
        let whole = cells(&program, &table.batch, &table.absent);
        match (&whole, &one_by_one) {
            // Several expressions may fail, each in a row of its own.
            (Err(_), Err(_)) if which.len() > 1 => {}
            _ => prop_assert_eq!(&whole, &one_by_one, "{:?}", which),
        }
        // And in two parts, wherever they meet.
        let cut = cut.index(rows.len());
        let ((a, a_absent), (b, b_absent)) = (table.part(0, cut), table.part(cut, rows.len() - cut));
        if let (Ok(whole), Ok(a), Ok(b)) = (whole, cells(&program, &a, &a_absent), cells(&program, &b, &b_absent)) {
            prop_assert_eq!(whole, [a, b].concat(), "{:?}", which);
        }
    }

    #[test]
    fn conditions(rows in prop::collection::vec(row(), 1..70), text in prop::sample::select(vec![
        "p", "NOT p", "i > 0 AND 10 / i > 3", "i = 0 OR 10 / i > 3", "s LIKE '%1%' OR p IS NULL", "i IN (0, 1, NULL)", "d > x",
    ])) {
        let table = table(&rows);
        let predicate = Predicate::compile(expr(text, &table.schema), &table.schema, Limits::default()).unwrap();
        let whole = predicate.evaluate(&table.batch, &table.absent).unwrap();
        for row in 0..rows.len() {
            let (batch, absent) = table.part(row, 1);
            let one = predicate.evaluate(&batch, &absent).unwrap();
            prop_assert_eq!(whole.rows.value(row), one.rows.value(0), "{} row {}", text, row);
            let undecided = |bits: &Option<BooleanBuffer>, row: usize| bits.as_ref().is_some_and(|bits| bits.value(row));
            prop_assert_eq!(undecided(&whole.undecided, row), undecided(&one.undecided, 0), "{} row {}", text, row);
        }
    }
}
