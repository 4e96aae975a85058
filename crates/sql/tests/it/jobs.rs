//! Whole jobs end with the rows that real Flink ends with: the plan of each job of `data/flink_jobs.txt` is carried out row
//! by row, as simply as can be. `oracle/` writes the golden file.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_buffer::BooleanBuffer;
use eval::{Limits, Predicate, Program};
use flow::PipelinePlan;
use flow::plan::TransformPlan;
use rows::{AbsentMask, Changelog, Field, LogicalType, Schema};
use sql::{Mode, Overrides};

use crate::catalog::Lake;
use crate::harness::plan_with;
use crate::show;

/// A job of the golden file.
#[derive(Debug, Default)]
struct Job {
    name: String,
    columns: Vec<String>,
    key: Option<String>,
    rows: Vec<Vec<String>>,
    into: String,
    insert: String,
    /// The rows of the sink in the end, sorted.
    held: Vec<String>,
}

#[test]
fn every_job_ends_as_in_flink() {
    let jobs: Vec<Job> = include_str!("../data/flink_jobs.txt").split("\n\n").filter_map(read).collect();
    assert!(jobs.len() >= 25, "only {} jobs were read", jobs.len());
    for job in &jobs {
        let text = job.sql();
        let planned = plan_with(&Lake::default(), &text, &Overrides::default(), Mode::Check)
            .unwrap_or_else(|errors| panic!("{}: {errors}", job.name));
        assert_eq!(carried_out(job, &planned.job.pipelines[0]), job.held, "{}\n{}", job.name, planned.explain);
    }
}

fn read(text: &str) -> Option<Job> {
    let mut job = Job::default();
    for line in text.lines() {
        let (word, rest) = line.split_once(' ').unwrap();
        match word {
            "job" => rest.clone_into(&mut job.name),
            "column" => job.columns.push(rest.to_owned()),
            "key" => job.key = Some(rest.to_owned()),
            "row" => job.rows.push(rest.split('\t').map(str::to_owned).collect()),
            "into" => rest.clone_into(&mut job.into),
            "insert" => rest.clone_into(&mut job.insert),
            "=" => job.held.push(rest.to_owned()),
            other => panic!("{}: unknown line {other} {rest}", job.name),
        }
    }
    (!job.name.is_empty()).then_some(job)
}

impl Job {
    fn sql(&self) -> String {
        let key = self.key.as_ref().map_or(String::new(), |key| format!(", PRIMARY KEY ({key}) NOT ENFORCED"));
        let format = if self.key.is_some() { "debezium-json" } else { "json" };
        let (columns, into, insert) = (self.columns.join(", "), &self.into, &self.insert);
        format!(
            "CREATE TABLE t ({columns}{key}) WITH ('connector'='kafka', 'topic'='t', 'properties.bootstrap.servers'='b', 'format'='{format}');
             CREATE TABLE s ({into}) WITH ('connector'='print');
             INSERT INTO s {insert};"
        )
    }

    /// The cell of a row in the column of that name; `None` is NULL.
    fn cell<'a>(&self, row: &'a [String], column: &str) -> Option<&'a str> {
        let written = self.columns.iter().filter(|column| !column.contains(" AS "));
        let at = written.into_iter().position(|written| written.split(' ').next() == Some(column)).unwrap();
        Some(row[at + 1].as_str()).filter(|cell| *cell != "NULL")
    }
}

/// What a sink would hold in the end.
fn carried_out(job: &Job, pipeline: &PipelinePlan) -> Vec<String> {
    let mut held: BTreeMap<String, String> = BTreeMap::new();
    for (number, row) in job.rows.iter().enumerate() {
        let input = &pipeline.transforms[0].input;
        let columns = input.fields.iter().map(|field| cast(job.cell(row, &field.name), &field.ty)).collect();
        let mut state = Some((RecordBatch::try_new(input.arrow(), columns).unwrap(), row[0] == "d"));
        for transform in &pipeline.transforms {
            state = state.and_then(|(batch, delete)| step(transform, &batch, delete));
        }
        let Some((batch, delete)) = state else { continue };
        let output = &pipeline.transforms.last().unwrap().output;
        let cells: Vec<String> =
            (0..output.fields.len()).map(|at| shown(batch.column(at), &output.fields[at].ty)).collect();
        let id = match &pipeline.transforms.last().unwrap().output_changelog {
            Changelog::Upsert(key) => key.iter().map(|at| cells[*at].as_str()).collect::<Vec<_>>().join("\t"),
            _ => format!("{number}"),
        };
        if delete {
            held.remove(&id)
        } else {
            held.insert(id, cells.join(", "))
        };
    }
    let mut held: Vec<String> = held.into_values().collect();
    held.sort();
    held
}

/// One row through one transform: over an upsert stream what is not selected is a delete, and a delete passes every filter.
fn step(transform: &TransformPlan, batch: &RecordBatch, delete: bool) -> Option<(RecordBatch, bool)> {
    let key = match &transform.input_changelog {
        Changelog::Upsert(key) => Some(key),
        _ => None,
    };
    let mut delete = delete;
    if let Some(filter) = transform.filter.clone().filter(|_| !delete) {
        let predicate = Predicate::compile(filter, &transform.input, Limits::default()).unwrap();
        let selected = predicate.evaluate(batch, &AbsentMask::none(batch.num_columns())).unwrap().rows.value(0);
        match (selected, key) {
            (true, _) => {}
            (false, Some(_)) => delete = true,
            (false, None) => return None,
        }
    }
    // A delete has nothing but its key.
    let absent = (0..batch.num_columns()).map(|column| {
        let gone = delete && !key.is_some_and(|key| key.contains(&column));
        gone.then(|| BooleanBuffer::new_set(1))
    });
    let project = Program::compile(transform.project.clone(), &transform.input, Limits::default()).unwrap();
    let (columns, _) = project.evaluate(batch, &AbsentMask::new(absent.collect())).unwrap();
    Some((RecordBatch::try_new(transform.output.arrow(), columns).unwrap(), delete))
}

fn cast(cell: Option<&str>, ty: &LogicalType) -> ArrayRef {
    let schema = Schema::new(vec![Field::new("cell", LogicalType::STRING, true)]);
    let cell =
        cell.map(|cell| if matches!(ty, LogicalType::TimestampLtz(_)) { cell.trim_end_matches('Z') } else { cell });
    let batch = RecordBatch::try_new(schema.arrow(), vec![Arc::new(StringArray::from(vec![cell]))]).unwrap();
    let expr = sql::expression(&format!("CAST(cell AS {ty})"), &schema).unwrap();
    let program = Program::compile(vec![expr], &schema, Limits::default()).unwrap();
    program.evaluate(&batch, &AbsentMask::none(1)).unwrap().0.remove(0)
}

/// As Flink's print connector shows it.
fn shown(column: &ArrayRef, ty: &LogicalType) -> String {
    let cell = show::cell(column, ty, 0);
    match cell.strip_prefix('\'').and_then(|cell| cell.strip_suffix('\'')) {
        Some(text) => text.to_owned(),
        None if cell == "NULL" => "null".to_owned(),
        None => cell,
    }
}
