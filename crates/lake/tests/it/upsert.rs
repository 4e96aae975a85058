//! Commits through the traits of the runtime, held against a map.

use std::collections::BTreeMap;

use base::{ByteCount, Offset, Rng};
use flow::{Outcome, Wrote};
use proptest::prelude::*;
use rows::RowKind;

use super::job::{Place, Row, Run, RunOptions, lose};
use super::small_table::{Change, Value, partition};
use super::stream::Stream;

fn change(kind: RowKind, offset: i64, id: i64, name: Value<&str>, n: Value<i64>) -> Change {
    let name = match name {
        Value::Null => Value::Null,
        Value::Absent => Value::Absent,
        Value::Set(text) => Value::Set(text.to_owned()),
    };
    Change { partition: 0, offset, position: Some(offset as u64 + 10), kind, id, name, n }
}

fn row(name: Option<&str>, n: Option<i64>) -> Row {
    (name.map(str::to_owned), n)
}

#[test]
fn rows_are_set_replaced_kept_and_deleted() {
    let place = Place::new();
    place.create(true);
    let mut run = Run::start(&place, &RunOptions::upsert(&place)).unwrap();
    assert!(run.recovered.positions.is_empty());
    run.write(&[
        change(RowKind::Insert, 0, 1, Value::Set("one"), Value::Set(1)),
        change(RowKind::Insert, 1, 2, Value::Set("two"), Value::Null),
        change(RowKind::Insert, 2, 3, Value::Set("three"), Value::Set(3)),
    ])
    .unwrap();
    let Outcome::Published(first) = run.commit(&[(0, 3)]).unwrap() else { panic!("not published") };
    assert_eq!((first.rows, first.deletes), (3, 0));
    run.write(&[
        change(RowKind::UpdateAfter, 3, 1, Value::Absent, Value::Set(11)),
        change(RowKind::Delete, 4, 2, Value::Null, Value::Null),
        change(RowKind::UpdateAfter, 5, 4, Value::Absent, Value::Set(4)),
        change(RowKind::Insert, 6, 3, Value::Absent, Value::Set(33)),
    ])
    .unwrap();
    let Outcome::Published(second) = run.commit(&[(0, 7)]).unwrap() else { panic!("not published") };
    assert_eq!((second.rows, second.deletes), (3, 3));
    let expected = BTreeMap::from([(1, row(Some("one"), Some(11))), (3, row(None, Some(33))), (4, row(None, Some(4)))]);
    assert_eq!(place.table(), expected);
    drop(run);
    let run = Run::start(&place, &RunOptions::upsert(&place)).unwrap();
    assert_eq!(run.recovered.positions, [(partition(0), Offset(7))].into());
}

/// The least budget with which a sink starts: its floors, and nothing to share.
pub(crate) fn floors(place: &Place) -> ByteCount {
    let run = Run::start(place, &RunOptions::upsert(place)).unwrap();
    run.budget.limit().saturating_sub(run.budget.pool())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, max_shrink_iters: 20, ..ProptestConfig::default() })]

    #[test]
    fn any_stream_in_any_commits_makes_its_table(seed in any::<u64>()) {
        let mut rng = Rng::from_seed(seed);
        let place = Place::new();
        place.create(true);
        let stream = Stream::random(&mut rng, 300, 50);
        let mut options = RunOptions::upsert(&place);
        options.memory = floors(&place);
        let mut run = Run::start(&place, &options).unwrap();
        let mut done = 0;
        while done < stream.changes.len() {
            let to = (done + 1 + rng.below(80) as usize).min(stream.changes.len());
            for change in &stream.changes[done..to] {
                run.write(std::slice::from_ref(change)).unwrap();
            }
            prop_assert!(matches!(run.commit(&stream.ends(to)).unwrap(), Outcome::Published(_)));
            done = to;
            prop_assert_eq!(place.table(), stream.table(done));
            if rng.below(3) == 0 {
                // Some of what comes next is read, and lost with the process.
                run.write(&stream.changes[done..(done + 5).min(stream.changes.len())]).unwrap();
                if rng.below(2) == 0 {
                    let next = (done + 5).min(stream.changes.len());
                    drop(run.prepare(&stream.ends(next)).unwrap());
                }
                drop(run);
                if rng.below(2) == 0 {
                    lose(&place, &options.state);
                }
                run = Run::start(&place, &options).unwrap();
                let expected: Vec<(i32, i64)> = stream.ends(done);
                let found: Vec<(i32, i64)> = (0..3).map(|index| (index, run.at.get(&partition(index)).map_or(0, |to| to.0))).collect();
                prop_assert_eq!(found, expected);
            }
        }
    }
}

