//! The ledger from outside. Under `--cfg loom` only the explored models run:
//! `RUSTFLAGS="--cfg loom" cargo test -p millstream-ledger --release loom_`

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests panic where they fail, in their helpers too")]

#[cfg(not(loom))]
mod accounts;
#[cfg(not(loom))]
mod channels;
#[cfg(not(loom))]
mod model;
#[cfg(not(loom))]
mod progress;
#[cfg(not(loom))]
mod reclaim;
#[cfg(not(loom))]
mod reconcile;
#[cfg(not(loom))]
mod waiting;

#[cfg(loom)]
mod loom_channel;
#[cfg(loom)]
mod loom_lending;

/// Polls a future once.
#[cfg(not(loom))]
fn poll<F: Future + Unpin>(future: &mut F) -> std::task::Poll<F::Output> {
    std::pin::Pin::new(future).poll(&mut std::task::Context::from_waker(std::task::Waker::noop()))
}

/// Runs a future to its end on the current thread.
#[cfg(not(loom))]
fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(future)
}
