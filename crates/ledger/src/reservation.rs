//! Reservations: the right to hold bytes, given back on drop.

use base::{ByteCount, Error};

use crate::account::Account;

/// The right to hold [`Reservation::bytes`] bytes of an account. Dropping it gives them back.
#[derive(Debug)]
#[must_use = "a reservation that is dropped at once pays for nothing"]
pub struct Reservation {
    account: Account,
    bytes: ByteCount,
}

/// The request is larger than the account could ever hold.
#[derive(Clone, Debug, thiserror::Error)]
#[error("'{account}' needs {wanted} at once and can have at most {most}")]
pub struct TooLarge {
    pub account: String,
    pub wanted: ByteCount,
    pub most: ByteCount,
}

impl From<TooLarge> for Error {
    fn from(error: TooLarge) -> Self {
        Error::user(error.to_string()).hint("give the job more with --memory, or make the unit smaller")
    }
}

impl Reservation {
    pub(crate) fn new(account: Account, bytes: ByteCount) -> Self {
        Self { account, bytes }
    }

    pub fn bytes(&self) -> ByteCount {
        self.bytes
    }

    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Takes `n` more bytes now, or says no and changes nothing.
    #[must_use]
    pub fn try_grow(&mut self, n: ByteCount) -> bool {
        let grown = self.account.take(n, false);
        if grown {
            self.bytes += n;
        }
        grown
    }

    /// Gives back all but `bytes`; does nothing if it holds less.
    pub fn shrink_to(&mut self, bytes: ByteCount) {
        let less = self.bytes.saturating_sub(bytes);
        self.bytes -= less;
        self.account.give_back(less, false);
    }

    /// Cuts off a reservation of `n` bytes (at most what it holds).
    pub fn split(&mut self, n: ByteCount) -> Reservation {
        let n = n.min(self.bytes);
        self.bytes -= n;
        self.account.opened();
        Reservation { account: self.account.clone(), bytes: n }
    }

    /// Takes over the bytes of `other`, which must be of the same account.
    pub fn merge(&mut self, mut other: Reservation) {
        assert!(
            std::sync::Arc::ptr_eq(&self.account.budget.shared, &other.account.budget.shared)
                && self.account.index == other.account.index,
            "merged reservations of two accounts"
        );
        self.bytes += std::mem::take(&mut other.bytes);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.account.give_back(self.bytes, true);
    }
}
