//! Every job of `tests/jobs` gives the rows that real Flink gave: planned by `sql`, decoded by `formats`, evaluated by `eval`,
//! row by row, without a broker and a lake. `tests/jobs/README.md` says what a job consists of.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use arrow_array::{ArrayRef, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow_buffer::BooleanBuffer;
use base::{Error, Offset, PartitionIndex, RealDisk, Result, SystemClock};
use eval::{Limits, Predicate, Program, Zone};
use flow::plan::TransformPlan;
use flow::registry::{CatalogContext, SourcePlan};
use flow::{
    OptionError, OptionSpec, Registry, Settings, Sink, SinkContext, SinkFactory, SinkInput, SinkInstance,
    SourceContext, SourceFactory, SourceInstance, SourceParts, TableDef,
};
use formats::{debezium, json};
use rows::{AbsentMask, Batch, Changelog, LogicalType, Origin, PartitionId, RawRecord, RecordDecoder, RowKind, Schema};
use sql::{Job, Mode, Overrides};

#[test]
fn every_job_gives_the_rows_that_flink_gave() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/jobs");
    let mut jobs: Vec<PathBuf> = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    jobs.retain(|path| path.join("job.sql").exists());
    jobs.sort();
    assert!(jobs.len() >= 20, "only {} jobs were found", jobs.len());
    let wrong: Vec<String> = jobs.iter().filter_map(|job| difference(job)).collect();
    assert!(wrong.is_empty(), "{} of {} jobs differ\n{}", wrong.len(), jobs.len(), wrong.join("\n"));
}

fn difference(job: &Path) -> Option<String> {
    let name = job.file_name().unwrap().to_string_lossy().into_owned();
    let read =
        |file: &str| std::fs::read_to_string(job.join(file)).unwrap_or_else(|error| panic!("{name}/{file}: {error}"));
    let expected: Vec<String> = read("expected.txt").lines().map(str::to_owned).collect();
    let rows = match run(&read("job.sql"), &read("input.jsonl")) {
        Ok(rows) => rows,
        Err(error) => return Some(format!("{name}: {error}")),
    };
    if rows == expected {
        return None;
    }
    let missing = expected.iter().filter(|row| !rows.contains(row)).map(|row| format!("  Flink {row}\n"));
    let added = rows.iter().filter(|row| !expected.contains(row)).map(|row| format!("  ours  {row}\n"));
    Some(format!("{name}:\n{}", missing.chain(added).collect::<String>()))
}

fn run(job: &str, input: &str) -> Result<Vec<String>, String> {
    let job = job
        .replace("${src}", "'connector'='lines'")
        .replace("${dst}", "dst")
        .replace("${dst.upsert}", "'connector'='table'")
        .replace("${dst.append}", "'connector'='table'");
    let lines = Lines::default();
    let registry = Registry {
        sources: vec![Arc::new(lines.clone())],
        sinks: vec![Arc::new(Table)],
        catalogs: Vec::new(),
        settings: vec![OptionSpec::optional("pipeline.name", "the name of the job")],
    };
    let context = CatalogContext {
        clock: Arc::new(SystemClock::default()),
        disk: Arc::new(RealDisk),
        working_dir: PathBuf::from("."),
        read_only: false,
    };
    let overrides = Overrides { set: vec![("pipeline.name".into(), "test".into())], bootstrap: None };
    let parsed = Job::parse(&job, "job.sql").map_err(|errors| errors.to_string())?;
    let planned =
        sql::plan(&parsed, &registry, &overrides, &context, Mode::Check).map_err(|errors| errors.to_string())?;
    let zone = planned.job.settings.get("table.local-time-zone").map_or(Zone::UTC, |zone| Zone::parse(zone).unwrap());
    let limits = Limits { zone, ..Limits::default() };
    let pipeline = &planned.job.pipelines[0];
    let mut results = Results::default();
    for batch in lines.decode(input)? {
        for row in 0..batch.rows() {
            let mut one = one_row(&batch, row);
            for transform in &pipeline.transforms {
                one = apply(transform, one, limits).map_err(|error| error.to_string())?;
                if one.rows() == 0 {
                    break;
                }
            }
            if one.rows() > 0 {
                results.take(&one, pipeline.transforms.last().map(|last| &last.output_changelog));
            }
        }
    }
    Ok(results.rows())
}

