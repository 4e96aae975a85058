//! How a stage is told that it has something to do: a callback that wakes the worker which steps it.

use std::fmt;
use std::sync::Arc;

/// A callback that wakes a worker. It is called under no lock, from any thread, and must return at once: set a flag,
/// unpark a thread.
#[derive(Clone)]
pub struct Waker(pub Arc<dyn Fn() + Send + Sync>);

impl Waker {
    pub fn new(wake: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Arc::new(wake))
    }

    pub fn wake(&self) {
        (self.0)();
    }
}

impl fmt::Debug for Waker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Waker")
    }
}
