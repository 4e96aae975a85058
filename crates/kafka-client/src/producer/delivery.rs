//! What the sender of a record waits for. One completion per batch, so a record costs its sender a pointer and an index.

use std::sync::{Arc, Mutex};

use base::{Error, Offset, Result};
use tokio::sync::Notify;

use crate::client::lock;
use crate::partition::TopicPartition;

/// Where a record is in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    pub partition: TopicPartition,
    /// `None` where the broker only says that it has the record already.
    pub offset: Option<Offset>,
}

/// The fate of one record; dropping it changes nothing about the record.
#[derive(Debug)]
pub struct Delivery {
    pub(super) batch: Arc<Completion>,
    /// The index of the record in its batch.
    pub(super) index: i32,
}

impl Delivery {
    /// Waits until all in-sync replicas have the record.
    ///
    /// # Errors
    /// Why it was given up: refused by the broker, or not acknowledged within `delivery.timeout.ms`; then it may or may
    /// not be in the log.
    ///
    /// # Cancel safety
    /// The record goes on its way.
    pub async fn wait(self) -> Result<Delivered> {
        let base_offset = self.batch.wait().await?;
        let offset = base_offset.map(|base| Offset(base.0 + i64::from(self.index)));
        Ok(Delivered { partition: self.batch.partition.clone(), offset })
    }
}

/// The fate of a batch.
#[derive(Debug)]
pub(super) struct Completion {
    partition: TopicPartition,
    fate: Mutex<Option<Result<Option<Offset>, Failure>>>,
    known: Notify,
}

/// An error that several can be told.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) message: String,
    pub(super) hint: &'static str,
    pub(super) transient: bool,
}

impl Failure {
    fn error(&self) -> Error {
        let message = self.message.clone();
        let error = if self.transient { Error::transient(message) } else { Error::user(message) };
        error.hint(self.hint)
    }
}

impl Completion {
    pub(super) fn new(partition: TopicPartition) -> Self {
        Self { partition, fate: Mutex::new(None), known: Notify::new() }
    }

    /// The first fate stays.
    pub(super) fn complete(&self, fate: Result<Option<Offset>, Failure>) {
        lock(&self.fate).get_or_insert(fate);
        self.known.notify_waiters();
    }

    /// The base offset of the batch, once it is known.
    pub(super) async fn wait(&self) -> Result<Option<Offset>> {
        loop {
            let known = self.known.notified();
            tokio::pin!(known);
            known.as_mut().enable();
            if let Some(fate) = &*lock(&self.fate) {
                return fate.as_ref().copied().map_err(Failure::error);
            }
            known.await;
        }
    }
}

/// Held by whatever holds the records: once that is gone, nobody will say what became of them.
#[derive(Debug)]
pub(super) struct Promise(pub(super) Arc<Completion>);

impl Promise {
    pub(super) fn complete(&self, fate: Result<Option<Offset>, Failure>) {
        self.0.complete(fate);
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        let failure = Failure {
            message: format!("a batch for {} was dropped with its producer", self.0.partition),
            hint: "flush the producer before it is dropped",
            transient: true,
        };
        self.0.complete(Err(failure));
    }
}
