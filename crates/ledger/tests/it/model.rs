//! The ledger against a model: random operations over accounts, checked after each one.

use std::task::Poll;
use std::time::Duration;

use base::ByteCount;
use ledger::{Account, AccountOptions, Budget, Reservation, Reserve};
use proptest::prelude::*;

use crate::poll;

const LIMIT: u64 = 1000;

#[derive(Clone, Copy, Debug)]
enum Op {
    Open { floor: u64 },
    OpenLate { floor: u64 },
    Close { account: usize },
    Reserve { account: usize, bytes: u64 },
    Wait { account: usize, bytes: u64 },
    Cancel { wait: usize },
    Grow { held: usize, bytes: u64 },
    Shrink { held: usize, bytes: u64 },
    Split { held: usize, bytes: u64 },
    Merge { into: usize, from: usize },
    Drop { held: usize },
    Tick,
}

fn op() -> impl Strategy<Value = Op> {
    let (index, bytes) = (0..20usize, prop_oneof![4 => 0..120u64, 1 => 0..LIMIT, 1 => Just(0)]);
    prop_oneof![
        1 => (0..200u64).prop_map(|floor| Op::Open { floor }),
        1 => (0..400u64).prop_map(|floor| Op::OpenLate { floor }),
        1 => index.clone().prop_map(|account| Op::Close { account }),
        6 => (index.clone(), bytes.clone()).prop_map(|(account, bytes)| Op::Reserve { account, bytes }),
        3 => (index.clone(), bytes.clone()).prop_map(|(account, bytes)| Op::Wait { account, bytes }),
        1 => index.clone().prop_map(|wait| Op::Cancel { wait }),
        3 => (index.clone(), bytes.clone()).prop_map(|(held, bytes)| Op::Grow { held, bytes }),
        2 => (index.clone(), bytes.clone()).prop_map(|(held, bytes)| Op::Shrink { held, bytes }),
        2 => (index.clone(), bytes).prop_map(|(held, bytes)| Op::Split { held, bytes }),
        2 => (index.clone(), index.clone()).prop_map(|(into, from)| Op::Merge { into, from }),
        5 => index.prop_map(|held| Op::Drop { held }),
        1 => Just(Op::Tick),
    ]
}

/// What the test holds; the model is computed from it: nothing but what is held is used.
struct World {
    budget: Budget,
    accounts: Vec<Account>,
    held: Vec<Reservation>,
    waits: Vec<(Account, u64, Reserve)>,
    seconds: u64,
}

impl World {
    fn new() -> Self {
        let budget = Budget::new(ByteCount(LIMIT));
        let accounts = vec![budget.account("first", ByteCount(100)), budget.account("second", ByteCount(0))];
        Self { budget, accounts, held: Vec::new(), waits: Vec::new(), seconds: 0 }
    }

    fn account(&self, index: usize) -> Option<Account> {
        (!self.accounts.is_empty()).then(|| self.accounts[index % self.accounts.len()].clone())
    }

    fn used(&self, account: &Account) -> u64 {
        self.held.iter().filter(|one| one.account().name() == account.name()).map(|one| one.bytes().0).sum()
    }

    /// All accounts that are open, by a handle or by what is held or waited for.
    fn open(&self) -> Vec<Account> {
        let held = self.held.iter().map(|one| one.account().clone());
        let mut open: Vec<Account> =
            self.accounts.iter().cloned().chain(held).chain(self.waits.iter().map(|wait| wait.0.clone())).collect();
        open.sort_by_key(Account::name);
        open.dedup_by_key(|account| account.name());
        open
    }

    fn pool(&self) -> i64 {
        LIMIT as i64 - self.open().iter().map(|account| account.floor().0 as i64).sum::<i64>()
    }

    fn lent(&self) -> u64 {
        self.open().iter().map(|account| self.used(account).saturating_sub(account.floor().0)).sum()
    }

    fn fits(&self, account: &Account, more: u64) -> bool {
        let used = self.used(account);
        let floor = account.floor().0;
        let borrow = (used + more).saturating_sub(floor) - used.saturating_sub(floor);
        borrow == 0 || self.lent() as i64 + borrow as i64 <= self.pool()
    }

    fn apply(&mut self, op: Op) {
        match op {
            Op::Open { floor } => self.accounts.push(self.budget.account("opened", ByteCount(floor))),
            Op::OpenLate { floor } => self.open_late(floor),
            Op::Close { account } if !self.accounts.is_empty() => {
                drop(self.accounts.remove(account % self.accounts.len()));
            }
            Op::Reserve { account, bytes } => self.reserve(account, bytes),
            Op::Wait { account, bytes } => {
                if let Some(account) = self.account(account) {
                    let reserve = account.reserve(ByteCount(bytes));
                    self.waits.push((account, bytes, reserve));
                }
            }
            Op::Cancel { wait } if !self.waits.is_empty() => drop(self.waits.remove(wait % self.waits.len())),
            Op::Grow { held, bytes } if !self.held.is_empty() => self.grow(held, bytes),
            Op::Shrink { held, bytes } if !self.held.is_empty() => {
                let index = held % self.held.len();
                self.held[index].shrink_to(ByteCount(bytes));
            }
            Op::Split { held, bytes } if !self.held.is_empty() => {
                let index = held % self.held.len();
                let part = self.held[index].split(ByteCount(bytes));
                self.held.push(part);
            }
            Op::Merge { into, from } => self.merge(into, from),
            Op::Drop { held } if !self.held.is_empty() => drop(self.held.remove(held % self.held.len())),
            Op::Tick => {
                self.seconds += 1;
                self.budget.tick(Duration::from_secs(self.seconds));
            }
            _ => {}
        }
        self.collect_grants();
    }