#[test]
fn one_large_commit_spills_and_many_leave_several_index_runs() {
    let place = Place::new();
    place.create(true);
    let stream = Stream::random(&mut Rng::from_seed(4), 30_000, 9_000);
    let mut options = RunOptions::upsert(&place);
    options.memory = floors(&place);
    options.settings = vec![("millstream.sort.max-bytes", "1 mb".to_owned())];
    let mut run = Run::start(&place, &options).unwrap();
    run.write(&stream.changes[..28_000]).unwrap();
    let runs = place.disk.list(&options.state.join("sort")).unwrap().len();
    assert!(runs > 1, "{runs} sort runs");
    run.commit(&stream.ends(28_000)).unwrap();
    assert_eq!(place.table(), stream.table(28_000));
    run.write(&stream.changes[28_000..28_500]).unwrap();
    run.commit(&stream.ends(28_500)).unwrap();
    run.write(&stream.changes[28_500..28_520]).unwrap();
    run.commit(&stream.ends(28_520)).unwrap();
    assert_eq!(place.table(), stream.table(28_520));
    // Beside the runs there is only the index's own description.
    let index_runs = place.disk.list(&options.state.join("index")).unwrap().len() - 1;
    assert!(index_runs > 1, "{index_runs} index runs");
    for account in run.budget.report().accounts {
        assert!(account.used <= account.floor, "{} uses {} of {}", account.name, account.used, account.floor);
    }
}

/// Inserts rows with these names, commits, updates each without its name, commits: the table has the names still.
fn names_are_kept(place: &Place, run: &mut Run, names: Vec<String>) {
    let count = names.len() as i64;
    for (at, name) in (0..).zip(&names) {
        run.write(&[change(RowKind::Insert, at, at, Value::Set(name), Value::Set(at))]).unwrap();
    }
    run.commit(&[(0, count)]).unwrap();
    let update = |at| change(RowKind::UpdateAfter, count + at, at, Value::Absent, Value::Set(-at));
    let updates: Vec<Change> = (0..count).map(update).collect();
    run.write(&updates).unwrap();
    run.commit(&[(0, 2 * count)]).unwrap();
    let expected = (0..).zip(names).map(|(at, name)| (at, row(Some(&name), Some(-at))));
    assert!(place.table() == expected.collect(), "a value was lost");
}

#[test]
fn long_values_are_kept_with_the_least_memory() {
    let place = Place::new();
    place.create(true);
    let mut options = RunOptions::upsert(&place);
    options.memory = floors(&place);
    let mut run = Run::start(&place, &options).unwrap();
    let mut rng = Rng::from_seed(8);
    // Hardly compressible, as images or tokens are.
    let mut text =
        |at: i64| (0..400).map(|_| format!("{:016x}", rng.next_u64())).collect::<Vec<_>>().concat() + &at.to_string();
    names_are_kept(&place, &mut run, (0..1_500).map(&mut text).collect());
}

#[test]
fn values_longer_than_expected_are_kept_with_the_least_memory() {
    let place = Place::new();
    place.create(true);
    let mut options = RunOptions::upsert(&place);
    options.memory = floors(&place) + ByteCount::kib(512);
    let mut run = Run::start(&place, &options).unwrap();
    let mut rng = Rng::from_seed(8);
    let mut text = |at: i64| {
        let bytes = (0..12_500).flat_map(|_| rng.next_u64().to_le_bytes());
        bytes.map(|byte| char::from(b'0' + byte % 64)).collect::<String>() + &at.to_string()
    };
    names_are_kept(&place, &mut run, (0..300).map(&mut text).collect());
}

