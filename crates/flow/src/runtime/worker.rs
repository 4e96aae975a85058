//! Worker threads: each steps its pipelines in turn and sleeps when none can go on.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use base::{ByteCount, Clock, Error, Result};
use ledger::channel::{Received, Receiver, Sender, channel};

use super::bell::Bell;
use super::pipeline::{Did, Pipeline};

/// Expression trees, decoders and Parquet writers recurse to a bounded depth; what a thread does not touch costs nothing.
const STACK: ByteCount = ByteCount::mib(2);

/// Which pipeline of the plan, and which of its lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PipelineId {
    pub(crate) index: usize,
    pub(crate) life: u64,
}

pub(crate) enum Command {
    Add(PipelineId, Box<Pipeline>),
    /// Take the pipeline away, with all it holds.
    Remove(PipelineId),
    Drain,
}

/// What a worker tells the supervisor.
#[derive(Debug)]
pub(crate) enum Event {
    Finished(PipelineId),
    Failed(PipelineId, Error),
}

/// A running worker, as the supervisor sees it. Dropping `commands` ends the thread.
pub(crate) struct Worker {
    commands: Sender<Command>,
    thread: JoinHandle<()>,
}

impl Worker {
    pub(crate) fn start(index: usize, clock: Arc<dyn Clock>, events: Sender<Event>) -> Result<Self> {
        let (commands, mut inbox) = channel();
        let bell = Bell::default();
        inbox.wake_with(bell.waker());
        let body = move || Loop { inbox, bell, clock, events, pipelines: Vec::new(), draining: false }.run();
        let thread = base::threads::spawn(&format!("worker-{index}"), STACK, body)?;
        Ok(Self { commands, thread })
    }

    pub(crate) fn send(&self, command: Command) -> Result<()> {
        self.commands.send(command).map_err(|_| Error::internal("a worker thread is gone"))
    }

    /// Ends the thread and waits for it.
    pub(crate) fn stop(self) {
        drop(self.commands);
        if self.thread.join().is_err() {
            tracing::error!("a worker thread panicked");
        }
    }
}

struct Loop {
    inbox: Receiver<Command>,
    bell: Bell,
    clock: Arc<dyn Clock>,
    events: Sender<Event>,
    pipelines: Vec<(PipelineId, Box<Pipeline>)>,
    draining: bool,
}

impl Loop {
    fn run(mut self) {
        loop {
            match self.inbox.try_recv() {
                Received::Item(command) => self.obey(command),
                Received::Ended => return,
                Received::Empty => {
                    let pause = self.round();
                    if let Some(pause) = pause {
                        self.bell.wait(pause);
                    }
                }
            }
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Add(id, mut pipeline) => {
                pipeline.attach(&self.bell);
                if self.draining {
                    pipeline.drain();
                }
                self.pipelines.push((id, pipeline));
            }
            Command::Remove(id) => self.pipelines.retain(|(other, _)| *other != id),
            Command::Drain => {
                self.draining = true;
                self.pipelines.iter_mut().for_each(|(_, pipeline)| pipeline.drain());
            }
        }
    }

    /// One step of each pipeline; how long to sleep if none had anything to do.
    fn round(&mut self) -> Option<Duration> {
        let now = self.clock.monotonic();
        let mut wake_at = now + Duration::from_hours(1);
        let mut worked = false;
        let mut index = 0;
        while index < self.pipelines.len() {
            let (id, pipeline) = &mut self.pipelines[index];
            let id = *id;
            match guarded(|| pipeline.step(now, &self.bell)) {
                Ok(Did::Work) => worked = true,
                Ok(Did::Wait { until }) => wake_at = wake_at.min(until),
                Ok(Did::Finished) => {
                    self.end(index, Event::Finished(id));
                    continue;
                }
                Err(error) => {
                    self.end(index, Event::Failed(id, error));
                    continue;
                }
            }
            index += 1;
        }
        (!worked).then(|| wake_at.saturating_sub(now))
    }

    fn end(&mut self, index: usize, event: Event) {
        drop(self.pipelines.swap_remove(index));
        // Without a supervisor there is nobody to tell.
        drop(self.events.send(event));
    }
}

/// A panic in one pipeline must not take the others of this worker with it.
fn guarded(step: impl FnOnce() -> Result<Did>) -> Result<Did> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(step))
        .unwrap_or_else(|_| Err(Error::internal("a pipeline panicked; the message is above")))
}