    fn open_late(&mut self, floor: u64) {
        let options = AccountOptions { name: "late".to_owned(), floor: ByteCount(floor), setting: None };
        let free = self.pool() - self.lent() as i64;
        match self.budget.open_account(options) {
            Ok(account) => {
                assert!(floor as i64 <= free, "a floor of {floor} was promised out of {free} free bytes");
                self.accounts.push(account);
            }
            Err(_) => assert!(floor as i64 > free || !self.waits.is_empty(), "{floor} of {free} were refused"),
        }
    }

    fn reserve(&mut self, account: usize, bytes: u64) {
        let Some(account) = self.account(account) else { return };
        let (fits, in_floor) = (self.fits(&account, bytes), self.used(&account) + bytes <= account.floor().0);
        match account.try_reserve(ByteCount(bytes)) {
            Some(reservation) => {
                assert!(fits, "{bytes} bytes were given that are not there");
                self.held.push(reservation);
            }
            // While somebody waits the pool may be closed for him.
            None => {
                assert!(!in_floor, "a floor was refused");
                assert!(!fits || !self.waits.is_empty(), "{bytes} bytes were refused that are there");
            }
        }
    }

    fn grow(&mut self, held: usize, bytes: u64) {
        let index = held % self.held.len();
        let account = self.held[index].account().clone();
        let (fits, in_floor) = (self.fits(&account, bytes), self.used(&account) + bytes <= account.floor().0);
        let grown = self.held[index].try_grow(ByteCount(bytes));
        assert!(!grown || fits, "grew by {bytes} bytes that are not there");
        assert!(grown || !in_floor, "a floor was refused");
        assert!(grown || !fits || !self.waits.is_empty(), "{bytes} bytes were refused that are there");
    }

    fn merge(&mut self, into: usize, from: usize) {
        let n = self.held.len();
        if n < 2 || into % n == from % n || self.held[into % n].account().name() != self.held[from % n].account().name()
        {
            return;
        }
        let nothing = self.held[from % n].account().empty();
        let taken = std::mem::replace(&mut self.held[from % n], nothing);
        self.held[into % n].merge(taken);
    }

    fn collect_grants(&mut self) {
        let mut waits = std::mem::take(&mut self.waits);
        waits.retain_mut(|(account, bytes, reserve)| match poll(reserve) {
            Poll::Pending => true,
            Poll::Ready(Ok(reservation)) => {
                self.held.push(reservation);
                false
            }
            Poll::Ready(Err(_)) => {
                assert!(*bytes > account.most().0, "{bytes} bytes were called too large");
                false
            }
        });
        self.waits = waits;
    }

    fn check(&self) {
        for account in self.open() {
            assert_eq!(account.used().0, self.used(&account), "what {} uses", account.name());
            assert!(account.peak() >= account.used());
        }
        let used: u64 = self.held.iter().map(|one| one.bytes().0).sum();
        let report = self.budget.report();
        assert_eq!((report.used().0, self.budget.used().0), (used, used));
        assert_eq!(report.borrowed.0, self.lent());
        let open: u64 = report.accounts.iter().map(|account| account.open).sum();
        assert_eq!(open as usize, self.held.iter().filter(|one| one.bytes().0 > 0).count());
        assert_eq!(report.accounts.len(), self.open().len());
        assert_eq!(report.waiters, self.waits.len());
        assert_eq!(report.pool.0 as i64, self.pool().max(0));
        self.check_waits();
    }

    /// Who is first in its line and whose bytes are there is not left waiting, unless the pool is kept for another.
    fn check_waits(&self) {
        let mut seen = std::collections::HashSet::new();
        let first: Vec<_> = self.waits.iter().filter(|(account, ..)| seen.insert(account.name())).collect();
        let servable = first.iter().filter(|(account, bytes, _)| self.fits(account, *bytes)).count();
        assert!(servable == 0 || servable < first.len(), "{servable} of {} could be served", first.len());
        for (account, bytes, _) in first {
            assert!(self.used(account) + bytes > account.floor().0, "a floor was kept waiting");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_operations_agree_with_the_model(ops in proptest::collection::vec(op(), 1..80)) {
        let mut world = World::new();
        for op in ops {
            world.apply(op);
            world.check();
        }
        let budget = world.budget.clone();
        drop(world);
        prop_assert_eq!((budget.used(), budget.borrowed(), budget.waiters()), (ByteCount(0), ByteCount(0), 0));
        prop_assert_eq!((budget.pool(), budget.report().accounts.len()), (ByteCount(LIMIT), 0));
        prop_assert!(budget.account("all", ByteCount(0)).try_reserve(ByteCount(LIMIT)).is_some());
    }
}