fn one_row(batch: &Batch, row: usize) -> Batch {
    let keep = BooleanBuffer::collect_bool(batch.rows(), |index| index == row);
    batch.select(&keep).unwrap()
}

/// Filter and projection of one row: what is not selected any more is deleted; of a delete only the key counts.
fn apply(plan: &TransformPlan, batch: Batch, limits: Limits) -> Result<Batch, eval::EvalError> {
    let key = match &plan.input_changelog {
        Changelog::Upsert(key) => Some(key),
        _ => None,
    };
    let mut kind = batch.kind(0);
    if let (Some(filter), false) = (&plan.filter, kind == RowKind::Delete) {
        let predicate = Predicate::compile(filter.clone(), &plan.input, limits).unwrap();
        if !predicate.evaluate(&batch.columns, &batch.absent)?.rows.value(0) {
            if key.is_none() {
                return Ok(batch.select(&BooleanBuffer::new_unset(1)).unwrap());
            }
            kind = RowKind::Delete;
        }
    }
    let mask = |column: usize| {
        let absent = kind == RowKind::Delete && key.is_some_and(|key| !key.contains(&column));
        absent.then(|| BooleanBuffer::new_set(1))
    };
    let absent = AbsentMask::new((0..batch.columns.num_columns()).map(mask).collect());
    let program = Program::compile(plan.project.clone(), &plan.input, limits).unwrap();
    let (columns, _) = program.evaluate(&batch.columns, &absent)?;
    let columns = RecordBatch::try_new(plan.output.arrow(), columns).unwrap();
    Ok(Batch { columns, kinds: Some(vec![kind]), absent: AbsentMask::default(), origin: batch.origin })
}

/// What the sink's table holds.
#[derive(Default)]
struct Results {
    by_key: BTreeMap<String, String>,
    appended: Vec<String>,
}

impl Results {
    fn take(&mut self, row: &Batch, changelog: Option<&Changelog>) {
        let shown = |row: &Batch| {
            let mut text = String::new();
            formats::text::print(row, 0, &mut text).unwrap();
            text
        };
        let kind = row.kind(0);
        let insert = Batch { kinds: None, ..row.clone() };
        let Some(Changelog::Upsert(key)) = changelog else {
            self.appended.push(shown(&insert));
            return;
        };
        let key = shown(&Batch { columns: insert.columns.project(key).unwrap(), ..insert.clone() });
        match kind {
            RowKind::Delete => self.by_key.remove(&key),
            _ => self.by_key.insert(key, shown(&insert)),
        };
    }

    fn rows(self) -> Vec<String> {
        let mut rows = self.appended;
        rows.extend(self.by_key.into_values());
        // As Java sorts texts.
        rows.sort_by(|a, b| a.encode_utf16().cmp(b.encode_utf16()));
        rows
    }
}

/// A connector whose records are the lines of a file.
#[derive(Clone, Debug, Default)]
struct Lines(Arc<Mutex<Option<Asked>>>);

/// What the planner asked the connector for.
#[derive(Clone, Debug)]
struct Asked {
    table: TableDef,
    used: Vec<usize>,
}

impl SourceFactory for Lines {
    fn name(&self) -> &'static str {
        "lines"
    }

    fn options(&self) -> Vec<OptionSpec> {
        vec![OptionSpec::required("format", "how lines are encoded")]
    }

    fn metadata(&self) -> Vec<(&'static str, LogicalType, bool)> {
        vec![
            ("topic", LogicalType::STRING, false),
            ("partition", LogicalType::Int, false),
            ("offset", LogicalType::BigInt, false),
        ]
    }

    fn plan(&self, table: &TableDef, used: &[usize], _: &Settings) -> Result<SourcePlan, OptionError> {
        *self.0.lock().unwrap() = Some(Asked { table: table.clone(), used: used.to_vec() });
        Ok(SourcePlan { instance: Arc::new(Unopened), changelog: self.changelog(table)? })
    }

    fn changelog(&self, table: &TableDef) -> Result<Changelog, OptionError> {
        Ok(match table.options["format"].as_str() {
            "debezium-json" => Changelog::Upsert(table.schema.key.clone()),
            _ => Changelog::Append,
        })
    }
}

