//! What is asked on a connection and not yet answered, in order, and why the connection failed.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use ledger::{Account, Reservation, TooLarge};
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

/// Where a response goes and what pays for it.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) account: Account,
    pub(super) timeout: Duration,
    pub(super) to: oneshot::Sender<Result<(Bytes, Reservation), TooLarge>>,
}

/// Shared by the writer, which asks, the reader, which answers, and those who want to know why it failed.
#[derive(Debug, Default)]
pub(super) struct Pending {
    state: Mutex<State>,
    /// Told when an answer is added.
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    answers: VecDeque<(Answer, Instant)>,
    failure: Option<String>,
}

impl Pending {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts an answer at the end.
    pub(super) fn push(&self, answer: Answer) {
        let due = Instant::now() + answer.timeout;
        self.state().answers.push_back((answer, due));
        self.changed.notify_one();
    }

    pub(super) fn pop(&self) -> Option<Answer> {
        self.state().answers.pop_front().map(|(answer, _)| answer)
    }

    /// When the first answer is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.state().answers.front().map(|(_, due)| *due)
    }

    /// Until something is pushed.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Ends all waiting, once nothing is pushed any more.
    pub(super) fn fail(&self, reason: impl Into<String>) {
        let mut state = self.state();
        state.failure = Some(reason.into());
        let answers = std::mem::take(&mut state.answers);
        drop(state);
        drop(answers);
    }

    pub(super) fn failure(&self) -> Option<String> {
        self.state().failure.clone()
    }
}
