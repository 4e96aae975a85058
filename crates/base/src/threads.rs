//! Named, counted operating-system threads.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::{Error, Result};

static LIVE: AtomicUsize = AtomicUsize::new(0);

/// How many threads started here live.
pub fn live() -> usize {
    LIVE.load(Ordering::Relaxed)
}

/// Starts a thread; the caller owns the handle and must join it.
pub fn spawn<T: Send + 'static>(
    name: &str,
    stack: crate::ByteCount,
    body: impl FnOnce() -> T + Send + 'static,
) -> Result<std::thread::JoinHandle<T>> {
    LIVE.fetch_add(1, Ordering::Relaxed);
    struct Counted;
    impl Drop for Counted {
        fn drop(&mut self) {
            LIVE.fetch_sub(1, Ordering::Relaxed);
        }
    }
    let counted = Counted;
    std::thread::Builder::new()
        .name(name.to_owned())
        .stack_size(stack.as_usize())
        .spawn(move || {
            let _counted = counted;
            body()
        })
        .map_err(|error| Error::external(format!("cannot start the thread '{name}'")).caused_by(error))
}
