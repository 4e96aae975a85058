//! Rows that are filled again, since others changed the table while they were prepared: how they are written, what is
//! counted and what is told of them.

use std::fmt::Debug;
use std::fs::File;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use base::ByteCount;
use flow::Outcome;
use flow::sink::Published;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use super::foreign::{Other, row, set, started};
use super::job::{Place, Run, RunOptions};
use super::small_table::{Change, Value};
use super::support::Failing;
use super::upsert::{floors, noise};

/// The row groups of each file of rows that were written again.
fn row_groups_again(place: &Place) -> Vec<usize> {
    let names = place.files("data").into_iter().filter(|name| name.contains("again"));
    let files = names.map(|name| File::open(place.root.join("warehouse/shop/t/data").join(name)).unwrap());
    files.map(|file| ParquetRecordBatchReaderBuilder::try_new(file).unwrap().metadata().num_row_groups()).collect()
}

fn published(outcome: Outcome) -> Published {
    let Outcome::Published(published) = outcome else { panic!("not published: {outcome:?}") };
    published
}

/// Fills `rows` rows with values of about `length`, all of them twice since others rewrite the table; with the least
/// memory. Answers the row groups of the files that are made then.
fn filled_again(rows: i64, length: usize, settings: Vec<(&'static str, String)>) -> Vec<usize> {
    let place = Place::new();
    place.create(true);
    let options = RunOptions { memory: floors(&place), settings, ..RunOptions::upsert(&place) };
    let names: Vec<String> = (0..rows).map(|id| noise(id, length)).collect();
    let table: Vec<(i64, &str, i64)> = (0..).zip(&names).map(|(id, name)| (id, name.as_str(), id)).collect();
    let mut other = Other::at(&place);
    other.append(&table);
    let mut run = Run::start(&place, &options).unwrap();
    let changes: Vec<Change> = (0..rows).map(|id| set(id, id, Value::Absent, -id)).collect();
    for some in changes.chunks(500) {
        run.write(some).unwrap();
    }
    let prepared = run.prepare(&[(0, rows)]).unwrap();
    other.rewrite(&table);
    run.budget.reset_peaks();
    let account = |name: &str| run.budget.report().accounts.into_iter().find(|account| account.name == name).unwrap();
    let paid_before = account("sink/lake.shop.t/prepared").used;
    let outcome = run.publish(prepared).unwrap();
    let count = u64::try_from(rows).unwrap();
    let Published { rows: written, deletes, .. } = published(outcome);
    assert_eq!((written, deletes), (count, count), "a row is counted once");
    let groups = row_groups_again(&place);
    let account = |name: &str| run.budget.report().accounts.into_iter().find(|account| account.name == name).unwrap();
    let paid = account("sink/lake.shop.t/prepared").peak.saturating_sub(paid_before);
    assert!(paid >= ByteCount::kib(2 * groups.len() as u64), "{} files are not paid for: {paid}", groups.len());
    for name in ["write", "write/more", "sink/lake.shop.t/prepared"] {
        assert_eq!(account(name).used, ByteCount::ZERO, "{name}");
    }
    let expected = (0..).zip(&names).map(|(id, name)| (id, row(Some(name), -id))).collect();
    assert!(place.table() == expected, "a value was lost");
    groups
}

#[test]
fn thousands_of_rows_that_are_filled_again_make_few_row_groups() {
    let groups = filled_again(4000, 20, Vec::new());
    assert_eq!(groups.len(), 1, "{groups:?}");
    assert!(groups[0] <= 3, "{groups:?}");
}

#[test]
fn files_of_rows_that_are_filled_again_end_when_they_are_long() {
    let groups = filled_again(1200, 3000, vec![("millstream.write.target-file-bytes", "1mb".to_owned())]);
    assert!(groups.len() > 1, "{groups:?}");
    assert!(groups.iter().sum::<usize>() <= 8, "{groups:?}");
}

#[test]
fn many_rows_are_filled_together_also_where_their_old_rows_are_gone() {
    const ROWS: i64 = 1000;
    let calls_left = Arc::new(AtomicI64::new(i64::MAX));
    let place = Place { disk: Arc::new(Failing { calls_left: calls_left.clone() }), ..Place::new() };
    place.create(true);
    let mut other = Other::at(&place);
    let table: Vec<(i64, &str, i64)> = (0..ROWS).map(|id| (id, "gone", id)).collect();
    other.append(&table);
    let mut run = Run::start(&place, &RunOptions::upsert(&place)).unwrap();
    let changes: Vec<Change> = (0..ROWS).map(|id| set(id, id, Value::Absent, -id)).collect();
    run.write(&changes).unwrap();
    let prepared = run.prepare(&[(0, ROWS)]).unwrap();
    other.rewrite(&[(ROWS, "other", 0)]);
    let before = calls_left.load(Ordering::Relaxed);
    run.publish(prepared).unwrap();
    let calls = before - calls_left.load(Ordering::Relaxed);
    assert!(calls < ROWS, "{calls} calls of the disk for {ROWS} rows");
    let nulls = (0..ROWS).map(|id| (id, row(None, -id)));
    assert!(place.table() == nulls.chain([(ROWS, row(Some("other"), 0))]).collect());
}

/// Keeps warnings.
#[derive(Clone, Debug, Default)]
struct Warnings(Arc<Mutex<Vec<String>>>);

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::WARN
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        self.0.lock().unwrap().push(text.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.push_str(&format!("{}={value:?} ", field.name()));
    }
}

/// What a commit of a row that was there (2) and one that was not (7), both without their names, tells and counts if others
/// do `meanwhile`.
fn told(meanwhile: fn(&mut Other)) -> (Vec<String>, Published) {
    let (place, mut run, mut other) = started();
    run.write(&[set(3, 2, Value::Absent, 22), set(4, 7, Value::Absent, 77)]).unwrap();
    let prepared = run.prepare(&[(0, 5)]).unwrap();
    meanwhile(&mut other);
    let warnings = Warnings::default();
    let outcome = tracing::subscriber::with_default(warnings.clone(), || run.publish(prepared)).unwrap();
    assert_eq!(place.table()[&7].1, Some(77));
    let told = warnings.0.lock().unwrap().clone();
    (told, published(outcome))
}

#[test]
fn only_what_is_unknown_in_the_end_is_told() {
    fn check(what: &str, meanwhile: fn(&mut Other), rows_unknown: u64, deletes: u64) {
        let (told, published) = told(meanwhile);
        let nulls: Vec<&String> = told.iter().filter(|told| told.contains("NULL is written")).collect();
        assert_eq!(nulls.len(), usize::from(rows_unknown > 0), "{what}: {told:?}");
        let expected = format!("rows={rows_unknown} ");
        assert!(nulls.iter().all(|told| told.contains(&expected)), "{what}: {told:?}");
        assert_eq!((published.rows, published.deletes), (2, deletes), "{what}");
    }
    check("nothing happens", |_| {}, 1, 1);
    check("the old row is gone", |other| other.rewrite(&[(1, "first", 1), (3, "first", 3)]), 2, 0);
    check("a row comes", |other| other.append(&[(7, "other", 7)]), 0, 2);
    check("all is moved", |other| other.rewrite(&[(2, "moved", 1), (3, "first", 3)]), 1, 1);
}
