//! The process's one committer thread: recovers and commits, one sink at a time, and may wait for disks and networks.
//!
//! A committer travels to the thread and back with each request, so that nothing is shared; requests are served in order,
//! so that a recovery after a failure starts when the commit that was under way has ended.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use base::{ByteCount, Error, Result};
use ledger::channel::{Received, Receiver, Sender, channel};

use super::bell::Bell;
use crate::sink::{Committable, Committer, Outcome, Recovered};
use crate::source::BeforeCommit;

/// The stack of the committer thread: Avro and Parquet readers recurse little, but the default 2 MiB is mostly unused.
const STACK: ByteCount = ByteCount::mib(2);

/// A recovery that was asked for.
pub(crate) type RecoverReply = tokio::sync::oneshot::Sender<(Box<dyn Committer>, Result<Recovered>)>;

/// A committer that comes back with how its commit ended.
type Answer = (Box<dyn Committer>, Result<Outcome>);

/// Where a commit's answer is left for the worker.
#[derive(Clone, Default)]
pub(crate) struct Mailbox(Arc<Mutex<Option<Answer>>>);

impl Mailbox {
    pub(crate) fn take(&self) -> Option<Answer> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn put(&self, committer: Box<dyn Committer>, outcome: Result<Outcome>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((committer, outcome));
    }
}

enum Request {
    Recover { committer: Box<dyn Committer>, reply: RecoverReply },
    Commit(CommitRequest),
}

/// A commit that is asked for.
pub(crate) struct CommitRequest {
    pub(crate) committer: Box<dyn Committer>,
    pub(crate) prepared: Committable,
    pub(crate) first: Option<BeforeCommit>,
    /// Where the answer goes, and what is rung when it is there.
    pub(crate) reply: Mailbox,
    pub(crate) bell: Bell,
}

impl CommitRequest {
    fn serve(self) {
        let Self { mut committer, prepared, first, reply, bell } = self;
        let outcome = guarded(|| {
            first.map_or(Ok(()), |first| first())?;
            committer.commit(prepared)
        });
        reply.put(committer, outcome);
        bell.ring();
    }
}

/// Hands requests to the committer thread. Clones reach the same thread.
#[derive(Clone)]
pub(crate) struct CommitDesk {
    requests: Sender<Request>,
    bell: Bell,
}

impl CommitDesk {
    pub(crate) fn recover(&self, committer: Box<dyn Committer>, reply: RecoverReply) -> Result<()> {
        self.send(Request::Recover { committer, reply })
    }

    pub(crate) fn commit(&self, request: CommitRequest) -> Result<()> {
        self.send(Request::Commit(request))
    }

    fn send(&self, request: Request) -> Result<()> {
        self.requests.send(request).map_err(|_| Error::internal("the committer thread is gone"))?;
        self.bell.ring();
        Ok(())
    }
}

/// Starts the thread; it ends when every desk is dropped.
pub(crate) fn start() -> Result<(CommitDesk, JoinHandle<()>)> {
    let (requests, mut inbox) = channel();
    let bell = Bell::default();
    inbox.wake_with(bell.waker());
    let desk = CommitDesk { requests, bell: bell.clone() };
    let thread = base::threads::spawn("committer", STACK, move || serve(inbox, &bell))?;
    Ok((desk, thread))
}

fn serve(mut inbox: Receiver<Request>, bell: &Bell) {
    loop {
        match inbox.try_recv() {
            Received::Item(Request::Recover { mut committer, reply }) => {
                let recovered = guarded(|| committer.recover());
                // A supervisor that does not wait any more has no use for the answer.
                drop(reply.send((committer, recovered)));
            }
            Received::Item(Request::Commit(request)) => request.serve(),
            Received::Empty => bell.wait(std::time::Duration::from_hours(1)),
            Received::Ended => return,
        }
    }
}

/// A panic in a committer must not kill the thread that all sinks share: it becomes an error of this sink.
fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Error::internal("a commit panicked; the message is above")))
}
