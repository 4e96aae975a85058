//! Whole runs.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base::ByteCount;
use flow::runtime::Job;
use ledger::Budget;
use tokio::sync::Notify;

use crate::fakes::{Faults, Gate, Numbers, Table, TableSink, options, partition, plan};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

struct Case {
    lens: Vec<i64>,
    tables: usize,
    threads: usize,
    one_in: u64,
    interval: &'static str,
    seed: u64,
}

/// Tests that count the threads of the process go one at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// Runs to the end and holds each table to: every number once, in order, and the positions at the end.
fn check(case: &Case) -> Vec<u64> {
    let budget = Budget::new(ByteCount::mib(1));
    let tables: Vec<Arc<Mutex<Table>>> = (0..case.tables).map(|_| Arc::default()).collect();
    let published = Arc::default();
    let faults = Faults::new(case.seed, case.one_in);
    let source = Numbers { published: Arc::clone(&published), ..Numbers::new(&case.lens, &faults) };
    let sinks = tables.iter().map(|table| TableSink::new(table.clone(), faults.clone())).collect();
    let job = Job::new(plan(source, sinks, case.interval), options(case.threads, &budget));
    let report = runtime().block_on(job.run()).unwrap();
    assert!(report.iter().all(|pipeline| pipeline.finished && pipeline.lag() == 0));
    for table in &tables {
        let table = table.lock().unwrap();
        for (index, len) in case.lens.iter().enumerate() {
            let rows = table.rows.get(&(index as i32)).cloned().unwrap_or_default();
            assert_eq!(rows, (0..*len).collect::<Vec<_>>(), "partition {index}");
            if *len > 0 {
                assert_eq!(table.positions[&partition(index as i32)].0, *len);
                assert_eq!(published.lock().unwrap()[&partition(index as i32)].0, *len);
            }
        }
    }
    assert_eq!(budget.report().borrowed, ByteCount::ZERO);
    assert!(budget.report().accounts.iter().all(|account| account.used == ByteCount::ZERO));
    assert_eq!(base::threads::live(), 0, "threads are left over");
    report.iter().map(|pipeline| pipeline.restarts).collect()
}

#[test]
fn every_row_once_in_order_whatever_fails() {
    let _alone = ALONE.lock().unwrap();
    let base = Case { lens: vec![300, 0, 41], tables: 1, threads: 1, one_in: 0, interval: "1 h", seed: 0 };
    assert_eq!(check(&base), [0]);
    assert_eq!(check(&Case { tables: 3, threads: 1, interval: "1 ms", ..base }), [0, 0, 0]);
    assert_eq!(check(&Case { lens: vec![], tables: 2, ..base }), [0, 0]);
    let mut restarts = 0;
    for seed in 1..6 {
        let faulty = Case {
            lens: vec![500, 200, 1, 77],
            tables: 2,
            threads: 1 + (seed as usize % 2),
            one_in: 150,
            interval: "1 ms",
            seed,
        };
        restarts += check(&faulty).iter().sum::<u64>();
    }
    assert!(restarts > 0, "nothing failed");
}

/// Runs a source to its end; how often its table was committed.
fn run_once(source: Numbers, table: &Arc<Mutex<Table>>) -> u64 {
    let sink = TableSink::new(table.clone(), source.faults.clone());
    let before = table.lock().unwrap().commits;
    let job = Job::new(plan(source, vec![sink], "1 h"), options(1, &Budget::new(ByteCount::mib(1))));
    runtime().block_on(job.run()).unwrap();
    table.lock().unwrap().commits - before
}

#[test]
fn a_run_goes_on_from_where_an_idle_partition_stood_and_not_from_its_end() {
    let _alone = ALONE.lock().unwrap();
    let table = Arc::<Mutex<Table>>::default();
    let latest = |lens: &[i64]| Numbers { latest: true, ..Numbers::new(lens, &Faults::new(0, 0)) };
    assert_eq!(run_once(latest(&[500, 7]), &table), 1, "nothing to read, and yet a start to keep");
    assert_eq!(run_once(latest(&[500, 7]), &table), 0);
    assert_eq!(run_once(latest(&[520, 7]), &table), 1);
    assert_eq!(run_once(latest(&[520, 10]), &table), 1);
    assert_eq!(table.lock().unwrap().rows, [(0, (500..520).collect()), (1, (7..10).collect())].into());
    let table = Arc::<Mutex<Table>>::default();
    assert_eq!(run_once(Numbers::new(&[0], &Faults::new(0, 0)), &table), 0, "the first offset does not move");
}

#[test]
fn a_budget_that_cannot_hold_the_floors_is_refused_with_the_arithmetic() {
    let _alone = ALONE.lock().unwrap();
    let budget = Budget::new(ByteCount(100));
    let faults = Faults::new(0, 0);
    let source = Numbers::new(&[5], &faults);
    let sink = TableSink::new(Arc::default(), faults);
    let job = Job::new(plan(source, vec![sink], "1 s"), options(1, &budget));
    let error = runtime().block_on(job.run()).unwrap_err();
    assert!(error.message().contains("512B"), "{}", error.message());
    assert!(error.report().contains("source/numbers/fetch"), "{}", error.report());
}

