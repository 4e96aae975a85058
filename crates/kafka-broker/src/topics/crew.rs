//! Several threads for the many small waits of a start: after an unclean end each partition waits five times for the disk,
//! which serves eight such waits as fast as one.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::Builder;

use base::{ByteCount, Error, Result};

/// How many work at once; each holds one buffer of [`crate::log::SCAN_BUFFER`].
pub(crate) const CREW: usize = 8;

/// Opening a log recurses nowhere.
const STACK: ByteCount = ByteCount::kib(512);

/// Does `work` on every one of `items`; the results in their order.
///
/// # Errors
/// One of those that the work gave; the others are still waited for.
pub(super) fn each<I: Sync, T: Send>(items: &[I], work: impl Fn(&I) -> Result<T> + Sync) -> Result<Vec<T>> {
    let next = AtomicUsize::new(0);
    let member = || -> Result<Vec<(usize, T)>> {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { return Ok(done) };
            done.push((at, work(item)?));
        }
    };
    let mut done = std::thread::scope(|scope| -> Result<Vec<(usize, T)>> {
        let start = |n| {
            let thread = Builder::new().name(format!("opener-{n}")).stack_size(STACK.as_usize());
            thread.spawn_scoped(scope, member)
        };
        let begun: Vec<_> = (0..CREW.min(items.len())).map(start).collect();
        let mut all = Vec::with_capacity(items.len());
        for thread in begun {
            let thread = thread.map_err(|error| Error::external("cannot start a thread").caused_by(error))?;
            all.extend(thread.join().unwrap_or_else(|_| Err(Error::internal("opening a log panicked")))?);
        }
        Ok(all)
    })?;
    done.sort_unstable_by_key(|(at, _)| *at);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_and_one_error_is_enough() {
        for count in [0, 1, 7, 100] {
            let items: Vec<usize> = (0..count).collect();
            let doubled = each(&items, |item| Ok(item * 2)).unwrap();
            assert_eq!(doubled, items.iter().map(|item| item * 2).collect::<Vec<_>>());
        }
        let failed = each(&[1, 2, 3], |item| if *item == 2 { Err(Error::external("two")) } else { Ok(()) });
        assert_eq!(failed.unwrap_err().message(), "two");
    }
}