impl Lines {
    /// The rows of all lines, with the columns that the plan uses.
    fn decode(&self, input: &str) -> Result<Vec<Batch>, String> {
        let Asked { table, used } = self.0.lock().unwrap().clone().expect("a planned source");
        let physical: Vec<usize> = (0..table.schema.fields.len()).filter(|at| table.metadata[*at].is_none()).collect();
        let at = |field: usize| physical.iter().position(|one| *one == field).expect("a physical field");
        let fields = physical.iter().map(|field| table.schema.fields[*field].clone()).collect();
        let schema = Schema::new(fields).with_key(table.schema.key.iter().map(|key| at(*key)).collect());
        let wanted = used.iter().filter(|field| table.metadata[**field].is_none()).map(|field| at(*field)).collect();
        let decoded_table = formats::Table::new("src", schema).project(wanted);
        let limits = formats::Limits::default();
        let mut decoder: Box<dyn RecordDecoder> = if table.options["format"] == "json" {
            Box::new(json::decoder(&decoded_table, json::JsonOptions::default(), limits).map_err(|e| e.report())?)
        } else {
            let options = debezium::DebeziumOptions::default();
            Box::new(debezium::decoder(&decoded_table, options, limits).map_err(|e| e.report())?)
        };
        let mut batches = Vec::new();
        for (offset, line) in input.lines().enumerate() {
            let record = RawRecord {
                offset: Offset(offset as i64),
                timestamp: 0,
                key: None,
                value: Some(line.as_bytes()),
                headers: &[],
            };
            decoder.decode(&record).map_err(|bad| format!("line {}: {bad}", offset + 1))?;
            let decoded = decoder.finish().map_err(|error| error.report())?;
            let rows = decoded.offsets.len();
            let mut physical = decoded.columns.columns().iter();
            let columns: Vec<ArrayRef> = used
                .iter()
                .map(|field| match table.metadata[*field].as_deref() {
                    None => physical.next().expect("a decoded column").clone(),
                    Some("topic") => Arc::new(StringArray::from(vec!["src"; rows])) as ArrayRef,
                    Some("partition") => Arc::new(Int32Array::from(vec![0; rows])),
                    Some(_) => Arc::new(Int64Array::from(vec![offset as i64; rows])),
                })
                .collect();
            let fields = used.iter().map(|field| table.schema.fields[*field].clone()).collect();
            let columns = RecordBatch::try_new(Schema::new(fields).arrow(), columns).map_err(|e| e.to_string())?;
            let partition =
                PartitionId { topic: "src".into(), index: PartitionIndex(0), cluster: "".into(), topic_id: "".into() };
            let origin =
                Origin { partition, offsets: decoded.offsets, source_positions: Vec::new(), from_key_update: None };
            batches.push(Batch { columns, kinds: decoded.kinds, absent: AbsentMask::none(used.len()), origin });
        }
        Ok(batches)
    }
}

/// A sink that takes every table.
#[derive(Debug)]
struct Table;

impl SinkFactory for Table {
    fn name(&self) -> &'static str {
        "table"
    }

    fn options(&self) -> Vec<OptionSpec> {
        Vec::new()
    }

    fn plan(&self, _: &TableDef, _: &SinkInput, _: &Settings) -> Result<Arc<dyn SinkInstance>, OptionError> {
        Ok(Arc::new(Unopened))
    }
}

#[derive(Debug)]
struct Unopened;

impl SourceInstance for Unopened {
    fn describe(&self) -> String {
        "lines".to_owned()
    }

    fn open(&self, _: &SourceContext) -> Result<SourceParts> {
        Err(Error::internal("never opened"))
    }
}

impl SinkInstance for Unopened {
    fn describe(&self) -> String {
        "table".to_owned()
    }

    fn open(&self, _: &SinkContext) -> Result<Sink> {
        Err(Error::internal("never opened"))
    }
}
