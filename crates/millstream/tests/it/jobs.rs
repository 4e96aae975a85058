//! Every job of `tests/jobs` leaves the rows that real Flink left: its records on a broker, the binary, an Iceberg table read
//! back. `tests/jobs/README.md` says what a job consists of.
//!
//! Each runs twice to the end of its topic, with half of the records each time, so that a row is replaced and deleted in one
//! commit as well as across commits.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Map, Value, json};

use crate::harness::Harness;

const PARTITIONS: usize = 3;

/// Jobs that one test runs at the same time, all of them with one broker and one catalog.
const AT_ONCE: usize = 4;

#[test]
fn changes_by_key_end_as_in_flink() {
    check("${dst.upsert}", 20);
}

#[test]
fn appended_rows_end_as_in_flink() {
    check("${dst.append}", 10);
}

/// Runs the jobs whose sink is of that kind, of which there are at least `count`.
fn check(sink: &str, count: usize) {
    let harness = Harness::new();
    let jobs: Vec<Job> = folders().map(|folder| Job::read(&folder)).filter(|job| job.sql.contains(sink)).collect();
    assert!(jobs.len() >= count, "only {} jobs with {sink} were found", jobs.len());
    // Several at once: what each spends is mostly waiting, for disks and for its own start.
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let difference = job.difference(&harness);
            wrong.lock().unwrap().extend(difference);
        }
    };
    std::thread::scope(|scope| (0..AT_ONCE).for_each(|_| drop(scope.spawn(work))));
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} of {} jobs differ\n{}", wrong.len(), jobs.len(), wrong.join("\n"));
}

fn folders() -> impl Iterator<Item = PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/jobs");
    let mut folders: Vec<PathBuf> = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders.into_iter().filter(|path| path.is_dir())
}

struct Job {
    name: String,
    /// With its placeholders.
    sql: String,
    /// As `produce` reads them.
    records: Vec<String>,
    expected: Vec<String>,
}

impl Job {
    fn read(folder: &Path) -> Self {
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let read =
            |file: &str| fs::read_to_string(folder.join(file)).unwrap_or_else(|error| panic!("{name}/{file}: {error}"));
        let sql = read("job.sql");
        let key = key_of_changes(&sql);
        let records = read("input.jsonl").lines().enumerate().map(|(at, line)| record(at, line, &key)).collect();
        let expected = read("expected.txt").lines().map(str::to_owned).collect();
        Self { name, sql, records, expected }
    }

    /// What the table holds that it should not, and the reverse.
    fn difference(&self, harness: &Harness) -> Option<String> {
        let name = &self.name;
        harness.create_topic(name, &PARTITIONS.to_string());
        let file = harness.write(&format!("{name}.sql"), &self.text());
        let (first, second) = self.records.split_at(self.records.len() / 2);
        for half in [first, second] {
            harness.produce(name, &half.concat());
            let ended = harness.run_job(&file);
            if ended.code != Some(0) {
                return Some(format!("{name}:\n{}", ended.stderr));
            }
        }
        let rows = crate::tables::printed(&harness.path("warehouse"), name);
        if rows == self.expected {
            return None;
        }
        let missing = self.expected.iter().filter(|row| !rows.contains(row)).map(|row| format!("  Flink {row}\n"));
        let added = rows.iter().filter(|row| !self.expected.contains(row)).map(|row| format!("  ours  {row}\n"));
        Some(format!("{name}: {} rows\n{}", rows.len(), missing.chain(added).collect::<String>()))
    }

    /// The job as a user would write it: topic, table and pipeline are called as the job.
    fn text(&self) -> String {
        let name = &self.name;
        let source = format!(
            "'connector'='kafka','topic'='{name}','properties.bootstrap.servers'='127.0.0.1:1',
             'properties.group.id'='{name}','scan.startup.mode'='earliest-offset'"
        );
        let sql = (self.sql)
            .replace("${src}", &source)
            .replace("${dst}", &format!("lake.db.`{name}`"))
            .replace("${dst.upsert}", "'format-version'='3','write.upsert.enabled'='true'")
            .replace("${dst.append}", "'format-version'='3'")
            .replace("CREATE TABLE lake", "CREATE TABLE IF NOT EXISTS lake");
        format!(
            "SET 'pipeline.name' = '{name}';
CREATE CATALOG lake WITH ('type'='iceberg','catalog-impl'='org.apache.iceberg.jdbc.JdbcCatalog','uri'='jdbc:sqlite:warehouse/catalog.db','warehouse'='warehouse');
CREATE DATABASE IF NOT EXISTS lake.db;
{sql}"
        )
    }
}

/// The columns of the source's key if it is a stream of changes.
fn key_of_changes(sql: &str) -> Vec<&str> {
    let source = sql.split("WITH (${src}").next().unwrap();
    let key = source.split_once("PRIMARY KEY (").and_then(|(_, key)| key.split_once(')'));
    key.map_or(Vec::new(), |(key, _)| key.split(", ").map(|column| column.trim_matches('`')).collect())
}

/// A line of `input.jsonl` as `produce` reads it: a change gets its row's key, which keeps the changes of a row in one
/// partition and in order; other records that name no partition go round.
fn record(at: usize, line: &str, key: &[&str]) -> String {
    let (beside, value) = line.split_once('\t').unwrap_or(("{}", line));
    let mut record: Map<String, Value> = serde_json::from_str(beside).unwrap();
    if key.is_empty() {
        record.entry("partition").or_insert(json!(at % PARTITIONS));
    } else if !record.contains_key("key") {
        let change: Value = serde_json::from_str(value).unwrap();
        let row = [&change["after"], &change["before"]].into_iter().find(|row| row.is_object()).unwrap();
        let key: Map<String, Value> = key.iter().map(|column| ((*column).to_owned(), row[*column].clone())).collect();
        record.insert("key".into(), Value::Object(key).to_string().into());
    }
    record.insert("value".into(), if value == "null" { Value::Null } else { value.into() });
    Value::Object(record).to_string() + "\n"
}
