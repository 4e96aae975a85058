use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, Int64Array};
use base::{Offset, PartitionIndex};
use eval::{ArithmeticOp, CompareOp, Expr};
use rows::{Field, LogicalType, Origin, PartitionId};

use super::*;

const INSERT: RowKind = RowKind::Insert;
const UPDATE: RowKind = RowKind::UpdateAfter;
const DELETE: RowKind = RowKind::Delete;

/// `id` (the key), `a`, `b`.
fn schema() -> Schema {
    let field = |name| Field::new(name, LogicalType::BigInt, true);
    Schema::new(vec![field("id"), field("a"), field("b")]).with_key(vec![0])
}

fn column(index: usize) -> Expr {
    Expr::column(index, &schema().fields[index])
}

fn above(index: usize, than: i32) -> Expr {
    Expr::compare(CompareOp::Greater, column(index), Expr::int(than)).unwrap()
}

/// `None` is absent, `Some(None)` NULL.
type Cell = Option<Option<i64>>;

/// A kind and `id`, `a`, `b`.
type Row = (RowKind, [Cell; 3]);

fn batch(rows: &[Row], upsert: bool) -> Batch {
    let columns = (0..3).map(|column| -> arrow_array::ArrayRef {
        Arc::new(rows.iter().map(|(_, cells)| cells[column].flatten()).collect::<Int64Array>())
    });
    let masks = (0..3).map(|column| {
        let mask: BooleanBuffer = rows.iter().map(|(_, cells)| cells[column].is_none()).collect();
        (mask.count_set_bits() > 0).then_some(mask)
    });
    let partition =
        PartitionId { topic: "t".into(), index: PartitionIndex(1), cluster: "".into(), topic_id: "".into() };
    Batch {
        columns: RecordBatch::try_new(schema().arrow(), columns.collect()).unwrap(),
        kinds: upsert.then(|| rows.iter().map(|(kind, _)| *kind).collect()),
        absent: AbsentMask::new(masks.collect()),
        origin: Origin {
            partition,
            offsets: (0..rows.len()).map(|row| Offset(10 + row as i64)).collect(),
            source_positions: Vec::new(),
            from_key_update: None,
        },
    }
}

fn transform(upsert: bool, filter: Option<Expr>, project: Vec<Expr>) -> Transform {
    let fields = project.iter().enumerate().map(|(i, expr)| Field::new(format!("c{i}"), expr.ty().clone(), true));
    let changelog = if upsert { Changelog::Upsert(vec![0]) } else { Changelog::Append };
    let plan = TransformPlan {
        input: schema(),
        input_changelog: changelog.clone(),
        filter,
        output: Schema::new(fields.collect()),
        project,
        output_changelog: changelog,
    };
    Transform::new(&plan, Limits::default(), "lake.db.t").unwrap()
}

fn rows_of(batch: &Batch) -> Vec<(RowKind, Vec<Cell>)> {
    let cell = |column: usize, row: usize| {
        let values = batch.columns.column(column).as_primitive::<Int64Type>();
        if batch.absent.is_absent(column, row) { None } else { Some(values.is_valid(row).then(|| values.value(row))) }
    };
    // Nothing but the key of a delete means anything.
    let columns = |row| if batch.kind(row) == DELETE { 1 } else { batch.columns.num_columns() };
    (0..batch.rows())
        .map(|row| (batch.kind(row), (0..columns(row)).map(|column| cell(column, row)).collect()))
        .collect()
}

fn all() -> Vec<Expr> {
    vec![column(0), column(1), column(2)]
}

const NULL: Cell = Some(None);
const ABSENT: Cell = None;

#[expect(clippy::unnecessary_wraps, reason = "a cell like the two above")]
const fn v(value: i64) -> Cell {
    Some(Some(value))
}

#[test]
fn an_append_stream_loses_what_does_not_match() {
    let input =
        batch(&[(INSERT, [v(1), v(5), v(0)]), (INSERT, [v(2), NULL, v(0)]), (INSERT, [v(3), v(9), v(0)])], false);
    let output = transform(false, Some(above(1, 5)), all()).apply(input).unwrap();
    assert_eq!(rows_of(&output), [(INSERT, vec![v(3), v(9), v(0)])]);
    assert_eq!(output.origin.offsets, [Offset(12)]);
}

