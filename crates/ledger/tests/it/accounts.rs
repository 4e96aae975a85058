//! Floors, the pool, and the life of accounts and shares.

use std::sync::atomic::{AtomicU64, Ordering};

use base::{ByteCount, Domain, Retry};
use ledger::{AccountOptions, Budget, Reservation};

fn bytes(n: u64) -> ByteCount {
    ByteCount(n)
}

#[test]
fn a_floor_is_there_whatever_others_hold() {
    let budget = Budget::new(bytes(100));
    let (fetch, sink) = (budget.account("fetch", bytes(20)), budget.account("sink", bytes(30)));
    assert_eq!((budget.pool(), fetch.most()), (bytes(50), bytes(70)));
    let all = fetch.try_reserve(bytes(70)).unwrap();
    assert!(fetch.try_reserve(bytes(1)).is_none());
    assert!(sink.try_reserve(bytes(31)).is_none(), "beyond the floor the pool is lent");
    let _floor = sink.try_reserve(bytes(30)).unwrap();
    assert!(sink.try_reserve(bytes(1)).is_none());
    drop(all);
    assert!(sink.try_reserve(bytes(50)).is_some());
    assert_eq!((fetch.used(), sink.used(), budget.used()), (bytes(0), bytes(30), bytes(30)));
}

#[test]
fn absurd_requests_are_refused_and_harm_nothing() {
    let account = Budget::new(bytes(100)).account("fetch", bytes(10));
    for n in [101, u64::from(u32::MAX), 1 << 56, (1 << 56) + 1, 1 << 62, 1 << 63, u64::MAX] {
        assert!(account.try_reserve(bytes(n)).is_none(), "{n} bytes were given");
        assert!(!account.empty().try_grow(bytes(n)));
    }
    assert_eq!(account.try_reserve(bytes(100)).unwrap().bytes(), bytes(100));
    let huge = Budget::new(bytes(u64::MAX)).account("floor", bytes(u64::MAX));
    assert!(huge.try_reserve(bytes(1 << 40)).is_some());
}

#[test]
fn reservations_split_merge_grow_and_shrink_without_losing_a_byte() {
    let budget = Budget::new(bytes(100));
    let account = budget.account("run", bytes(10));
    let mut whole = account.try_reserve(bytes(60)).unwrap();
    let mut part = whole.split(bytes(25));
    assert_eq!((whole.bytes(), part.bytes(), account.used()), (bytes(35), bytes(25), bytes(60)));
    assert_eq!(whole.split(bytes(1000)).bytes(), bytes(35), "at most what it holds");
    assert_eq!((whole.bytes(), account.used()), (bytes(0), bytes(25)));
    assert!(part.try_grow(bytes(75)) && !part.try_grow(bytes(1)));
    part.shrink_to(bytes(200));
    part.shrink_to(bytes(40));
    whole.merge(part);
    assert_eq!((whole.bytes(), account.used(), account.peak()), (bytes(40), bytes(40), bytes(100)));
    budget.reset_peaks();
    assert_eq!(account.peak(), bytes(40));
    whole.shrink_to(bytes(0));
    assert_eq!((account.used(), budget.report().accounts[0].open), (bytes(0), 0));
}

#[test]
#[should_panic(expected = "two accounts")]
fn reservations_of_two_accounts_do_not_merge() {
    let budget = Budget::new(bytes(100));
    let (a, b) = (budget.account("a", bytes(10)), budget.account("b", bytes(10)));
    let mut one = a.try_reserve(bytes(5)).unwrap();
    one.merge(b.try_reserve(bytes(5)).unwrap());
}

#[test]
fn an_account_closes_with_its_last_handle_and_reservation() {
    let budget = Budget::new(bytes(100));
    let keeper = budget.account("keeper", bytes(10));
    let first = budget.account("query", bytes(40));
    let second = budget.account("query", bytes(20));
    assert_eq!((first.name(), second.name()), ("query".to_owned(), "query#2".to_owned()));
    let held = first.try_reserve(bytes(5)).unwrap();
    drop((first, second));
    assert_eq!(budget.pool(), bytes(50), "what is held keeps its account open");
    drop(held);
    assert_eq!(budget.pool(), bytes(90));
    assert_eq!(budget.account("query", bytes(1)).name(), "query");
    assert_eq!(budget.report().accounts.len(), 1);
    assert_eq!(keeper.most(), bytes(100));
}

