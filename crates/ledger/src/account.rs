//! Accounts: who holds bytes.

use base::ByteCount;

use crate::budget::Budget;
use crate::reservation::{Reservation, TooLarge};

/// A named holder of bytes with a floor of its own. Cheap to clone; all clones are the same account.
#[derive(Clone, Debug)]
pub struct Account {
    pub(crate) budget: Budget,
    pub(crate) index: usize,
}

#[derive(Debug)]
pub(crate) struct AccountState {
    pub(crate) name: String,
    pub(crate) floor: ByteCount,
    pub(crate) used: ByteCount,
    peak: ByteCount,
    open: u64,
}

/// One account at one moment.
#[derive(Clone, Debug)]
pub struct AccountReport {
    pub name: String,
    pub floor: ByteCount,
    pub used: ByteCount,
    pub peak: ByteCount,
    /// How many reservations are open.
    pub open: u64,
}

impl AccountState {
    pub(crate) fn new(name: String, floor: ByteCount) -> Self {
        Self { name, floor, used: ByteCount::ZERO, peak: ByteCount::ZERO, open: 0 }
    }

    pub(crate) fn report(&self) -> AccountReport {
        AccountReport { name: self.name.clone(), floor: self.floor, used: self.used, peak: self.peak, open: self.open }
    }

    fn beyond_floor(&self, used: ByteCount) -> ByteCount {
        used.saturating_sub(self.floor)
    }
}

impl Account {
    pub fn name(&self) -> String {
        self.budget.books().accounts[self.index].name.clone()
    }

    /// The bytes that nobody else can take from this account.
    pub fn floor(&self) -> ByteCount {
        self.budget.books().accounts[self.index].floor
    }

    pub fn used(&self) -> ByteCount {
        self.budget.books().accounts[self.index].used
    }

    /// The budget this account belongs to.
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// Takes `n` bytes now, from the floor first and then from the pool, or says no at once.
    pub fn try_reserve(&self, n: ByteCount) -> Option<Reservation> {
        self.take(n, true).then(|| Reservation::new(self.clone(), n))
    }

    /// Waits until `n` bytes are there. For drivers and I/O tasks only: operators never wait.
    ///
    /// Fails at once if `n` is more than floor and pool together could ever give.
    ///
    /// # Cancel safety
    /// Nothing is held when the future is dropped before it is ready.
    pub async fn reserve(&self, n: ByteCount) -> Result<Reservation, TooLarge> {
        loop {
            let freed = self.budget.shared.freed.notified();
            tokio::pin!(freed);
            freed.as_mut().enable();
            if let Some(reservation) = self.try_reserve(n) {
                return Ok(reservation);
            }
            let most = self.most();
            if n > most {
                return Err(TooLarge { account: self.name(), wanted: n, most });
            }
            freed.await;
        }
    }

    /// A reservation of nothing, to grow later.
    pub fn empty(&self) -> Reservation {
        self.take(ByteCount::ZERO, true);
        Reservation::new(self.clone(), ByteCount::ZERO)
    }

    /// The most this account could hold if nobody else borrowed.
    pub fn most(&self) -> ByteCount {
        let books = self.budget.books();
        books.accounts[self.index].floor + books.pool()
    }

    pub(crate) fn take(&self, n: ByteCount, opens: bool) -> bool {
        let mut books = self.budget.books();
        let pool = books.pool();
        let account = &books.accounts[self.index];
        let used = account.used + n;
        let more = account.beyond_floor(used) - account.beyond_floor(account.used);
        if more > ByteCount::ZERO && books.borrowed + more > pool {
            return false;
        }
        books.borrowed += more;
        let account = &mut books.accounts[self.index];
        account.used = used;
        account.peak = account.peak.max(used);
        account.open += u64::from(opens);
        true
    }

    pub(crate) fn give_back(&self, n: ByteCount, closes: bool) {
        let mut books = self.budget.books();
        let account = &mut books.accounts[self.index];
        let used = account.used - n;
        let less = account.beyond_floor(account.used) - account.beyond_floor(used);
        account.used = used;
        account.open -= u64::from(closes);
        books.borrowed -= less;
        drop(books);
        if n > ByteCount::ZERO {
            self.budget.shared.freed.notify_waiters();
        }
    }

    pub(crate) fn opened(&self) {
        self.budget.books().accounts[self.index].open += 1;
    }
}
