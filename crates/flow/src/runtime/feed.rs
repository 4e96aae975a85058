//! The I/O side of a pipeline: reads its source into a queue, and tells the source what is committed.

use std::sync::Arc;

use base::Result;
use ledger::channel::{self, Receiver, Sender};
use rows::Positions;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::source::{Source, SourceEvent};

/// How many raw batches may wait for their worker; their bytes are bounded by the source's own account. Enough to hide
/// one fetch, small enough that a commit's memory is not spent on reading ahead.
const AHEAD_MAX: usize = 16;

/// An event on its way to a worker, with its place in the queue.
#[derive(Debug)]
pub(crate) struct Fed {
    pub(crate) event: SourceEvent,
    _place: OwnedSemaphorePermit,
}

/// The two ends of a feed.
pub(crate) struct Feed {
    source: Box<dyn Source>,
    to_worker: Sender<Fed>,
    published: Receiver<Positions>,
    places: Arc<Semaphore>,
}

/// What the worker's side of a feed holds.
pub(crate) struct FeedEnds {
    pub(crate) input: Receiver<Fed>,
    pub(crate) published: Sender<Positions>,
}

pub(crate) fn feed(source: Box<dyn Source>) -> (Feed, FeedEnds) {
    let (to_worker, input) = channel::channel();
    let (published_to, published) = channel::channel();
    let places = Arc::new(Semaphore::new(AHEAD_MAX));
    (Feed { source, to_worker, published, places }, FeedEnds { input, published: published_to })
}

impl Feed {
    /// Runs until the source fails or the worker's side is gone. After the source's end it stays to hand on the last
    /// committed positions.
    pub(crate) async fn run(mut self) -> Result<()> {
        let mut ended = false;
        loop {
            let place = self.places.clone();
            let source = &mut self.source;
            let next = async move {
                let place = place.acquire_owned().await;
                (source.next().await, place)
            };
            let told = tokio::select! {
                told = self.published.recv() => told,
                (event, place) = next, if !ended => {
                    let Ok(place) = place else { return Ok(()) };
                    let event = event?;
                    ended = matches!(event, SourceEvent::End);
                    if self.to_worker.send(Fed { event, _place: place }).is_err() {
                        return Ok(());
                    }
                    continue;
                }
            };
            let Some(upto) = told else { return Ok(()) };
            if let Err(error) = self.source.published(&upto).await {
                tracing::warn!(error = %error, "the committed positions could not be told to the source");
            }
        }
    }
}
