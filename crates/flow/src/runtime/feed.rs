//! The I/O side of a pipeline: reads its source into a queue, and tells the source what is committed. Under memory
//! pressure it reads nothing; barriers come from the worker, so commits go on and relieve it.
//!
//! Nothing depends on what the source is told, so it costs little reading: only the newest positions count, an attempt has a
//! few seconds, and after one in vain the source is left alone for a minute.

use std::sync::Arc;
use std::time::Duration;

use base::Result;
use ledger::PressureWatch;
use ledger::channel::{self, Received, Receiver, Sender};
use rows::Positions;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::source::{Source, SourceEvent};

/// How many raw batches may wait for their worker; their bytes are bounded by the source's own account. One is enough to
/// hide a fetch, two bridge an answer with little in it; more would be memory that sorting and commits could use.
const AHEAD_MAX: usize = 2;

/// How long telling the source may hold up reading.
const TELL_MAX: Duration = Duration::from_secs(5);
/// How long a source that could not be told is left alone.
const TELL_PAUSE: Duration = Duration::from_mins(1);

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
    pressure: PressureWatch,
    tell_max: Duration,
    /// Nothing is told before.
    tell_after: Option<Instant>,
}

/// What the worker's side of a feed holds.
pub(crate) struct FeedEnds {
    pub(crate) input: Receiver<Fed>,
    pub(crate) published: Sender<Positions>,
}

pub(crate) fn feed(source: Box<dyn Source>, pressure: PressureWatch) -> (Feed, FeedEnds) {
    let (to_worker, input) = channel::channel();
    let (published_to, published) = channel::channel();
    let places = Arc::new(Semaphore::new(AHEAD_MAX));
    let feed = Feed { source, to_worker, published, places, pressure, tell_max: TELL_MAX, tell_after: None };
    (feed, FeedEnds { input, published: published_to })
}

impl Feed {
    /// Runs until the source fails or the worker's side is gone. After the source's end it stays to hand on the last
    /// committed positions.
    pub(crate) async fn run(mut self) -> Result<()> {
        let mut ended = false;
        loop {
            let place = self.places.clone();
            let (source, pressure) = (&mut self.source, &mut self.pressure);
            let next = async move {
                let place = place.acquire_owned().await;
                pressure.until_normal().await;
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
            self.tell(upto).await;
        }
    }

    /// Tells the source the newest positions, `upto` or later, unless that failed just now.
    async fn tell(&mut self, mut upto: Positions) {
        while let Received::Item(newer) = self.published.try_recv() {
            upto.extend(newer);
        }
        if self.tell_after.is_some_and(|after| Instant::now() < after) {
            return;
        }
        let why = match tokio::time::timeout(self.tell_max, self.source.published(&upto)).await {
            Ok(Ok(())) => {
                self.tell_after = None;
                return;
            }
            Ok(Err(error)) => error.report(),
            Err(_) => format!("no answer within {} s", self.tell_max.as_secs()),
        };
        self.tell_after = Some(Instant::now() + TELL_PAUSE);
        let pause_seconds = TELL_PAUSE.as_secs();
        tracing::warn!(pause_seconds, "the committed positions could not be told to the source: {why}");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::task::{Context, Waker};

    use base::{BoxFuture, ByteCount, Offset, PartitionIndex};
    use bytes::Bytes;
    use ledger::channel::Received;
    use ledger::{Budget, Pressure};
    use rows::PartitionId;

    use super::*;
    use crate::source::{Opened, RawBatch};

    /// Always has one more record.
    struct Endless(i64);

    impl Source for Endless {
        fn open<'a>(&'a mut self, _at: &'a Positions) -> BoxFuture<'a, Result<Opened>> {
            Box::pin(async { Ok(Opened::default()) })
        }

        fn next(&mut self) -> BoxFuture<'_, Result<SourceEvent>> {
            self.0 += 1;
            let (from, to) = (Offset(self.0 - 1), Offset(self.0));
            let cluster = "c".into();
            let partition =
                PartitionId { topic: "numbers".into(), index: PartitionIndex(0), cluster, topic_id: "t".into() };
            let batch = RawBatch { partition, from, to, end: to, bytes: Bytes::new() };
            Box::pin(async { Ok(SourceEvent::Batch(batch)) })
        }

        fn published<'a>(&'a mut self, _upto: &'a Positions) -> BoxFuture<'a, Result<()>> {
            Box::pin(async { Ok(()) })
        }
    }

    /// Reads on, and never answers what it is told.
    struct Deaf {
        endless: Endless,
        told: Arc<Mutex<Vec<Positions>>>,
    }

    impl Source for Deaf {
        fn open<'a>(&'a mut self, at: &'a Positions) -> BoxFuture<'a, Result<Opened>> {
            self.endless.open(at)
        }

        fn next(&mut self) -> BoxFuture<'_, Result<SourceEvent>> {
            self.endless.next()
        }

        fn published<'a>(&'a mut self, upto: &'a Positions) -> BoxFuture<'a, Result<()>> {
            self.told.lock().unwrap().push(upto.clone());
            Box::pin(std::future::pending())
        }
    }

    fn upto(offset: i64) -> Positions {
        let index = PartitionIndex(0);
        let partition = PartitionId { topic: "numbers".into(), index, cluster: "c".into(), topic_id: "t".into() };
        Positions::from([(partition, Offset(offset))])
    }

    #[test]
    fn a_source_that_cannot_be_told_is_told_the_newest_once_and_read_on() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let source = Deaf { endless: Endless(0), told: told.clone() };
        let (mut feed, mut ends) = feed(Box::new(source), Budget::new(ByteCount::mib(1)).watch_pressure());
        feed.tell_max = Duration::from_millis(1);
        for offset in 1..=3 {
            ends.published.send(upto(offset)).unwrap();
        }
        let reading = async {
            while told.lock().unwrap().is_empty() {
                ends.input.recv().await.unwrap();
            }
            for _ in 0..10 {
                ends.published.send(upto(4)).unwrap();
                ends.input.recv().await.unwrap();
            }
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            tokio::select! {
                result = feed.run() => panic!("it ended: {result:?}"),
                () = reading => {}
            }
        });
        assert_eq!(*told.lock().unwrap(), [upto(3)]);
    }

    #[test]
    fn nothing_is_read_under_pressure_and_a_bounded_number_ahead_without() {
        let budget = Budget::new(ByteCount::mib(1));
        budget.set_pressure(Pressure::High);
        let (feed, mut ends) = feed(Box::new(Endless(0)), budget.watch_pressure());
        let mut running = Box::pin(feed.run());
        let mut poll = || running.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending();
        assert!(poll() && poll());
        assert_eq!(ends.input.backlog(), 0, "read under pressure");
        budget.set_pressure(Pressure::Normal);
        assert!(poll());
        assert_eq!(ends.input.backlog(), AHEAD_MAX);
        budget.set_pressure(Pressure::Critical);
        for _ in 0..AHEAD_MAX {
            assert!(matches!(ends.input.try_recv(), Received::Item(_)));
        }
        assert!(poll());
        assert!(ends.input.backlog() <= 1, "at most the read that was under way");
    }
}
