//! Sampling, deciding and acting, with an allocator and a kernel made up.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base::ByteCount;
use ledger::{
    AllocatorFigures, AllocatorStats, Budget, Decision, Pressure, ProcessFigures, Reclaim, Reconciler, Waker,
};

#[derive(Debug, Default)]
struct World {
    allocated: u64,
    dirty: u64,
    file: u64,
    purges: usize,
}

struct Fake(Arc<Mutex<World>>);

impl AllocatorStats for Fake {
    fn figures(&mut self) -> AllocatorFigures {
        let world = self.0.lock().unwrap();
        let active = ByteCount(world.allocated + 3);
        let resident = active + ByteCount(world.dirty + 2);
        AllocatorFigures { allocated: ByteCount(world.allocated), active, resident, metadata: ByteCount(2) }
    }

    fn purge(&mut self) {
        let mut world = self.0.lock().unwrap();
        world.dirty = 0;
        world.purges += 1;
    }
}

fn reconciler(budget: &Budget, world: &Arc<Mutex<World>>) -> Reconciler {
    let kernel = world.clone();
    let process = move || {
        let world = kernel.lock().unwrap();
        let anonymous = ByteCount(world.allocated + 3 + world.dirty + 2 + 10);
        let resident = anonymous + ByteCount(world.file);
        ProcessFigures {
            resident,
            resident_peak: resident,
            anonymous,
            file: ByteCount(world.file),
            ..ProcessFigures::default()
        }
    };
    Reconciler::with_process(budget.clone(), Box::new(Fake(world.clone())), Box::new(process))
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

#[test]
fn unaccounted_is_what_was_allocated_without_a_reservation() {
    let budget = Budget::new(ByteCount(1000));
    let account = budget.account("fetch", ByteCount(100));
    let world = Arc::new(Mutex::new(World { allocated: 250, ..World::default() }));
    let mut reconciler = reconciler(&budget, &world);
    let watch = reconciler.watch();
    let held = account.try_reserve(ByteCount(200)).unwrap();
    assert_eq!(reconciler.step(seconds(1)), Decision::Fine);
    assert_eq!((watch.borrow().unaccounted(), watch.borrow().worst_unaccounted), (50, 50));
    drop(held);
    world.lock().unwrap().allocated = 20;
    reconciler.step(seconds(2));
    assert_eq!((watch.borrow().unaccounted(), watch.borrow().worst_unaccounted), (20, 50));
}

#[test]
fn the_report_adds_up_to_resident_memory() {
    let budget = Budget::new(ByteCount::mib(128));
    budget.fixed("code", ByteCount::mib(14));
    let share = budget.share("broker", ByteCount::mib(16));
    let (fetch, append) =
        (budget.account("source/orders/fetch", ByteCount::mib(2)), share.account("append", ByteCount::mib(1)));
    let _held = (fetch.try_reserve(ByteCount::mib(8)), append.try_reserve(ByteCount::mib(4)));
    let world = World { allocated: 15 << 20, dirty: 2 << 20, file: 9 << 20, purges: 0 };
    let report = reconciler(&budget, &Arc::new(Mutex::new(world))).report(seconds(7));
    let last = report.lines().last().unwrap();
    assert_eq!(
        last,
        "sum 23.00MiB = RSS 26.00MiB +- 3.00MiB (allocated without an account: 3.00MiB, at most 3.00MiB so far)"
    );
    for line in [
        "   8.00MiB    8.00MiB    2.00MiB      1       0s  source/orders/fetch",
        "   4.00MiB    4.00MiB    1.00MiB      1       0s  append  (broker)",
        "  12.00MiB  accounts, together",
        "   9.00MiB  code and other file pages",
    ] {
        assert!(report.lines().any(|found| found == line), "no line '{line}' in\n{report}");
    }
}

#[test]
fn at_90_percent_of_the_ledger_sources_pause_and_reclaimers_are_asked() {
    let budget = Budget::new(ByteCount(1000));
    let run = budget.account("run", ByteCount(100));
    let reclaimer = run.reclaimer(Reclaim::SortRun, Waker::new(|| ()));
    let world = Arc::new(Mutex::new(World::default()));
    let mut reconciler = reconciler(&budget, &world);
    let mut held = run.try_reserve(ByteCount(900)).unwrap();
    assert_eq!(reconciler.step(seconds(1)), Decision::Pause);
    assert_eq!((budget.pressure(), reclaimer.asked()), (Pressure::High, Some(ByteCount(50))));
    held.shrink_to(ByteCount(870));
    assert_eq!(reconciler.step(seconds(2)), Decision::Pause, "until it is below 85%");
    held.shrink_to(ByteCount(849));
    assert_eq!(reconciler.step(seconds(3)), Decision::Fine);
    assert_eq!(budget.pressure(), Pressure::Normal);
}

#[test]
fn a_full_share_pauses_its_own_sources_only() {
    let budget = Budget::new(ByteCount(1000));
    let (broker, job) = (budget.share("broker", ByteCount(200)), budget.share("job", ByteCount(500)));
    let (log, second) = (broker.share("log", ByteCount(100)), broker.share("log", ByteCount(50)));
    assert_eq!(second.name(), Some("log#2"));
    let _held = log.account("append", ByteCount(10)).try_reserve(ByteCount(95));
    let world = Arc::new(Mutex::new(World::default()));
    reconciler(&budget, &world).step(seconds(1));
    let levels = [&budget, &broker, &job, &log, &second].map(Budget::pressure);
    use Pressure::{High, Normal};
    assert_eq!(levels, [Normal, Normal, Normal, High, Normal]);
}

#[test]
fn a_stage_of_any_share_can_have_freed_pages_given_back() {
    static TRIMS: AtomicUsize = AtomicUsize::new(0);
    let budget = Budget::new(ByteCount(1000));
    let job = budget.share("job", ByteCount(500)).share("sinks", ByteCount(100));
    job.trim();
    assert_eq!(TRIMS.load(Relaxed), 0, "nobody has said how");
    budget.trim_with(|| {
        TRIMS.fetch_add(1, Relaxed);
    });
    job.trim();
    budget.trim();
    assert_eq!(TRIMS.load(Relaxed), 2);
}

#[test]
fn resident_memory_is_purged_then_pauses_then_stops() {
    let budget = Budget::new(ByteCount(1000));
    let run = budget.account("run", ByteCount(100));
    let _held = run.try_reserve(ByteCount(300)).unwrap();
    let world = Arc::new(Mutex::new(World { allocated: 300, dirty: 400, file: 250, purges: 0 }));
    let mut reconciler = reconciler(&budget, &world);
    assert_eq!(reconciler.step(seconds(1)), Decision::Fine, "purging was enough");
    assert_eq!((world.lock().unwrap().purges, budget.pressure()), (1, Pressure::Normal));
    world.lock().unwrap().file = 600;
    assert_eq!(reconciler.step(seconds(2)), Decision::Pause, "nothing to purge");
    assert_eq!(budget.pressure(), Pressure::High);
    world.lock().unwrap().file = 700;
    assert_eq!(reconciler.step(seconds(3)), Decision::StopWithReport);
    let error = reconciler.out_of_memory();
    assert_eq!(error.message(), "resident memory has reached the budget: 1015B of 1000B");
    assert!(error.detail_text().unwrap().contains("sum "));
}
