//! Named, owned, counted asynchronous tasks: dropping the owner ends them, and a panic reaches the owner.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::{Error, Result};

static LIVE: AtomicUsize = AtomicUsize::new(0);

/// How many tasks live in this process.
pub fn live() -> usize {
    LIVE.load(Ordering::Relaxed)
}

/// Tasks that end with their owner.
#[derive(Debug, Default)]
pub struct Tasks {
    set: tokio::task::JoinSet<Result<()>>,
    names: HashMap<tokio::task::Id, String>,
}

struct Counted;

impl Drop for Counted {
    fn drop(&mut self) {
        LIVE.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Tasks {
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts `task` on the current tokio runtime; it ends when it returns or when this owner is dropped.
    pub fn spawn(&mut self, name: impl Into<String>, task: impl Future<Output = Result<()>> + Send + 'static) {
        LIVE.fetch_add(1, Ordering::Relaxed);
        let counted = Counted;
        let handle = self.set.spawn(async move {
            let _counted = counted;
            task.await
        });
        self.names.insert(handle.id(), name.into());
    }

    pub fn len(&self) -> usize {
        self.set.len()
    }

    pub fn is_empty(&self) -> bool {
        self.set.is_empty()
    }

    /// The next task that ended, with its result; a panic becomes an internal error. `None` when none is left.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub async fn next_ended(&mut self) -> Option<(String, Result<()>)> {
        let (id, result) = match self.set.join_next_with_id().await? {
            Ok((id, result)) => (id, result),
            Err(error) => (error.id(), Err(Error::internal(format!("a task ended abnormally: {error}")))),
        };
        let name = self.names.remove(&id).unwrap_or_default();
        Some((name, result))
    }

    /// Ends all tasks and waits until they are gone.
    pub async fn stop(&mut self) {
        self.set.shutdown().await;
        self.names.clear();
    }
}
