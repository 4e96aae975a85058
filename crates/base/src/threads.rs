//! Named, counted operating-system threads.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::{Error, Result};

static LIVE: AtomicUsize = AtomicUsize::new(0);

/// How many threads started here live.
pub fn live() -> usize {
    LIVE.load(Ordering::Relaxed)
}

/// Counts a thread from its start until it has ended, whatever ends it.
struct Counted;

impl Counted {
    fn new() -> Self {
        LIVE.fetch_add(1, Ordering::Relaxed);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        LIVE.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Starts a thread; the caller owns the handle and must join it, which also gives it the thread's panic. The system shows
/// the first 15 bytes of the name.
pub fn spawn<T: Send + 'static>(
    name: &str,
    stack: crate::ByteCount,
    body: impl FnOnce() -> T + Send + 'static,
) -> Result<std::thread::JoinHandle<T>> {
    let counted = Counted::new();
    std::thread::Builder::new()
        .name(name.to_owned())
        .stack_size(stack.as_usize())
        .spawn(move || {
            let _counted = counted;
            body()
        })
        .map_err(|error| Error::external(format!("cannot start the thread '{name}'")).caused_by(error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ByteCount;

    #[test]
    fn a_thread_has_its_name_and_gives_its_result_or_panic_to_who_joins() {
        let named = || std::thread::current().name().map(str::to_owned);
        let thread = spawn("worker-0", ByteCount::kib(256), named).unwrap();
        assert_eq!(thread.join().unwrap().as_deref(), Some("worker-0"));
        let thread = spawn("worker-1", ByteCount::kib(256), || panic!("oh")).unwrap();
        assert!(thread.join().is_err());
    }
}
