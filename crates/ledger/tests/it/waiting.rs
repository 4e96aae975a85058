//! Who waits, in which order they are served, and what ends a wait.

use std::task::Poll;
use std::time::Duration;

use base::ByteCount;
use ledger::{Account, AccountOptions, Budget, Reservation, Reserve};

use crate::{block_on, poll};

fn bytes(n: u64) -> ByteCount {
    ByteCount(n)
}

fn waiting(account: &Account, n: u64) -> Reserve {
    let mut reserve = account.reserve(bytes(n));
    assert!(poll(&mut reserve).is_pending(), "{n} bytes were there");
    reserve
}

fn served(reserve: &mut Reserve) -> Reservation {
    match poll(reserve) {
        Poll::Ready(reservation) => reservation.unwrap(),
        Poll::Pending => panic!("still waits"),
    }
}

#[test]
fn waiters_of_an_account_are_served_in_their_order() {
    let budget = Budget::new(bytes(100));
    let account = budget.account("append", bytes(0));
    let held = account.try_reserve(bytes(90)).unwrap();
    let mut large = waiting(&account, 80);
    let mut small = waiting(&account, 5);
    assert_eq!(budget.waiters(), 2, "the small one would fit and waits behind the large one");
    drop(held);
    let first = served(&mut large);
    let second = served(&mut small);
    assert_eq!((first.bytes(), second.bytes(), account.used()), (bytes(80), bytes(5), bytes(85)));
    assert!(block_on(account.reserve(bytes(15))).is_ok(), "the line is empty again");
}

#[test]
fn a_step_under_way_is_not_held_up_by_waiters_of_its_account() {
    let budget = Budget::new(bytes(100));
    let account = budget.account("fetch", bytes(10));
    let frame = account.try_reserve(bytes(50)).unwrap();
    let mut next_frame = waiting(&account, 80);
    for seconds in 0..4 {
        budget.tick(Duration::from_secs(seconds));
        let mut window = account.try_reserve(bytes(20)).expect("the decoder must go on, or the frame is never freed");
        assert!(window.try_grow(bytes(10)));
    }
    drop(frame);
    drop(served(&mut next_frame));
}

#[test]
fn a_request_that_can_never_fit_fails_at_once_and_names_the_setting() {
    let budget = Budget::new(ByteCount::mib(10));
    let setting = Some("properties.fetch.max.bytes".to_owned());
    let options = AccountOptions { name: "source/orders/fetch".to_owned(), floor: ByteCount::mib(2), setting };
    let account = budget.account_with(options);
    let _others = budget.account("sink", ByteCount::mib(5));
    let error = base::Error::from(block_on(account.reserve(ByteCount::mib(6))).unwrap_err());
    assert_eq!(error.message(), "'source/orders/fetch' needs 6MiB at once and can have at most 5MiB");
    assert_eq!(error.hint_text(), Some("raise --memory by at least 1MiB, or lower 'properties.fetch.max.bytes'"));
    assert!(block_on(account.reserve(ByteCount::mib(5))).is_ok());
}

#[test]
fn a_floor_opened_meanwhile_ends_a_wait_that_can_never_end() {
    let budget = Budget::new(bytes(100));
    let account = budget.account("fetch", bytes(10));
    let _held = account.try_reserve(bytes(50)).unwrap();
    let mut waits = waiting(&account, 90);
    let _late = budget.account("late", bytes(50));
    let Poll::Ready(Err(error)) = poll(&mut waits) else { panic!("waits for ever") };
    assert_eq!((error.wanted, error.most), (bytes(90), bytes(50)));
}

#[test]
fn a_cancelled_wait_holds_nothing_and_lets_the_next_through() {
    let account = Budget::new(bytes(100)).account("fetch", bytes(0));
    let held = account.try_reserve(bytes(60)).unwrap();
    let large = waiting(&account, 90);
    let mut small = waiting(&account, 40);
    drop(large);
    let small = served(&mut small);
    let granted_unseen = waiting(&account, 30);
    let mut last = waiting(&account, 70);
    drop(held);
    drop(small);
    drop(granted_unseen);
    assert_eq!(served(&mut last).bytes(), bytes(70));
    assert_eq!(account.used(), bytes(0));
}

