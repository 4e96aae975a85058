//! Accounts: who holds bytes.

use std::sync::Arc;

use base::{ByteCount, Error, Result};

use crate::budget::{AccountOptions, Budget};
use crate::entry::Entry;
use crate::reclaim::{Reclaim, Reclaimer};
use crate::waker::Waker;

/// A named holder of bytes with a floor of its own. Cheap to clone; all clones are the same account.
///
/// It closes, and its floor goes back to the pool, when the last clone and the last reservation are dropped.
#[derive(Clone, Debug)]
pub struct Account(Arc<Open>);

#[derive(Debug)]
struct Open {
    entry: Arc<Entry>,
    budget: Budget,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.budget.close_entry(&self.entry);
    }
}

impl Budget {
    /// Opens an account at start-up; `floor` is the largest unit that its owner must hold to make progress. Floors that
    /// exceed the budget are found by [`Budget::check`]. Where others have borrowed the floor meanwhile (a pipeline that
    /// starts again), nobody borrows more until they have given it back, and they are asked to; to be told instead, use
    /// [`Budget::open_account`].
    pub fn account(&self, name: impl Into<String>, floor: ByteCount) -> Account {
        self.account_with(AccountOptions { name: name.into(), floor, setting: None })
    }

    /// [`Budget::account`] with all options.
    pub fn account_with(&self, options: AccountOptions) -> Account {
        Account(Arc::new(Open { entry: self.open_entry(options), budget: self.clone() }))
    }

    /// Opens an account while others work. Fails, for now or for good, if its floor is not in the pool: a floor is never
    /// promised out of bytes that are lent.
    pub fn open_account(&self, options: AccountOptions) -> Result<Account> {
        let (name, floor, pool) = (options.name.clone(), options.floor, self.pool());
        if let Some(entry) = self.try_open_entry(options) {
            return Ok(Account(Arc::new(Open { entry, budget: self.clone() })));
        }
        let message = format!("no memory for '{name}': it needs {floor} at least, the pool has {pool} in all");
        let error = if floor > pool { Error::user(message) } else { Error::transient(message) };
        Err(error.hint("give more with --memory, or run fewer stages at once"))
    }
}

impl Budget {
    /// Registers a stage that can give memory of several accounts back. It is asked for no more than it offers
    /// ([`Reclaimer::offer`]).
    pub fn reclaimer(&self, kind: Reclaim, waker: Waker) -> Reclaimer {
        Reclaimer::new(self.shared.reclaimers.clone(), kind, None, waker)
    }
}

impl Account {
    pub fn name(&self) -> String {
        self.entry().name.clone()
    }

    /// The bytes that nobody else can take from this account.
    pub fn floor(&self) -> ByteCount {
        ByteCount(self.entry().floor())
    }

    pub fn used(&self) -> ByteCount {
        ByteCount(self.entry().used())
    }

    /// The most this account has held since it opened or since [`Budget::reset_peaks`].
    pub fn peak(&self) -> ByteCount {
        ByteCount(self.entry().peak())
    }

    /// The budget this account belongs to.
    pub fn budget(&self) -> &Budget {
        &self.0.budget
    }

    /// The most this account could hold if nobody else borrowed.
    pub fn most(&self) -> ByteCount {
        ByteCount(self.budget().shared.lending.most(self.entry()))
    }

    /// Registers its owner as one who can give memory back: `waker` is called when it is asked.
    pub fn reclaimer(&self, kind: Reclaim, waker: Waker) -> Reclaimer {
        Reclaimer::new(self.budget().shared.reclaimers.clone(), kind, Some(self.0.entry.clone()), waker)
    }

    pub(crate) fn entry(&self) -> &Arc<Entry> {
        &self.0.entry
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
