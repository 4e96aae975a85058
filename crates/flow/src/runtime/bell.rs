//! How a worker thread sleeps and is woken.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use ledger::channel::Waker;

/// A bell: rung from anywhere, heard once by the worker that waits for it. A ring before the wait is not lost.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bell(Arc<(Mutex<bool>, Condvar)>);

impl Bell {
    pub(crate) fn ring(&self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_one();
    }

    /// Returns when the bell rang since the last wait, or after `at_most`.
    pub(crate) fn wait(&self, at_most: Duration) {
        let rung = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut rung, _) =
            self.0.1.wait_timeout_while(rung, at_most, |rung| !*rung).unwrap_or_else(PoisonError::into_inner);
        *rung = false;
    }

    pub(crate) fn waker(&self) -> Waker {
        let bell = self.clone();
        Waker(Arc::new(move || bell.ring()))
    }
}