#[test]
fn another_accounts_release_serves_who_waits_for_the_pool() {
    let budget = Budget::new(bytes(100));
    let (a, b) = (budget.account("a", bytes(10)), budget.account("b", bytes(10)));
    let lent = a.try_reserve(bytes(90)).unwrap();
    let mut waits = waiting(&b, 50);
    drop(lent);
    assert_eq!(served(&mut waits).bytes(), bytes(50));
}

#[test]
fn a_closing_account_serves_who_waits_for_the_pool() {
    let budget = Budget::new(bytes(100));
    let (idle, busy) = (budget.account("idle", bytes(60)), budget.account("busy", bytes(0)));
    let _held = busy.try_reserve(bytes(30)).unwrap();
    let mut waits = waiting(&busy, 40);
    drop(idle);
    assert_eq!(served(&mut waits).bytes(), bytes(40));
}

#[test]
fn a_large_waiter_is_not_starved_by_small_borrowers() {
    let budget = Budget::new(bytes(100));
    let (small, large) = (budget.account("small", bytes(10)), budget.account("large", bytes(10)));
    let mut held: Vec<_> = (0..9).map(|_| small.try_reserve(bytes(10)).unwrap()).collect();
    let mut waits = waiting(&large, 80);
    for _ in 0..3 {
        held.pop();
        held.push(small.try_reserve(bytes(10)).expect("passes while the wait is young"));
    }
    budget.tick(Duration::from_secs(1));
    held.pop();
    held.push(small.try_reserve(bytes(10)).unwrap());
    budget.tick(Duration::from_secs(2));
    while held.len() > 1 {
        held.pop();
        assert!(held.len() < 2 || small.try_reserve(bytes(10)).is_none(), "the pool is closed for the large one");
    }
    let large_one = served(&mut waits);
    held.clear();
    assert!(small.try_reserve(bytes(10)).is_some(), "floors stay open");
    drop(large_one);
    assert!(small.try_reserve(bytes(90)).is_some(), "and the pool opens again");
}

#[test]
fn leaving_the_line_opens_the_pool_again() {
    let budget = Budget::new(bytes(100));
    let (small, large) = (budget.account("small", bytes(0)), budget.account("large", bytes(0)));
    let _held = small.try_reserve(bytes(50)).unwrap();
    let waits = waiting(&large, 80);
    budget.tick(Duration::from_secs(2));
    assert!(small.try_reserve(bytes(10)).is_none());
    drop(waits);
    assert!(small.try_reserve(bytes(10)).is_some());
}

#[test]
fn one_oversize_record_at_a_time_and_shares_do_not_wait_for_each_other() {
    let budget = Budget::new(bytes(100));
    let (broker, job) = (budget.share("broker", bytes(50)), budget.share("job", bytes(50)));
    let lease = block_on(job.oversize());
    assert!(job.try_oversize().is_none());
    assert!(broker.try_oversize().is_some());
    let second = job.clone();
    let mut next = Box::pin(second.oversize());
    assert!(poll(&mut next).is_pending());
    drop(lease);
    assert!(poll(&mut next).is_ready());
}

#[test]
fn many_tasks_wait_and_all_are_served() {
    let budget = Budget::new(bytes(1000));
    let accounts: Vec<_> = (0..4).map(|i| budget.account(format!("a{i}"), bytes(50))).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let mut tasks = base::tasks::Tasks::new();
        for seed in 0..16 {
            let account = accounts[seed as usize % 4].clone();
            tasks.spawn(format!("borrower {seed}"), async move {
                let mut rng = base::Rng::from_seed(seed);
                for _ in 0..300 {
                    let held = account.reserve(bytes(rng.below(700))).await?;
                    tokio::task::yield_now().await;
                    drop(held);
                }
                Ok(())
            });
        }
        while let Some((name, result)) = tasks.next_ended().await {
            result.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        }
    });
    assert_eq!((budget.used(), budget.waiters()), (bytes(0), 0));
}
