//! A value with what pays for it.

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

impl<T> std::ops::Deref for Owned<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}