#[test]
fn rows_that_need_their_old_ones_are_committed_however_many() {
    const ROWS: i64 = 12_000;
    let place = Place::new();
    place.create(true);
    let mut options = RunOptions::upsert(&place);
    options.memory = floors(&place);
    let mut run = Run::start(&place, &options).unwrap();
    let inserts: Vec<Change> =
        (0..ROWS).map(|at| change(RowKind::Insert, at, at, Value::Set("kept"), Value::Set(at))).collect();
    assert_eq!(run.write(&inserts).unwrap(), Wrote::Kept);
    run.commit(&[(0, ROWS)]).unwrap();
    let updates: Vec<Change> =
        (0..ROWS).map(|at| change(RowKind::UpdateAfter, ROWS + at, at, Value::Absent, Value::Set(-at))).collect();
    assert_eq!(run.write(&updates).unwrap(), Wrote::Kept);
    run.commit(&[(0, 2 * ROWS)]).unwrap();
    let table = place.table();
    assert_eq!(table.len() as i64, ROWS);
    assert!(table.iter().all(|(id, found)| *found == row(Some("kept"), Some(-id))));
}

/// Whatever the run did, it did within its floors.
pub(crate) fn within_floors(run: &Run) {
    for account in run.budget.report().accounts {
        assert!(account.peak <= account.floor, "{} took {} of {}", account.name, account.peak, account.floor);
    }
}

#[test]
fn what_is_prepared_leaves_the_floor_of_writing_to_the_next_sink() {
    let place = Place::new();
    place.create(true);
    let mut run = Run::start(&place, &RunOptions::upsert(&place)).unwrap();
    let inserts: Vec<Change> =
        (0..500).map(|at| change(RowKind::Insert, at, at, Value::Set("kept"), Value::Set(at))).collect();
    run.write(&inserts).unwrap();
    run.commit(&[(0, 500)]).unwrap();
    let updates: Vec<Change> =
        (0..500).map(|at| change(RowKind::UpdateAfter, 500 + at, at, Value::Absent, Value::Set(-at))).collect();
    run.write(&updates).unwrap();
    let prepared = run.prepare(&[(0, 1_000)]).unwrap();
    let used = |name: &str| run.budget.report().accounts.iter().find(|a| a.name == name).map(|a| a.used).unwrap();
    assert_eq!((used("write"), used("write/more")), (ByteCount::ZERO, ByteCount::ZERO));
    assert!(used("sink/lake.shop.t/prepared") > ByteCount::ZERO);
    run.publish(prepared).unwrap();
    assert_eq!(place.table().len(), 500);
}

/// A text that does not compress, as images or tokens do not.
pub(crate) fn noise(seed: i64, bytes: usize) -> String {
    let mut rng = Rng::from_seed(seed as u64);
    let words = (0..bytes / 8).flat_map(|_| rng.next_u64().to_le_bytes());
    words.map(|byte| char::from(b'0' + byte % 64)).collect::<String>() + &seed.to_string()
}

#[test]
fn rows_of_a_mebibyte_are_sorted_and_kept_with_the_least_memory() {
    const IDS: i64 = 10;
    for seed in [0, 1_000] {
        let place = Place::new();
        place.create(true);
        let mut options = RunOptions::upsert(&place);
        options.memory = floors(&place);
        let mut run = Run::start(&place, &options).unwrap();
        let long = |id: i64| {
            if seed == 0 { format!("{id:04} ").repeat((1 << 20) / 5 - 100) } else { noise(seed + id, (1 << 20) - 500) }
        };
        let names: Vec<String> = (0..IDS).map(long).collect();
        let name = |id: i64| names[id as usize].as_str();
        // Every key twice, the second time without its long value for some: the rows are joined when runs are merged.
        for at in 0..2 * IDS {
            let id = at % IDS;
            let name = if at >= IDS && id % 2 == 0 { Value::Absent } else { Value::Set(name(id)) };
            run.write(&[change(RowKind::UpdateAfter, at, id, name, Value::Set(at))]).unwrap();
        }
        let runs = place.disk.list(&options.state.join("sort")).unwrap().len();
        assert!(runs > 8, "{runs} runs can be merged at once");
        run.commit(&[(0, 2 * IDS)]).unwrap();
        let row_of = |id: i64, n: i64| (id, row(Some(name(id)), Some(n)));
        assert!(place.table() == (0..IDS).map(|id| row_of(id, id + IDS)).collect(), "a value was lost");
        for id in 0..IDS {
            run.write(&[change(RowKind::UpdateAfter, 2 * IDS + id, id, Value::Absent, Value::Set(-id))]).unwrap();
        }
        run.commit(&[(0, 3 * IDS)]).unwrap();
        within_floors(&run);
        drop(run);
        // The index is built anew from the table.
        lose(&place, &options.state);
        let mut run = Run::start(&place, &options).unwrap();
        for id in 0..IDS {
            run.write(&[change(RowKind::UpdateAfter, 3 * IDS + id, id, Value::Absent, Value::Set(-id))]).unwrap();
        }
        run.commit(&[(0, 4 * IDS)]).unwrap();
        assert!(place.table() == (0..IDS).map(|id| row_of(id, -id)).collect(), "a value was lost");
        within_floors(&run);
    }
}