#[test]
fn pipelines_give_memory_back_when_others_ask() {
    let _alone = ALONE.lock().unwrap();
    let budget = Budget::new(ByteCount::mib(1));
    let faults = Faults::new(0, 0);
    let source = Numbers::new(&[500], &faults);
    let asks = TableSink { asks: Some(budget.clone()), ..TableSink::new(Arc::default(), faults.clone()) };
    let asked = asks.asked.clone();
    let job = Job::new(plan(source, vec![asks], "1 h"), options(1, &budget));
    runtime().block_on(job.run()).unwrap();
    assert!(asked.load(Ordering::Relaxed) > 0, "an ask went unheard");
}

/// A job of two tables whose first source opens only after `opens_after`; its tables.
fn with_a_late_source(
    opens_after: Arc<Notify>,
    table: &Arc<Mutex<Table>>,
    budget: &Budget,
) -> (Job, Arc<Mutex<Table>>) {
    let faults = Faults::new(0, 0);
    let late = Arc::<Mutex<Table>>::default();
    let sinks = [&late, table].map(|table| TableSink::new(table.clone(), faults.clone())).into();
    let mut plan = plan(Numbers::new(&[5], &faults), sinks, "1 h");
    plan.pipelines[0].source = Arc::new(Numbers { opens_after: Some(opens_after), ..Numbers::new(&[5], &faults) });
    (Job::new(plan, options(1, budget)), late)
}

#[test]
fn a_source_that_waits_holds_up_nobody_else() {
    let _alone = ALONE.lock().unwrap();
    let budget = Budget::new(ByteCount::mib(1));
    let table = Arc::<Mutex<Table>>::default();
    let committed = table.lock().unwrap().committed.clone();
    let (job, late) = with_a_late_source(committed, &table, &budget);
    runtime().block_on(job.run()).unwrap();
    assert_eq!(late.lock().unwrap().rows[&0], (0..5).collect::<Vec<_>>());
}

#[test]
fn a_stop_ends_what_waits_and_commits_the_rest() {
    let _alone = ALONE.lock().unwrap();
    let budget = Budget::new(ByteCount::mib(1));
    let table = Arc::<Mutex<Table>>::default();
    let committed = table.lock().unwrap().committed.clone();
    let (job, late) = with_a_late_source(Arc::default(), &table, &budget);
    let stop = job.stop();
    runtime().block_on(async {
        let stopped = async {
            committed.notified().await;
            stop.drain();
        };
        tokio::join!(job.run(), stopped).0.unwrap();
    });
    assert_eq!(table.lock().unwrap().rows[&0], (0..5).collect::<Vec<_>>());
    assert_eq!(late.lock().unwrap().commits, 0);
    assert_eq!(base::threads::live(), 0, "threads are left over");
}

#[test]
fn a_pipeline_that_waits_to_prepare_gives_memory_back_when_others_ask() {
    let _alone = ALONE.lock().unwrap();
    let budget = Budget::new(ByteCount::mib(1));
    let faults = Faults::new(0, 0);
    let tables: [Arc<Mutex<Table>>; 2] = Default::default();
    let waits = TableSink { gate: Gate::closed(true), ..TableSink::new(tables[0].clone(), faults.clone()) };
    let asks = TableSink { asks: Some(budget.clone()), ..TableSink::new(tables[1].clone(), faults.clone()) };
    let gate = waits.gate.clone();
    let job = Job::new(plan(Numbers::new(&[500], &faults), vec![waits, asks], "1 h"), options(1, &budget));
    let ended = runtime().block_on(async { tokio::time::timeout(Duration::from_mins(1), job.run()).await });
    ended.expect("an ask of a pipeline that waits went unheard").unwrap();
    assert!(gate.waited.load(Ordering::SeqCst) > 0);
    assert!(tables.iter().all(|table| table.lock().unwrap().rows[&0].len() == 500));
}

#[test]
fn a_pipeline_that_prepares_does_not_ask_itself_for_memory() {
    let _alone = ALONE.lock().unwrap();
    let budget = Budget::new(ByteCount::mib(1));
    let faults = Faults::new(0, 0);
    let table = Arc::<Mutex<Table>>::default();
    let on_its_way = Arc::<AtomicU64>::default();
    let asks = Some((budget.clone(), on_its_way.clone()));
    let sink = TableSink { asks_to_prepare: asks, ..TableSink::new(table.clone(), faults.clone()) };
    let job = Job::new(plan(Numbers::new(&[500], &faults), vec![sink], "1 h"), options(1, &budget));
    runtime().block_on(job.run()).unwrap();
    assert_eq!(on_its_way.load(Ordering::Relaxed), 0, "its own rows were taken for memory on its way");
    assert_eq!(table.lock().unwrap().rows[&0].len(), 500);
}

#[test]
fn a_pipeline_that_waits_to_prepare_sleeps_until_it_is_woken() {
    let _alone = ALONE.lock().unwrap();
    let faults = Faults::new(0, 0);
    let table = Arc::<Mutex<Table>>::default();
    let sink = TableSink { gate: Gate::closed(false), ..TableSink::new(table.clone(), faults.clone()) };
    let gate = sink.gate.clone();
    let job =
        Job::new(plan(Numbers::new(&[5], &faults), vec![sink], "1 h"), options(1, &Budget::new(ByteCount::mib(1))));
    runtime().block_on(async {
        let opened = async {
            gate.found.notified().await;
            for _ in 0..100_000 {
                tokio::task::yield_now().await;
            }
            gate.open();
        };
        tokio::join!(job.run(), opened).0.unwrap();
    });
    let waited = gate.waited.load(Ordering::SeqCst);
    assert!(waited < 50, "looked {waited} times");
    assert_eq!(table.lock().unwrap().rows[&0].len(), 5);
}
