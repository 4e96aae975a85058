//! Who is asked for memory back, in which order, and how a waiting stage answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use base::ByteCount;
use ledger::{Account, Budget, Pressure, Reclaim, Reclaimer, Waited, Waker};

use crate::poll;

fn bytes(n: u64) -> ByteCount {
    ByteCount(n)
}

fn silent(account: &Account, kind: Reclaim) -> Reclaimer {
    account.reclaimer(kind, Waker::new(|| ()))
}

#[test]
fn the_cheapest_kind_is_asked_first_and_the_largest_holder_within_it() {
    let budget = Budget::new(bytes(1000));
    let [fetch, small, large, commit] =
        ["fetch", "small", "large", "commit"].map(|name| budget.account(name, bytes(0)));
    let asked_commit = silent(&commit, Reclaim::EarlyCommit);
    let asked_small = silent(&small, Reclaim::SortRun);
    let asked_large = silent(&large, Reclaim::SortRun);
    let asked_fetch = silent(&fetch, Reclaim::ReadAhead);
    let held: Vec<_> = [(&fetch, 50), (&small, 100), (&large, 200), (&commit, 300)]
        .map(|(account, n)| account.try_reserve(bytes(n)))
        .into();
    let all = || [&asked_fetch, &asked_small, &asked_large, &asked_commit].map(|one| one.asked().map_or(0, |n| n.0));
    assert_eq!(budget.ask_back(bytes(40), Reclaim::EarlyCommit), bytes(40));
    assert_eq!(all(), [40, 0, 0, 0]);
    assert_eq!(budget.ask_back(bytes(240), Reclaim::EarlyCommit), bytes(240));
    assert_eq!(all(), [40, 0, 200, 0], "what is on its way counts");
    assert_eq!(budget.ask_back(bytes(500), Reclaim::SortRun), bytes(340), "no further than the last kind");
    assert_eq!(all(), [40, 100, 200, 0]);
    asked_fetch.answer();
    assert_eq!(budget.ask_back(bytes(1000), Reclaim::EarlyCommit), bytes(650), "it can be asked again");
    assert_eq!(all(), [50, 100, 200, 300]);
    drop(held);
}

#[test]
fn who_does_not_answer_is_passed_over() {
    let budget = Budget::new(bytes(1000));
    let (deaf, other) = (budget.account("deaf", bytes(0)), budget.account("other", bytes(0)));
    let (asked_deaf, asked_other) = (silent(&deaf, Reclaim::ReadAhead), silent(&other, Reclaim::SortRun));
    let _held = (deaf.try_reserve(bytes(100)), other.try_reserve(bytes(100)));
    budget.ask_back(bytes(80), Reclaim::EarlyCommit);
    budget.ask_back(bytes(80), Reclaim::EarlyCommit);
    assert_eq!((asked_deaf.asked(), asked_other.asked()), (Some(bytes(80)), None));
    budget.tick(Duration::from_secs(1));
    budget.tick(Duration::from_secs(2));
    budget.ask_back(bytes(80), Reclaim::EarlyCommit);
    assert_eq!(asked_other.asked(), Some(bytes(80)));
}

#[test]
fn an_offer_bounds_what_is_asked_and_a_dropped_reclaimer_is_not_asked() {
    let budget = Budget::new(bytes(1000));
    let account = budget.account("run", bytes(0));
    let wakes = Arc::new(AtomicUsize::new(0));
    let counter = wakes.clone();
    let reclaimer = account.reclaimer(
        Reclaim::RowGroup,
        Waker::new(move || {
            counter.fetch_add(1, Ordering::Relaxed);
        }),
    );
    let _held = account.try_reserve(bytes(500));
    reclaimer.offer(bytes(0));
    assert_eq!(budget.ask_back(bytes(100), Reclaim::EarlyCommit), bytes(0));
    reclaimer.offer(bytes(60));
    assert_eq!(budget.ask_back(bytes(100), Reclaim::EarlyCommit), bytes(60));
    assert_eq!(wakes.load(Ordering::Relaxed), 1);
    drop(reclaimer);
    assert_eq!(budget.ask_back(bytes(100), Reclaim::EarlyCommit), bytes(0));
}

