//! What one codec has paid for.

use base::ByteCount;
use ledger::{Account, Reservation};

use super::{Codec, CodecError};

/// The memory of one codec's context and buffers; grows before they do.
#[derive(Debug)]
pub(crate) struct Memory {
    account: Account,
    codec: Codec,
    paid: Option<Reservation>,
}

impl Memory {
    pub(crate) fn new(account: Account, codec: Codec) -> Self {
        Self { account, codec, paid: None }
    }

    pub(crate) fn paid(&self) -> ByteCount {
        self.paid.as_ref().map_or(ByteCount::ZERO, Reservation::bytes)
    }

    /// Sees to it that `wanted` bytes are paid in all. Returns how many are missing now: 0 means go on.
    pub(crate) fn ensure(&mut self, wanted: ByteCount, what: &'static str) -> Result<ByteCount, CodecError> {
        let missing = wanted.saturating_sub(self.paid());
        if missing == ByteCount::ZERO {
            return Ok(missing);
        }
        let most = self.account.most();
        if wanted > most {
            return Err(CodecError::TooLarge { codec: self.codec, what, wanted, most });
        }
        let granted = match &mut self.paid {
            Some(paid) => paid.try_grow(missing),
            None => {
                self.paid = self.account.try_reserve(missing);
                self.paid.is_some()
            }
        };
        Ok(if granted { ByteCount::ZERO } else { missing })
    }

    /// Gives back all but `bytes`; the caller dropped what they paid for.
    pub(crate) fn shrink_to(&mut self, bytes: ByteCount) {
        if let Some(paid) = &mut self.paid {
            paid.shrink_to(bytes);
        }
    }

    /// Gives everything back; the caller dropped what it paid for.
    pub(crate) fn release(&mut self) {
        self.paid = None;
    }
}