#[test]
fn over_an_upsert_stream_a_row_that_stops_matching_becomes_a_delete() {
    let input = batch(
        &[
            (UPDATE, [v(1), v(9), v(7)]),
            (UPDATE, [v(2), v(5), ABSENT]),
            (DELETE, [v(3), NULL, NULL]),
            (INSERT, [v(4), NULL, v(7)]),
        ],
        true,
    );
    let output = transform(true, Some(above(1, 5)), all()).apply(input).unwrap();
    let gone = |id| (DELETE, vec![v(id)]);
    assert_eq!(rows_of(&output), [(UPDATE, vec![v(1), v(9), v(7)]), gone(2), gone(3), gone(4)]);
}

#[test]
fn a_filter_on_the_key_alone_drops_rows_and_their_deletes() {
    let input =
        batch(&[(INSERT, [v(1), v(9), v(7)]), (DELETE, [v(1), NULL, NULL]), (DELETE, [v(8), NULL, NULL])], true);
    let output = transform(true, Some(above(0, 5)), all()).apply(input).unwrap();
    assert_eq!(rows_of(&output), [(DELETE, vec![v(8)])]);
}

#[test]
fn nothing_is_computed_for_deletes() {
    let quotient = Expr::arithmetic(ArithmeticOp::Divide, column(1), column(2)).unwrap();
    let project = vec![column(0), quotient];
    let input = batch(&[(INSERT, [v(1), v(9), v(0)]), (INSERT, [v(2), v(9), v(3)])], true);
    let error = transform(true, None, project.clone()).apply(input.clone()).unwrap_err();
    assert!(error.message().starts_with("t-1@10: "), "{}", error.message());
    let output = transform(true, Some(above(2, 0)), project).apply(input).unwrap();
    assert_eq!(rows_of(&output), [(DELETE, vec![v(1)]), (INSERT, vec![v(2), v(3)])]);
}

#[test]
fn what_cannot_be_computed_is_told_with_its_place_and_a_way_out() {
    let quotient = Expr::arithmetic(ArithmeticOp::Divide, column(1), column(2)).unwrap();
    let more = Expr::arithmetic(ArithmeticOp::Add, quotient.clone(), Expr::int(1)).unwrap();
    let input = batch(&[(INSERT, [v(1), v(9), v(3)]), (INSERT, [v(2), v(9), v(0)])], false);
    let report = |filter, project| transform(false, filter, project).apply(input.clone()).unwrap_err().report();
    let hint = "\n  hint: NULLIF(b, 0) as the divisor gives NULL where it is zero; CASE or WHERE can keep such values away \
                from the expression, or correct them at their source; 'millstream.bad-records' is for records that cannot \
                be decoded, not for expressions";
    let failed = "/ by zero in (a / b)";
    for (filter, project, told) in [
        (None, vec![column(0), quotient.clone()], format!("t-1@11: the column 'c1' for lake.db.t: {failed}")),
        (
            None,
            vec![column(0), more],
            format!("t-1@11: the column 'c1' for lake.db.t: {failed}\n  detail: c1 is ((a / b) + CAST(1 AS BIGINT))"),
        ),
        (
            Some(Expr::compare(CompareOp::Greater, quotient, Expr::int(1)).unwrap()),
            all(),
            format!("t-1@11: WHERE for lake.db.t: {failed}"),
        ),
    ] {
        assert_eq!(report(filter, project), format!("{told}{hint}"));
    }
}

#[test]
fn absent_cells_stay_absent_where_one_column_decides_and_stop_the_job_elsewhere() {
    let input = batch(&[(UPDATE, [v(1), v(2), v(3)]), (UPDATE, [v(2), ABSENT, v(3)])], true);
    let plus = |expr: Expr, other: Expr| Expr::arithmetic(ArithmeticOp::Add, expr, other).unwrap();
    let widened = plus(column(1), column(1));
    let output = transform(true, None, vec![column(0), widened]).apply(input.clone()).unwrap();
    assert_eq!(rows_of(&output), [(UPDATE, vec![v(1), v(4)]), (UPDATE, vec![v(2), ABSENT])]);
    let sum = plus(column(1), column(2));
    for (filter, project) in [(None, vec![column(0), sum]), (Some(above(1, 0)), all())] {
        let error = transform(true, filter, project).apply(input.clone()).unwrap_err();
        assert!(error.message().contains("t-1@11") && error.message().contains("'a'"), "{}", error.message());
    }
}
