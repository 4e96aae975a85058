//! SQL text → parsed → typed → evaluated gives the types, the values and the errors of real Flink. The golden file, its
//! reader and the printing of cells are `eval`'s, whose own tests read the same expressions without this parser.

use std::sync::Arc;

use arrow_array::{ArrayRef, BinaryArray, RecordBatch, StringArray};
use base64::Engine;
use eval::{Expr, Limits, Program, Zone};
use rows::{AbsentMask, Field, LogicalType, Schema};

use crate::golden::{self, Answer, Case, Table};
use crate::show;

#[test]
fn every_expression_answers_as_flink_does() {
    let text = include_str!("../../../eval/tests/data/flink_expressions.txt");
    // Where `eval` differs on purpose; its own test notices when one of them no longer does.
    let deviations = golden::deviations(include_str!("../../../eval/tests/data/flink_deviations.txt"));
    let mut wrong = Vec::new();
    let mut count = 0;
    for table in golden::read(text) {
        let input = Input::of(&table);
        for case in table.cases.iter().filter(|case| !deviations.contains(&case.sql.as_str())) {
            count += 1;
            wrong.extend(difference(case, &input).map(|difference| format!("{}\n    {difference}", case.sql)));
        }
    }
    assert!(count > 300, "only {count} cases were read");
    assert!(wrong.is_empty(), "{} of {count} differ:\n{}", wrong.len(), wrong.join("\n"));
}

struct Input {
    schema: Schema,
    batch: RecordBatch,
    limits: Limits,
}

impl Input {
    fn of(table: &Table) -> Self {
        let zone = table.settings.iter().rev().find(|(key, _)| key == "table.local-time-zone");
        let zone = zone.map_or(Zone::UTC, |(_, zone)| Zone::parse(zone).unwrap());
        let fields = table.columns.iter().map(|(name, ty)| {
            let (ty, nullable) = ty.strip_suffix(" NOT NULL").map_or((ty.as_str(), true), |ty| (ty, false));
            Field::new(name, typed(&format!("CAST(NULL AS {ty})"), &Schema::default()).ty().clone(), nullable)
        });
        let schema = Schema::new(fields.collect());
        let columns = schema.fields.iter().enumerate().map(|(index, field)| {
            let cells: Vec<Option<&str>> = table.rows.iter().map(|row| row[index].as_deref()).collect();
            column(&cells, &field.ty)
        });
        let batch = RecordBatch::try_new(schema.arrow(), columns.collect()).unwrap();
        Self { schema, batch, limits: Limits { zone, ..Limits::default() } }
    }
}

fn typed(text: &str, schema: &Schema) -> Expr {
    sql::expression(text, schema).unwrap_or_else(|error| panic!("{error}"))
}

/// Cells of the golden file, cast to the column's type.
fn column(cells: &[Option<&str>], ty: &LogicalType) -> ArrayRef {
    if matches!(ty, LogicalType::Varbinary(_)) {
        let bytes = |text: &str| base64::engine::general_purpose::STANDARD.decode(text).unwrap();
        let cells: Vec<Option<Vec<u8>>> = cells.iter().map(|cell| cell.map(bytes)).collect();
        return Arc::new(cells.into_iter().collect::<BinaryArray>());
    }
    let local = matches!(ty, LogicalType::TimestampLtz(_));
    let texts = cells.iter().map(|cell| cell.map(|text| if local { text.trim_end_matches('Z') } else { text }));
    let texts: ArrayRef = Arc::new(texts.collect::<StringArray>());
    let schema = Schema::new(vec![Field::new("cell", LogicalType::STRING, true)]);
    let expr = typed(&format!("CAST(cell AS {ty})"), &schema);
    let batch = RecordBatch::try_new(schema.arrow(), vec![texts]).unwrap();
    let program = Program::compile(vec![expr], &schema, Limits::default()).unwrap();
    program.evaluate(&batch, &AbsentMask::none(1)).unwrap().0.remove(0)
}

/// What differs from Flink's answer.
fn difference(case: &Case, input: &Input) -> Option<String> {
    let expr = sql::expression(&case.sql, &input.schema).map_err(|errors| errors.list()[0].message.clone());
    let program =
        expr.and_then(|expr| Program::compile(vec![expr], &input.schema, input.limits).map_err(|error| error.message));
    let (ty, cells, program) = match (&case.answer, program) {
        (Answer::Refused(message), Err(own)) => {
            return (own != *message).then(|| format!("{own:?}, Flink {message:?}"));
        }
        (Answer::Refused(message), Ok(_)) => return Some(format!("accepted, Flink says {message:?}")),
        (Answer::Values { .. }, Err(own)) => return Some(format!("refused: {own}")),
        (Answer::Values { ty, cells }, Ok(program)) => (ty, cells, program),
    };
    let expr = program.exprs().next()?;
    let own = format!("{}{}", expr.ty(), if expr.nullable() { "" } else { " NOT NULL" });
    if own != *ty {
        return Some(format!("of type {own}, Flink {ty}"));
    }
    let values = cells.iter().enumerate().filter_map(|(row, expected)| {
        let one = input.batch.slice(row, 1);
        let own = match program.evaluate(&one, &AbsentMask::none(one.num_columns())) {
            Ok((columns, _)) => show::cell(&columns[0], expr.ty(), 0),
            Err(error) => format!("!{}", error.reason),
        };
        // How errors of values are worded is for eval's own test.
        let same = own == *expected || (own.starts_with('!') && expected.starts_with('!'));
        (!same).then(|| format!("row {row}: {own}, Flink {expected}"))
    });
    values.reduce(|all, one| format!("{all}\n    {one}"))
}