#[test]
fn two_runs_of_one_job_overtake_each_other() {
    let place = Place::new();
    place.create(true);
    let stream = Stream::random(&mut Rng::from_seed(9), 100, 30);
    let options = |state: &str| RunOptions { state: place.root.join(state), ..RunOptions::upsert(&place) };
    let mut first = Run::start(&place, &options("a")).unwrap();
    let mut second = Run::start(&place, &options("b")).unwrap();
    first.write(&stream.changes[..50]).unwrap();
    second.write(&stream.changes[..40]).unwrap();
    assert!(matches!(first.commit(&stream.ends(50)).unwrap(), Outcome::Published(_)));
    let Outcome::Overtaken { head } = second.commit(&stream.ends(40)).unwrap() else { panic!("both went on") };
    assert!(!head.is_empty());
    assert_eq!(place.table(), stream.table(50));
    assert_eq!(
        place.files("data").iter().filter(|name| name.ends_with(".parquet")).count(),
        1,
        "files were left behind"
    );
    first.write(&stream.changes[50..]).unwrap();
    assert!(matches!(first.commit(&stream.ends(100)).unwrap(), Outcome::Published(_)));
    assert_eq!(place.table(), stream.table(100));
}

#[test]
fn a_run_that_starts_while_another_prepares_overtakes_it() {
    let place = Place::new();
    place.create(true);
    let stream = Stream::random(&mut Rng::from_seed(9), 100, 30);
    let options = |state: &str| RunOptions { state: place.root.join(state), ..RunOptions::upsert(&place) };
    let mut first = Run::start(&place, &options("a")).unwrap();
    first.write(&stream.changes[..50]).unwrap();
    let prepared = first.prepare(&stream.ends(50)).unwrap();
    let mut second = Run::start(&place, &options("b")).unwrap();
    assert!(place.files("data").is_empty(), "the file of a dead run was left");
    assert!(matches!(first.publish(prepared).unwrap(), Outcome::Overtaken { .. }));
    second.write(&stream.changes).unwrap();
    assert!(matches!(second.commit(&stream.ends(100)).unwrap(), Outcome::Published(_)));
    assert_eq!(place.table(), stream.table(100));
}

#[test]
fn appended_rows_keep_their_order_and_spill() {
    let place = Place::new();
    place.create(false);
    let mut options = RunOptions { upsert: false, ..RunOptions::upsert(&place) };
    options.memory = floors_of_appends(&place);
    options.settings = vec![("millstream.sort.max-bytes", "1 mb".to_owned())];
    let mut run = Run::start(&place, &options).unwrap();
    let text = "y".repeat(60);
    let changes: Vec<Change> =
        (0..20_000).map(|at| change(RowKind::Insert, at, at / 2, Value::Set(&text), Value::Set(at))).collect();
    run.write(&changes).unwrap();
    assert!(place.disk.list(&options.state.join("sort")).unwrap().len() > 1);
    assert!(matches!(run.commit(&[(0, 20_000)]).unwrap(), Outcome::Published(_)));
    let rows = place.rows();
    assert_eq!(rows.len(), 20_000);
    assert!(rows.iter().enumerate().all(|(at, (id, row))| *id == at as i64 / 2 && row.1 == Some(at as i64)));
}

fn floors_of_appends(place: &Place) -> ByteCount {
    let run = Run::start(place, &RunOptions { upsert: false, ..RunOptions::upsert(place) }).unwrap();
    run.budget.limit().saturating_sub(run.budget.pool())
}
