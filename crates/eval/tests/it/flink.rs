//! Every expression of the golden file has the type, the values and the errors that real Flink gave.

use std::sync::Arc;

use arrow_array::{ArrayRef, BinaryArray, RecordBatch};
use base64::Engine;
use eval::{Limits, Program, Zone};
use rows::{AbsentMask, Field, LogicalType, Schema};

use crate::golden::{self, Answer, Case, Table};
use crate::show;
use crate::support::{expr, text_column};

#[test]
fn every_expression_answers_as_flink_does() {
    let text = include_str!("../data/flink_expressions.txt");
    let deviations = golden::deviations(include_str!("../data/flink_deviations.txt"));
    let mut wrong = Vec::new();
    let mut count = 0;
    for table in golden::read(text) {
        let input = Input::of(&table);
        for case in &table.cases {
            count += 1;
            let differences = check(case, &input);
            let expected = deviations.contains(&case.sql.as_str());
            if differences.is_empty() == expected {
                wrong.push(format!(
                    "{}\n    {}",
                    case.sql,
                    if expected { "does not deviate".to_owned() } else { differences.join("\n    ") }
                ));
            }
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
        let limits = Limits { zone, ..Limits::default() };
        let fields: Vec<Field> = table
            .columns
            .iter()
            .map(|(name, ty)| {
                let (ty, nullable) = ty.strip_suffix(" NOT NULL").map_or((ty.as_str(), true), |ty| (ty, false));
                Field::new(name, expr(&format!("CAST(NULL AS {ty})"), &Schema::default()).ty().clone(), nullable)
            })
            .collect();
        let schema = Schema::new(fields);
        let columns = (0..schema.fields.len())
            .map(|index| {
                let cells: Vec<Option<&str>> = table.rows.iter().map(|row| row[index].as_deref()).collect();
                column(&cells, &schema.fields[index].ty)
            })
            .collect();
        let batch = RecordBatch::try_new(schema.arrow(), columns).unwrap();
        Self { schema, batch, limits }
    }
}

/// The cells of a golden table, cast to the column's type.
fn column(cells: &[Option<&str>], ty: &LogicalType) -> ArrayRef {
    if matches!(ty, LogicalType::Varbinary(_)) {
        let bytes = |text: &str| base64::engine::general_purpose::STANDARD.decode(text).unwrap();
        let cells: Vec<Option<Vec<u8>>> = cells.iter().map(|cell| cell.map(bytes)).collect();
        return Arc::new(cells.into_iter().collect::<BinaryArray>());
    }
    let local = matches!(ty, LogicalType::TimestampLtz(_));
    let texts: Vec<Option<&str>> =
        cells.iter().map(|cell| cell.map(|text| if local { text.trim_end_matches('Z') } else { text })).collect();
    text_column(&texts, ty)
}

/// What differs from Flink's answer.
fn check(case: &Case, input: &Input) -> Vec<String> {
    let program = sql::expression(&case.sql, &input.schema).map_err(|errors| errors.list()[0].message.clone());
    let program = program
        .and_then(|expr| Program::compile(vec![expr], &input.schema, input.limits).map_err(|error| error.message));
    match (&case.answer, program) {
        (Answer::Refused(message), Err(own)) if own == *message => Vec::new(),
        (Answer::Refused(message), Err(own)) => vec![format!("refused by {own:?}, Flink {message:?}")],
        (Answer::Refused(message), Ok(_)) => vec![format!("accepted, Flink says {message:?}")],
        (Answer::Values { .. }, Err(own)) => vec![format!("refused: {own}")],
        (Answer::Values { ty, cells }, Ok(program)) => {
            let expr = program.exprs().next().unwrap();
            let own = format!("{}{}", expr.ty(), if expr.nullable() { "" } else { " NOT NULL" });
            let mut differences = Vec::new();
            if own != *ty {
                differences.push(format!("of type {own}, Flink {ty}"));
            }
            let ty = expr.ty().clone();
            for (row, expected) in cells.iter().enumerate() {
                let one = input.batch.slice(row, 1);
                let cell = match program.evaluate(&one, &AbsentMask::none(one.num_columns())) {
                    Ok((columns, _)) => show::cell(&columns[0], &ty, 0),
                    Err(error) => format!("!{}", error.reason),
                };
                if !same(&cell, expected) {
                    differences.push(format!("row {row}: {cell}, Flink {expected}"));
                }
            }
            differences.extend(whole_batch(&program, input, cells));
            differences
        }
    }
}

/// An error is worded as Flink's, but for those that Java's date parser and others word by their inner workings.
fn same(own: &str, expected: &str) -> bool {
    match (own.strip_prefix('!'), expected.strip_prefix('!')) {
        (Some(own), Some(expected)) => {
            let (class, message) = expected.split_once(": ").unwrap_or(("", expected));
            !matches!(class, "ArithmeticException" | "NumberFormatException")
                || own == message
                || message.contains("missing \"e\"")
                || message.contains("Overflow")
        }
        _ => own == expected,
    }
}

/// All rows at once give the same as one by one; an error names the first row that has one.
fn whole_batch(program: &Program, input: &Input, cells: &[String]) -> Option<String> {
    let ty = program.exprs().next().unwrap().ty().clone();
    let first_error = cells.iter().position(|cell| cell.starts_with('!'));
    match program.evaluate(&input.batch, &AbsentMask::none(input.batch.num_columns())) {
        Ok(_) if first_error.is_some() => Some("the whole batch gives no error".to_owned()),
        Ok((columns, _)) => (0..cells.len()).find_map(|row| {
            let cell = show::cell(&columns[0], &ty, row);
            (cell != cells[row]).then(|| format!("row {row} of the whole batch: {cell}, Flink {}", cells[row]))
        }),
        Err(error) if Some(error.row) == first_error => None,
        Err(error) => Some(format!("the whole batch fails in row {}: {}", error.row, error.reason)),
    }
}