#[test]
fn a_floor_is_not_promised_out_of_lent_bytes() {
    let budget = Budget::new(bytes(100));
    let busy = budget.account("busy", bytes(0));
    let held = busy.try_reserve(bytes(70)).unwrap();
    let options = |floor| AccountOptions { name: "late".to_owned(), floor: bytes(floor), setting: None };
    let error = budget.open_account(options(40)).unwrap_err();
    assert_eq!((error.domain(), error.retry()), (Domain::External, Retry::Backoff));
    let error = budget.open_account(options(101)).unwrap_err();
    assert_eq!((error.domain(), error.retry()), (Domain::User, Retry::Never));
    let fits = budget.open_account(options(30)).unwrap();
    assert!(busy.try_reserve(bytes(1)).is_none());
    drop((held, fits));
    assert!(budget.open_account(options(100)).is_ok());
    assert_eq!(budget.pool(), bytes(100));
}

#[test]
fn shares_lend_each_other_nothing() {
    let budget = Budget::new(bytes(100));
    budget.fixed("code", bytes(10));
    let (broker, job) = (budget.share("broker", bytes(30)), budget.share("job", bytes(50)));
    let append = broker.account("append", bytes(10));
    let fetch = job.account("fetch", bytes(20));
    let outside = budget.account("console", bytes(0));
    assert_eq!((append.most(), fetch.most(), outside.most()), (bytes(30), bytes(50), bytes(10)));
    let _all = append.try_reserve(bytes(30)).unwrap();
    assert!(append.try_reserve(bytes(1)).is_none());
    let _fetched = fetch.try_reserve(bytes(50)).unwrap();
    assert_eq!((budget.used(), budget.borrowed()), (bytes(80), bytes(50)));
    assert_eq!(budget.report().used(), bytes(80));
    let names: Vec<_> =
        budget.report().all_accounts().iter().map(|(share, a)| (share.map(str::to_owned), a.name.clone())).collect();
    assert_eq!(names.len(), 3);
    assert!(names.contains(&(Some("broker".to_owned()), "append".to_owned())));
}

#[test]
fn a_dropped_share_gives_its_bytes_back() {
    let budget = Budget::new(bytes(100));
    let share = budget.share("broker", bytes(60));
    let account = share.account("append", bytes(10));
    drop(share);
    assert_eq!(budget.pool(), bytes(40), "its account keeps it");
    drop(account);
    assert_eq!((budget.pool(), budget.report().shares.len()), (bytes(100), 0));
}

#[test]
fn count_and_age_of_what_is_open_are_told() {
    let budget = Budget::new(bytes(100));
    let account = budget.account("fetch", bytes(10));
    let seconds = std::time::Duration::from_secs;
    let _nothing = account.empty();
    budget.tick(seconds(10));
    assert_eq!((budget.report().accounts[0].open, budget.report().accounts[0].oldest), (0, None));
    let mut old = account.try_reserve(bytes(10)).unwrap();
    budget.tick(seconds(11));
    let young = account.try_reserve(bytes(10)).unwrap();
    budget.tick(seconds(15));
    let report = |budget: &Budget| (budget.report().accounts[0].open, budget.report().accounts[0].oldest);
    assert_eq!(report(&budget), (2, Some(seconds(5))));
    let part = old.split(bytes(4));
    drop(old);
    assert_eq!(report(&budget), (2, Some(seconds(5))), "a part is as old as the whole");
    let mut sum = young;
    sum.merge(part);
    assert_eq!(report(&budget), (1, Some(seconds(5))), "a sum is as old as its older part");
    sum.shrink_to(bytes(0));
    assert_eq!(report(&budget), (0, None));
}

#[test]
fn threads_reserve_at_random_and_never_hold_more_than_the_budget() {
    let budget = Budget::new(bytes(1000));
    let accounts: Vec<_> = (0..3).map(|i| budget.account(format!("a{i}"), bytes(100))).collect();
    let held_by_all = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for seed in 0..4 {
            let (accounts, held_by_all) = (&accounts, &held_by_all);
            scope.spawn(move || {
                let mut rng = base::Rng::from_seed(seed);
                let mut held: Vec<Reservation> = Vec::new();
                for _ in 0..20_000 {
                    let account = &accounts[rng.below(3) as usize];
                    if rng.below(2) == 0 || held.len() > 20 {
                        let bytes = held.last().map_or(0, |last| last.bytes().0);
                        held_by_all.fetch_sub(bytes, Ordering::SeqCst);
                        held.pop();
                    } else if let Some(taken) = account.try_reserve(bytes(rng.below(150))) {
                        let all = held_by_all.fetch_add(taken.bytes().0, Ordering::SeqCst) + taken.bytes().0;
                        assert!(all <= 1000, "{all} bytes of 1000 are held");
                        held.push(taken);
                    }
                }
                let left: u64 = held.iter().map(|one| one.bytes().0).sum();
                held_by_all.fetch_sub(left, Ordering::SeqCst);
            });
        }
    });
    assert_eq!((budget.used(), budget.borrowed()), (bytes(0), bytes(0)));
    assert!(accounts[0].try_reserve(accounts[0].most()).is_some(), "the pool is whole again");
}
