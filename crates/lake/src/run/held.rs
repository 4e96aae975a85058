//! What pays for rows that are held by themselves while the operations of a key are joined.

use base::{ByteCount, Error};
use ledger::{Account, Reservation};

use crate::files::durable::short;

/// So many bytes of rows whoever joins has paid for beforehand: short rows cost no look at the account.
pub const HELD_BYTES: usize = 64 << 10;

/// Pays for the rows of one key at a time.
#[derive(Debug)]
pub struct Held(Reservation);

impl Held {
    pub fn new(account: &Account) -> Self {
        Self(account.empty())
    }

    /// Pays for `bytes` in all; false if the account has not got them.
    #[must_use]
    pub fn try_hold(&mut self, bytes: usize) -> bool {
        let beyond = ByteCount::from(bytes.saturating_sub(HELD_BYTES));
        self.0.try_grow(beyond.saturating_sub(self.0.bytes()))
    }

    /// Gives back what is paid for more than `bytes`.
    pub fn shrink_to(&mut self, bytes: usize) {
        self.0.shrink_to(ByteCount::from(bytes.saturating_sub(HELD_BYTES)));
    }

    /// The error where [`Self::try_hold`] was refused and must not be.
    pub fn short(&self, bytes: usize) -> Error {
        let bytes = ByteCount::from(bytes);
        short(self.0.account(), bytes.saturating_sub(self.0.bytes()), bytes, "joining the operations of one key")
    }
}