#[test]
fn a_request_beyond_its_floor_asks_others_and_one_within_does_not() {
    let budget = Budget::new(bytes(1000));
    let (fetch, run) = (budget.account("fetch", bytes(100)), budget.account("run", bytes(0)));
    let reclaimer = silent(&run, Reclaim::SortRun);
    let _lent = run.try_reserve(bytes(900)).unwrap();
    let _floor = fetch.try_reserve(bytes(100)).unwrap();
    let mut unit = fetch.reserve(bytes(100));
    assert!(poll(&mut unit).is_pending());
    assert_eq!(reclaimer.asked(), None, "it waits for what it holds itself");
    let mut oversize = fetch.reserve(bytes(400));
    assert!(poll(&mut oversize).is_pending());
    assert_eq!(reclaimer.asked(), Some(bytes(300)));
}

#[test]
fn a_floor_opened_on_lent_bytes_is_asked_back() {
    let budget = Budget::new(bytes(1000));
    let run = budget.account("run", bytes(100));
    let reclaimer = silent(&run, Reclaim::SortRun);
    let mut lent = run.try_reserve(bytes(1000)).unwrap();
    let again = budget.account("starts again", bytes(300));
    assert_eq!(reclaimer.asked(), Some(bytes(300)));
    lent.shrink_to(bytes(750));
    assert!(!lent.try_grow(bytes(1)), "nobody borrows while too much is lent");
    lent.shrink_to(bytes(650));
    assert!(lent.try_grow(bytes(50)) && !lent.try_grow(bytes(1)));
    assert!(again.try_reserve(bytes(300)).is_some());
}

#[test]
fn a_waiting_stage_is_woken_to_give_back_and_then_waits_on() {
    let budget = Budget::new(bytes(100));
    let (waits, other) = (budget.account("waits", bytes(0)), budget.account("other", bytes(0)));
    let reclaimer = silent(&waits, Reclaim::SortRun);
    let run = waits.try_reserve(bytes(60)).unwrap();
    let held = other.try_reserve(bytes(40)).unwrap();
    let mut wait = Box::pin(waits.reserve_or_reclaim(bytes(50), &reclaimer));
    // The wait itself asks for what it lacks, and wakes the stage to find out that it is the one to give.
    assert!(poll(&mut wait).is_pending());
    let Poll::Ready(Ok(Waited::Asked(asked))) = poll(&mut wait) else { panic!("was not asked") };
    assert_eq!(asked, bytes(50));
    drop(wait);
    drop(run);
    reclaimer.answer();
    let mut wait = Box::pin(waits.reserve_or_reclaim(bytes(50), &reclaimer));
    let Poll::Ready(Ok(Waited::Reserved(reserved))) = poll(&mut wait) else { panic!("is not served") };
    assert_eq!((reserved.bytes(), budget.waiters()), (bytes(50), 0));
    drop(held);
}

#[test]
fn pressure_reaches_every_watch_and_a_pause_ends() {
    let budget = Budget::new(bytes(100));
    let mut watch = budget.watch_pressure();
    let mut source = budget.watch_pressure();
    budget.set_pressure(Pressure::High);
    assert_eq!((watch.now(), poll(&mut Box::pin(watch.changed()))), (Pressure::High, Poll::Ready(Pressure::High)));
    let mut pause = Box::pin(source.until_normal());
    assert!(poll(&mut pause).is_pending());
    budget.set_pressure(Pressure::Critical);
    assert!(poll(&mut pause).is_pending());
    budget.set_pressure(Pressure::Normal);
    assert!(poll(&mut pause).is_ready());
}
