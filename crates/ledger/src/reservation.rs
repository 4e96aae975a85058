//! Reservations: the right to hold bytes, given back on drop.

use base::{ByteCount, Error};

use crate::account::Account;
use crate::ages::Bucket;
use crate::entry::Claim;

/// The right to hold [`Reservation::bytes`] bytes of an account. Dropping it gives them back.
#[derive(Debug)]
#[must_use = "a reservation that is dropped at once pays for nothing"]
pub struct Reservation {
    account: Account,
    bytes: u64,
    /// Where it is counted as open; nowhere while it holds nothing.
    counted: Option<Bucket>,
}

/// The request is larger than the account could ever hold.
#[derive(Clone, Debug, thiserror::Error)]
#[error("'{account}' needs {wanted} at once and can have at most {most}")]
pub struct TooLarge {
    pub account: String,
    pub wanted: ByteCount,
    pub most: ByteCount,
    /// The option that sizes the account's units, where one does.
    pub setting: Option<String>,
}

impl TooLarge {
    pub(crate) fn new(account: &Account, wanted: ByteCount) -> Self {
        let setting = account.entry().setting.clone();
        Self { account: account.name(), wanted, most: account.most(), setting }
    }
}

impl From<TooLarge> for Error {
    fn from(error: TooLarge) -> Self {
        // Rounded up: what a hint names must be enough.
        let lacking = ByteCount::mib(error.wanted.saturating_sub(error.most).0.div_ceil(1 << 20));
        let smaller = match &error.setting {
            Some(setting) => format!("lower '{setting}'"),
            None => "make the unit smaller".to_owned(),
        };
        Error::user(error.to_string()).hint(format!("raise --memory by at least {lacking}, or {smaller}"))
    }
}

impl Account {
    /// Takes `n` bytes now, from the floor first and then from the pool, or says no at once.
    ///
    /// It may pass those who wait: it serves a step under way, and what that holds may be what they wait for.
    pub fn try_reserve(&self, n: ByteCount) -> Option<Reservation> {
        self.try_claim(n, Claim::Now)
    }

    pub(crate) fn try_claim(&self, n: ByteCount, claim: Claim) -> Option<Reservation> {
        let taken = n == ByteCount::ZERO || self.budget().shared.lending.take(self.entry(), n.0, claim);
        taken.then(|| Reservation::granted(self.clone(), n.0))
    }

    /// A reservation of nothing, to grow later.
    pub fn empty(&self) -> Reservation {
        Reservation { account: self.clone(), bytes: 0, counted: None }
    }
}

impl Reservation {
    /// For bytes that the account has taken already.
    pub(crate) fn granted(account: Account, bytes: u64) -> Self {
        let counted = (bytes > 0).then(|| account.entry().ages.open());
        Self { account, bytes, counted }
    }

    pub fn bytes(&self) -> ByteCount {
        ByteCount(self.bytes)
    }

    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Takes `n` more bytes now, or says no and changes nothing. It may pass those who wait, as [`Account::try_reserve`].
    #[must_use]
    pub fn try_grow(&mut self, n: ByteCount) -> bool {
        if n == ByteCount::ZERO {
            return true;
        }
        let grown = self.account.budget().shared.lending.take(self.account.entry(), n.0, Claim::Now);
        if grown {
            self.bytes += n.0;
            self.counted.get_or_insert_with(|| self.account.entry().ages.open());
        }
        grown
    }

    /// Gives back all but `bytes`; does nothing if it holds less.
    pub fn shrink_to(&mut self, bytes: ByteCount) {
        let less = self.bytes.saturating_sub(bytes.0);
        if less == 0 {
            return;
        }
        self.bytes -= less;
        if self.bytes == 0 {
            self.stop_counting();
        }
        self.account.budget().shared.lending.give(self.account.entry(), less);
    }

    /// Cuts off a reservation of `n` bytes (at most what it holds).
    pub fn split(&mut self, n: ByteCount) -> Reservation {
        let bytes = n.0.min(self.bytes);
        self.bytes -= bytes;
        let counted = if bytes == 0 { None } else { self.counted };
        if self.bytes == 0 {
            // The part is the whole: it takes over the place in the count.
            self.counted = None;
        } else if let Some(bucket) = counted {
            self.account.entry().ages.open_in(bucket);
        }
        Reservation { account: self.account.clone(), bytes, counted }
    }

    /// Takes over the bytes of `other`, which must be of the same account; the sum is as old as the older part.
    pub fn merge(&mut self, mut other: Reservation) {
        assert!(self.account.is(&other.account), "merged reservations of two accounts");
        self.bytes += std::mem::take(&mut other.bytes);
        let ages = &self.account.entry().ages;
        match (self.counted, other.counted) {
            (None, Some(_)) => self.counted = other.counted.take(),
            (Some(mine), Some(theirs)) if ages.is_older(theirs, mine) => {
                std::mem::swap(&mut self.counted, &mut other.counted);
            }
            _ => {}
        }
    }

    fn stop_counting(&mut self) {
        if let Some(bucket) = self.counted.take() {
            self.account.entry().ages.close(bucket);
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.stop_counting();
        if self.bytes > 0 {
            self.account.budget().shared.lending.give(self.account.entry(), self.bytes);
        }
    }
}
