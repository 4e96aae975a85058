//! Named, owned, counted asynchronous tasks.
//!
//! A task never outlives its [`Tasks`]: dropping them ends it at its next await, [`Tasks::stop`] also waits until it is
//! gone. It never fails in silence: its result, and a panic as an internal error with the task's name, comes out of
//! [`Tasks::next_ended`]. Owners that start tasks without end (one per connection) take the ended ones out now and then
//! ([`Tasks::try_next_ended`]), so that they do not pile up.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::{Error, Result};

static LIVE: AtomicUsize = AtomicUsize::new(0);

/// How many tasks live in this process.
pub fn live() -> usize {
    LIVE.load(Ordering::Relaxed)
}

/// Tasks that end with their owner, each with a `T` if it succeeds.
#[derive(Debug)]
pub struct Tasks<T = ()> {
    set: tokio::task::JoinSet<Result<T>>,
    names: HashMap<tokio::task::Id, String>,
}

type Joined<T> = std::result::Result<(tokio::task::Id, Result<T>), tokio::task::JoinError>;

/// Counts a task from its start until its future is dropped, whatever ends it.
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

impl<T> Default for Tasks<T> {
    fn default() -> Self {
        Self { set: tokio::task::JoinSet::new(), names: HashMap::new() }
    }
}

impl<T: Send + 'static> Tasks<T> {
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts `task` on the current tokio runtime; it ends when it returns or when this owner is dropped.
    pub fn spawn(&mut self, name: impl Into<String>, task: impl Future<Output = Result<T>> + Send + 'static) {
        let counted = Counted::new();
        let handle = self.set.spawn(async move {
            let _counted = counted;
            task.await
        });
        self.names.insert(handle.id(), name.into());
    }

    /// How many have not been taken out yet, ended ones included.
    pub fn len(&self) -> usize {
        self.set.len()
    }

    pub fn is_empty(&self) -> bool {
        self.set.is_empty()
    }

    /// The names of those that have not been taken out yet, sorted.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.names.values().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    /// The next task that ended, with its result; a panic becomes an internal error. `None` when none is left.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub async fn next_ended(&mut self) -> Option<(String, Result<T>)> {
        let joined = self.set.join_next_with_id().await?;
        Some(self.take_out(joined))
    }

    /// A task that has ended already, if there is one.
    pub fn try_next_ended(&mut self) -> Option<(String, Result<T>)> {
        let joined = self.set.try_join_next_with_id()?;
        Some(self.take_out(joined))
    }

    /// Ends all tasks and waits until they are gone.
    pub async fn stop(&mut self) {
        self.set.shutdown().await;
        self.names.clear();
    }

    fn take_out(&mut self, joined: Joined<T>) -> (String, Result<T>) {
        match joined {
            Ok((id, result)) => (self.names.remove(&id).unwrap_or_default(), result),
            Err(error) => {
                let name = self.names.remove(&error.id()).unwrap_or_default();
                let result = Err(abnormal_end(&name, error));
                (name, result)
            }
        }
    }
}

fn abnormal_end(name: &str, error: tokio::task::JoinError) -> Error {
    match error.try_into_panic() {
        Ok(panic) => {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
            Error::internal(format!("the task '{name}' panicked: {text}"))
        }
        Err(cancelled) => Error::internal(format!("the task '{name}' was cancelled")).caused_by(cancelled),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::Domain;

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().build().unwrap()
    }

    #[test]
    fn results_and_panics_reach_the_owner_with_the_tasks_name() {
        runtime().block_on(async {
            let mut tasks = Tasks::new();
            tasks.spawn("fine", async { Ok(()) });
            tasks.spawn("fails", async { Err(Error::transient("no route")) });
            tasks.spawn("panics", async { panic!("at {}", "the disco") });
            assert_eq!(tasks.names(), ["fails", "fine", "panics"]);
            let mut ended = Vec::new();
            while let Some((name, result)) = tasks.next_ended().await {
                ended.push((name, result.map_err(|error| (error.domain(), error.message().to_owned()))));
            }
            ended.sort_by(|a, b| a.0.cmp(&b.0));
            assert_eq!(
                ended,
                [
                    ("fails".to_owned(), Err((Domain::External, "no route".to_owned()))),
                    ("fine".to_owned(), Ok(())),
                    (
                        "panics".to_owned(),
                        Err((Domain::Internal, "the task 'panics' panicked: at the disco".to_owned()))
                    ),
                ]
            );
            assert!(tasks.is_empty() && tasks.names().is_empty());
        });
    }

    #[test]
    fn tasks_end_with_their_owner() {
        let held = Arc::new(());
        let forever = |held: &Arc<()>| {
            let held = held.clone();
            async move {
                std::future::pending::<()>().await;
                drop(held);
                Ok(())
            }
        };
        let runtime = runtime();
        runtime.block_on(async {
            let mut tasks = Tasks::new();
            tasks.spawn("one", forever(&held));
            tasks.spawn("two", forever(&held));
            tokio::task::yield_now().await;
            assert_eq!((Arc::strong_count(&held), tasks.len()), (3, 2));
            tasks.stop().await;
            assert_eq!((Arc::strong_count(&held), tasks.len()), (1, 0));
            tasks.spawn("three", forever(&held));
        });
        drop(runtime);
        assert_eq!(Arc::strong_count(&held), 1);
    }

    #[test]
    fn ended_tasks_are_taken_out_without_waiting() {
        runtime().block_on(async {
            let mut tasks = Tasks::new();
            tasks.spawn("waits", std::future::pending());
            assert!(tasks.try_next_ended().is_none());
            tasks.spawn("ends", async { Ok(()) });
            tokio::task::yield_now().await;
            assert_eq!(tasks.try_next_ended().map(|(name, _)| name).as_deref(), Some("ends"));
            assert!(tasks.try_next_ended().is_none());
            assert_eq!(tasks.names(), ["waits"]);
        });
    }
}
