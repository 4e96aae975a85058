//! The ledger at one moment, account by account. Read one after the other while work goes on: each figure is exact, their
//! sum is not a snapshot.

use std::time::Duration;

use base::ByteCount;

use crate::budget::Budget;
use crate::entry::Entry;
use crate::pressure::Pressure;

/// One account at one moment.
#[derive(Clone, Debug)]
pub struct AccountReport {
    pub name: String,
    pub floor: ByteCount,
    pub used: ByteCount,
    /// The most it held since it opened or since [`Budget::reset_peaks`].
    pub peak: ByteCount,
    /// How many reservations that hold bytes are open.
    pub open: u64,
    /// How long the oldest of them has been open; right to one tick of the ledger (a second). The best leak gauge there is.
    pub oldest: Option<Duration>,
}

/// A budget at one moment.
#[derive(Clone, Debug)]
pub struct BudgetReport {
    /// The name of a share; `None` for the whole.
    pub name: Option<String>,
    pub limit: ByteCount,
    pub fixed: Vec<(String, ByteCount)>,
    pub accounts: Vec<AccountReport>,
    /// What can be lent when nobody borrows.
    pub pool: ByteCount,
    /// What this budget's own accounts have borrowed.
    pub borrowed: ByteCount,
    /// Requests that wait for memory.
    pub waiters: usize,
    pub pressure: Pressure,
    pub shares: Vec<BudgetReport>,
}

impl Budget {
    pub fn report(&self) -> BudgetReport {
        let now_ms = self.now_ms();
        let entries = self.entries();
        BudgetReport {
            name: self.name().map(str::to_owned),
            limit: self.limit(),
            fixed: self.fixed_costs(),
            accounts: entries.iter().map(|entry| AccountReport::of(entry, now_ms)).collect(),
            pool: self.pool(),
            borrowed: ByteCount(entries.iter().map(|entry| entry.borrowed()).sum()),
            waiters: self.shared.lending.waiters(),
            pressure: self.pressure(),
            shares: self.shares().iter().map(Self::report).collect(),
        }
    }
}

impl AccountReport {
    fn of(entry: &Entry, now_ms: u64) -> Self {
        Self {
            name: entry.name.clone(),
            floor: ByteCount(entry.floor()),
            used: ByteCount(entry.used()),
            peak: ByteCount(entry.peak()),
            open: entry.ages.count(),
            oldest: entry.ages.oldest_ms().map(|born| Duration::from_millis(now_ms.saturating_sub(born))),
        }
    }
}

impl BudgetReport {
    /// All bytes reserved, shares included.
    pub fn used(&self) -> ByteCount {
        let own: ByteCount = self.accounts.iter().map(|account| account.used).sum();
        self.shares.iter().map(Self::used).fold(own, ByteCount::saturating_add)
    }

    /// Every account, those of shares with their share's name; in the order in which they were opened.
    pub fn all_accounts(&self) -> Vec<(Option<&str>, &AccountReport)> {
        let own = self.accounts.iter().map(|account| (self.name.as_deref(), account));
        own.chain(self.shares.iter().flat_map(Self::all_accounts)).collect()
    }
}
