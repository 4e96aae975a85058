//! What a reservation costs: `cargo bench -p millstream-ledger --bench reserve`. Results: ../README.md.

use std::sync::atomic::{AtomicUsize, Ordering};

use base::ByteCount;
use divan::{Bencher, black_box};
use ledger::{Account, Budget};

const BATCH: ByteCount = ByteCount::kib(64);

fn main() {
    divan::main();
}

/// As many accounts as threads that take one each by [`mine`].
fn accounts(floor: ByteCount) -> (Vec<Account>, AtomicUsize) {
    let budget = Budget::new(ByteCount::mib(128));
    ((0..2).map(|i| budget.account(format!("stage {i}"), floor)).collect(), AtomicUsize::new(0))
}

fn mine((accounts, next): &(Vec<Account>, AtomicUsize)) -> &Account {
    thread_local! {
        static INDEX: std::cell::OnceCell<usize> = const { std::cell::OnceCell::new() };
    }
    let index = INDEX.with(|index| *index.get_or_init(|| next.fetch_add(1, Ordering::Relaxed)));
    &accounts[index % accounts.len()]
}

#[divan::bench(threads = [1, 2])]
fn in_the_floor_of_own_account(bencher: Bencher) {
    let accounts = accounts(ByteCount::mib(1));
    bencher.bench(|| drop(black_box(mine(&accounts).try_reserve(BATCH))));
}

#[divan::bench(threads = [1, 2])]
fn borrowed_by_own_account(bencher: Bencher) {
    let accounts = accounts(ByteCount::ZERO);
    bencher.bench(|| drop(black_box(mine(&accounts).try_reserve(BATCH))));
}

#[divan::bench(threads = [1, 2])]
fn in_the_floor_of_one_account(bencher: Bencher) {
    let (accounts, _) = accounts(ByteCount::mib(1));
    bencher.bench(|| drop(black_box(accounts[0].try_reserve(BATCH))));
}

#[divan::bench]
fn grow_and_shrink(bencher: Bencher) {
    let (accounts, _) = accounts(ByteCount::mib(1));
    let mut held = accounts[0].try_reserve(BATCH);
    bencher.bench_local(|| {
        if let Some(held) = &mut held {
            let grown = held.try_grow(black_box(BATCH));
            held.shrink_to(BATCH);
            black_box(grown);
        }
    });
}

#[divan::bench]
fn refused(bencher: Bencher) {
    let (accounts, _) = accounts(ByteCount::ZERO);
    let _all = accounts[0].try_reserve(ByteCount::mib(128));
    bencher.bench_local(|| black_box(accounts[1].try_reserve(BATCH)).is_some());
}
