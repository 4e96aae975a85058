//! Every interleaving (loom) of small programs over accounts: floors hold, the pool is never lent twice, no wake-up is
//! lost (a lost one is a deadlock, which loom reports), nothing is left behind.

use base::ByteCount;
use ledger::{Account, Budget};
use loom::sync::Arc;
use loom::sync::atomic::{AtomicU64, Ordering};
use loom::thread;

fn bytes(n: u64) -> ByteCount {
    ByteCount(n)
}

/// A budget whose pool holds `pool` bytes beside two accounts' floors.
fn two_accounts(floor: u64, pool: u64) -> (Budget, Account, Account) {
    let budget = Budget::new(bytes(2 * floor + pool));
    let (a, b) = (budget.account("a", bytes(floor)), budget.account("b", bytes(floor)));
    (budget, a, b)
}

fn all_is_back(a: &Account) {
    assert_eq!(a.used(), bytes(0));
    assert!(a.try_reserve(a.most()).is_some(), "the pool is not whole");
}

#[test]
fn loom_pool_is_never_lent_twice_and_floors_hold() {
    loom::model(|| {
        let (_budget, a, b) = two_accounts(1, 2);
        let above_floor = Arc::new(AtomicU64::new(0));
        let borrow = |account: &Account, above_floor: &AtomicU64| {
            let floor = account.try_reserve(bytes(1)).expect("a floor was refused");
            if let Some(more) = account.try_reserve(bytes(2)) {
                assert_eq!(above_floor.fetch_add(2, Ordering::AcqRel), 0, "the pool of 2 was lent twice");
                above_floor.fetch_sub(2, Ordering::AcqRel);
                drop(more);
            }
            drop(floor);
        };
        let other = thread::spawn({
            let (b, above_floor) = (b.clone(), above_floor.clone());
            move || borrow(&b, &above_floor)
        });
        borrow(&a, &above_floor);
        other.join().unwrap();
        all_is_back(&a);
        all_is_back(&b);
    });
}

#[test]
fn loom_failed_attempts_disturb_nobody_in_the_floor() {
    loom::model(|| {
        let (_budget, a, _b) = two_accounts(2, 2);
        let greedy = thread::spawn({
            let a = a.clone();
            move || assert!(a.try_reserve(bytes(5)).is_none())
        });
        let held = a.try_reserve(bytes(2)).expect("an attempt that failed made one in the floor fail");
        drop(held);
        greedy.join().unwrap();
        all_is_back(&a);
    });
}

#[test]
fn loom_grow_and_shrink_race_in_one_account() {
    loom::model(|| {
        let (_budget, a, _b) = two_accounts(2, 1);
        let mut shrinks = a.try_reserve(bytes(2)).unwrap();
        let grows = thread::spawn({
            let a = a.clone();
            move || {
                let mut held = a.try_reserve(bytes(1)).expect("one byte is always there");
                let _may_fail = held.try_grow(bytes(1));
                assert!(a.used() <= bytes(3));
            }
        });
        shrinks.shrink_to(bytes(1));
        drop(shrinks);
        grows.join().unwrap();
        all_is_back(&a);
    });
}

#[test]
fn loom_no_wake_up_is_lost_within_an_account() {
    loom::model(|| {
        let (budget, a, _b) = two_accounts(1, 0);
        let held = a.try_reserve(bytes(1)).unwrap();
        let releases = thread::spawn(move || drop(held));
        drop(loom::future::block_on(a.reserve(bytes(1))).unwrap());
        releases.join().unwrap();
        assert_eq!(budget.waiters(), 0);
        all_is_back(&a);
    });
}

#[test]
fn loom_no_wake_up_is_lost_between_accounts() {
    loom::model(|| {
        let (budget, a, b) = two_accounts(1, 1);
        let lent = a.try_reserve(bytes(2)).unwrap();
        let releases = thread::spawn(move || drop(lent));
        drop(loom::future::block_on(b.reserve(bytes(2))).unwrap());
        releases.join().unwrap();
        assert_eq!(budget.waiters(), 0);
        all_is_back(&b);
    });
}

#[test]
fn loom_waiters_of_two_accounts_take_turns() {
    loom::model(|| {
        let (_budget, a, b) = two_accounts(0, 1);
        let other = thread::spawn(move || drop(loom::future::block_on(b.reserve(bytes(1))).unwrap()));
        drop(loom::future::block_on(a.reserve(bytes(1))).unwrap());
        other.join().unwrap();
        all_is_back(&a);
    });
}

#[test]
fn loom_a_cancelled_wait_passes_its_grant_on() {
    // With at most three involuntary switches it takes a second instead of several.
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(|| {
        let (budget, a, b) = two_accounts(0, 1);
        let held = a.try_reserve(bytes(1)).unwrap();
        let releases = thread::spawn(move || drop(held));
        let mut abandoned = a.reserve(bytes(1));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        drop(std::pin::Pin::new(&mut abandoned).poll(&mut context));
        drop(abandoned);
        drop(loom::future::block_on(b.reserve(bytes(1))).unwrap());
        releases.join().unwrap();
        assert_eq!(budget.waiters(), 0);
        all_is_back(&a);
    });
}

#[test]
fn loom_closing_the_pool_for_the_oldest_loses_no_wake_up() {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(|| {
        let (budget, a, b) = two_accounts(0, 2);
        let held = a.try_reserve(bytes(1)).unwrap();
        let waits = thread::spawn(move || drop(loom::future::block_on(b.reserve(bytes(2))).unwrap()));
        budget.tick(std::time::Duration::from_secs(2));
        drop(held);
        // Refused while the pool is closed for the other, and never for good.
        drop(a.try_reserve(bytes(1)));
        waits.join().unwrap();
        assert_eq!(budget.waiters(), 0);
        all_is_back(&a);
    });
}
