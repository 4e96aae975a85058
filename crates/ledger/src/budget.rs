//! The budget of the process: its limit, its fixed costs, and the pool that accounts borrow from.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base::{ByteCount, Error, Result};
use tokio::sync::Notify;

use crate::account::{Account, AccountReport, AccountState};

/// The memory that the operator gave. Cheap to clone; all clones are the same budget.
#[derive(Clone, Debug)]
pub struct Budget {
    pub(crate) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) books: Mutex<Books>,
    /// Told whenever bytes come back.
    pub(crate) freed: Notify,
}

#[derive(Debug)]
pub(crate) struct Books {
    limit: ByteCount,
    fixed: Vec<(String, ByteCount)>,
    pub(crate) accounts: Vec<AccountState>,
    /// Bytes above the floors, lent to accounts.
    pub(crate) borrowed: ByteCount,
}

impl Books {
    fn committed(&self) -> ByteCount {
        let fixed: ByteCount = self.fixed.iter().map(|(_, bytes)| *bytes).sum();
        let floors: ByteCount = self.accounts.iter().map(|account| account.floor).sum();
        fixed + floors
    }

    /// What accounts may borrow beyond their floors, all together.
    pub(crate) fn pool(&self) -> ByteCount {
        self.limit.saturating_sub(self.committed())
    }
}

/// The whole budget at one moment.
#[derive(Clone, Debug)]
pub struct BudgetReport {
    pub limit: ByteCount,
    pub fixed: Vec<(String, ByteCount)>,
    pub accounts: Vec<AccountReport>,
    pub pool: ByteCount,
    pub borrowed: ByteCount,
}

impl Budget {
    pub fn new(limit: ByteCount) -> Self {
        let books = Books { limit, fixed: Vec::new(), accounts: Vec::new(), borrowed: ByteCount::ZERO };
        Self { shared: Arc::new(Shared { books: Mutex::new(books), freed: Notify::new() }) }
    }

    pub(crate) fn books(&self) -> MutexGuard<'_, Books> {
        self.shared.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets aside what the process costs before it holds any data: code, stacks, runtime, allocator slack.
    pub fn fixed(&self, name: impl Into<String>, bytes: ByteCount) {
        self.books().fixed.push((name.into(), bytes));
    }

    /// Opens an account; `floor` is the largest unit that its owner must hold to make progress.
    pub fn account(&self, name: impl Into<String>, floor: ByteCount) -> Account {
        let mut books = self.books();
        books.accounts.push(AccountState::new(name.into(), floor));
        Account { budget: self.clone(), index: books.accounts.len() - 1 }
    }

    /// Refuses a budget that cannot hold fixed costs and floors, with the arithmetic.
    pub fn check(&self) -> Result<()> {
        let books = self.books();
        let committed = books.committed();
        if committed <= books.limit {
            return Ok(());
        }
        let lines: Vec<String> = (books.fixed.iter().map(|(name, bytes)| format!("{bytes:>10}  {name} (fixed)")))
            .chain(
                books
                    .accounts
                    .iter()
                    .filter(|a| a.floor > ByteCount::ZERO)
                    .map(|a| format!("{:>10}  {}", a.floor.to_string(), a.name)),
            )
            .collect();
        Err(Error::user(format!("this job needs {committed} of memory, and the budget is {}", books.limit))
            .detail(lines.join("\n"))
            .hint(format!("give it --memory {committed} or more")))
    }

    pub fn report(&self) -> BudgetReport {
        let books = self.books();
        BudgetReport {
            limit: books.limit,
            fixed: books.fixed.clone(),
            accounts: books.accounts.iter().map(AccountState::report).collect(),
            pool: books.pool(),
            borrowed: books.borrowed,
        }
    }
}
