//! A value with what pays for it.

use bytes::Bytes;

use crate::reservation::Reservation;

/// A value and the reservation that pays for its bytes; dropped together.
#[derive(Debug)]
pub struct Owned<T> {
    pub value: T,
    pub paid: Reservation,
}

impl<T> Owned<T> {
    pub fn new(value: T, paid: Reservation) -> Self {
        Self { value, paid }
    }

    /// Turns the value into another that lives on the same bytes.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Owned<U> {
        Owned { value: f(self.value), paid: self.paid }
    }
}

impl Owned<Vec<u8>> {
    /// Bytes that stay charged until the last slice of them drops (the obstacle on which KIP-81 died: a parsed record
    /// pins the network buffer, so paying until "parsed" means little).
    pub fn into_bytes(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Owned<Vec<u8>> {
    fn as_ref(&self) -> &[u8] {
        &self.value
    }
}

impl<T> std::ops::Deref for Owned<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

#[cfg(test)]
mod tests {
    use base::ByteCount;

    use super::*;
    use crate::Budget;

    #[test]
    fn bytes_are_charged_until_the_last_slice_drops() {
        let account = Budget::new(ByteCount(100)).account("fetch", ByteCount::ZERO);
        let paid = account.try_reserve(ByteCount(64)).unwrap();
        let bytes = Owned::new(vec![7; 64], paid).into_bytes();
        let slice = bytes.slice(3..5);
        drop(bytes);
        assert_eq!(account.used(), ByteCount(64));
        drop(slice);
        assert_eq!(account.used(), ByteCount::ZERO);
    }
}
