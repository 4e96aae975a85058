//! One pipeline as a state machine that a worker steps: read, decode, transform, write; barrier, prepare, commit.

use std::time::Duration;

use base::{ByteCount, Epoch, Error, Offset, Result};
use ledger::channel::{Received, Sender};
use ledger::{Account, Budget, Reclaim, Reclaimer};
use rows::{PartitionId, Positions, Span};

use super::bell::Bell;
use super::committer::{CommitDesk, CommitRequest, Mailbox};
use super::feed::{Fed, FeedEnds};
use super::progress::Gauge;
use crate::sink::{Committer, Outcome, Prepare, SinkWriter, Wrote};
use crate::source::{Decoder, DecoderCounts, Decoding, RawBatch, SourceEvent};
use crate::transform::Transform;

/// What a pipeline is made of.
pub(crate) struct Parts {
    pub(crate) name: String,
    pub(crate) feed: FeedEnds,
    pub(crate) decoder: Box<dyn Decoder>,
    pub(crate) transforms: Vec<Transform>,
    pub(crate) writer: Box<dyn SinkWriter>,
    pub(crate) committer: Box<dyn Committer>,
    pub(crate) desk: CommitDesk,
    /// Where the source begins: what is committed, and the startup mode for the rest.
    pub(crate) start: Positions,
    /// It is to be committed even if nothing is read.
    pub(crate) commit_start: bool,
    pub(crate) interval: Duration,
    pub(crate) gauge: Gauge,
    pub(crate) budget: Budget,
    /// The worker's, for what lives no longer than a step.
    pub(crate) scratch: Account,
}

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Did {
    Work,
    /// Nothing to do before something rings or this moment comes.
    Wait {
        until: Duration,
    },
    /// Everything asked for is committed.
    Finished,
}

pub(crate) struct Pipeline {
    parts: PartsInUse,
    mailbox: Mailbox,
    /// Where the next epoch begins, per partition.
    cut: Positions,
    /// The next offset that is not yet in the writer, per partition.
    read: Positions,
    decoding: Option<(PartitionId, Offset)>,
    counts: DecoderCounts,
    phase: Phase,
    epoch: Epoch,
    next_barrier: Duration,
    commit_soon: bool,
    /// See [`Parts::commit_start`]; until the first cut.
    commit_start: bool,
    draining: bool,
    ended: bool,
    /// How others ask this pipeline for memory; there once a worker steps it.
    reclaimer: Option<Reclaimer>,
}

struct PartsInUse {
    name: String,
    feed: FeedEnds,
    decoder: Box<dyn Decoder>,
    transforms: Vec<Transform>,
    writer: Box<dyn SinkWriter>,
    desk: CommitDesk,
    interval: Duration,
    gauge: Gauge,
    budget: Budget,
    scratch: Account,
}

enum Phase {
    Idle(Box<dyn Committer>),
    Preparing {
        committer: Box<dyn Committer>,
        spans: Vec<Span>,
    },
    Committing {
        upto: Positions,
    },
    /// Only while a phase is being replaced.
    Between,
}

/// How long a pipeline waits for memory before it asks again: memory comes back at any moment, from any thread.
const MEMORY_PAUSE: Duration = Duration::from_millis(2);

impl Pipeline {
    pub(crate) fn new(parts: Parts, now: Duration) -> Self {
        let Parts { name, feed, decoder, transforms, writer, committer, desk, .. } = parts;
        let Parts { start, commit_start, interval, gauge, budget, scratch, .. } = parts;
        Self {
            cut: start.clone(),
            read: start,
            counts: decoder.counts(),
            parts: PartsInUse { name, feed, decoder, transforms, writer, desk, interval, gauge, budget, scratch },
            mailbox: Mailbox::default(),
            decoding: None,
            phase: Phase::Idle(committer),
            epoch: Epoch(0),
            next_barrier: now + interval,
            commit_soon: false,
            commit_start,
            draining: false,
            ended: false,
            reclaimer: None,
        }
    }

    pub(crate) fn attach(&mut self, bell: &Bell) {
        self.parts.feed.input.wake_with(bell.waker());
        self.parts.writer.wake_with(bell.waker());
        self.reclaimer = Some(self.parts.budget.reclaimer(Reclaim::SortRun, bell.waker()));
    }

    /// Read nothing new; commit what was read, then finish.
    pub(crate) fn drain(&mut self) {
        self.draining = true;
    }

    /// Does one bounded piece of work.
    pub(crate) fn step(&mut self, now: Duration, bell: &Bell) -> Result<Did> {
        if let Phase::Committing { .. } = self.phase {
            self.look_for_outcome()?;
        }
        if let Phase::Preparing { .. } = self.phase {
            return self.prepare(bell);
        }
        self.answer_ask()?;
        if self.decoding.is_some() {
            return self.decode(now);
        }
        if let Phase::Idle(_) = self.phase
            && (self.closing() || self.commit_soon || now >= self.next_barrier)
        {
            return Ok(self.barrier(now));
        }
        if self.closing() || (self.commit_soon && !matches!(self.phase, Phase::Idle(_))) {
            return Ok(Did::Wait { until: Duration::MAX });
        }
        self.receive()
    }

    fn closing(&self) -> bool {
        self.draining || self.ended
    }

    fn receive(&mut self) -> Result<Did> {
        match self.parts.feed.input.try_recv() {
            Received::Item(Fed { event: SourceEvent::Batch(raw), .. }) => self.start(raw),
            Received::Item(Fed { event: SourceEvent::End, .. }) => {
                self.ended = true;
                Ok(Did::Work)
            }
            Received::Empty => Ok(Did::Wait { until: self.next_barrier }),
            // The feed's own error reaches the supervisor, which takes this pipeline away.
            Received::Ended => Ok(Did::Wait { until: Duration::MAX }),
        }
    }

    fn start(&mut self, raw: RawBatch) -> Result<Did> {
        self.cut.entry(raw.partition.clone()).or_insert(raw.from);
        self.parts.gauge.update(|progress| {
            progress.partitions.insert(raw.partition.clone(), (raw.from, raw.end));
        });
        self.decoding = Some((raw.partition.clone(), raw.to));
        self.parts.decoder.start(raw)?;
        Ok(Did::Work)
    }

    fn decode(&mut self, now: Duration) -> Result<Did> {
        let mut scratch = self.parts.scratch.empty();
        match self.parts.decoder.step(&mut scratch)? {
            Decoding::Batch(mut batch) => {
                for transform in &mut self.parts.transforms {
                    batch = transform.apply(batch)?;
                }
                let rows = batch.rows() as u64;
                if rows > 0 && self.parts.writer.write(batch)? == Wrote::CommitSoon {
                    self.commit_soon = true;
                }
                drop(scratch);
                self.offer();
                self.parts.gauge.update(|progress| progress.rows += rows);
                Ok(Did::Work)
            }
            Decoding::Consumed => {
                self.consumed();
                Ok(Did::Work)
            }
            Decoding::NeedMemory(want) => self.ask_for(want, now),
        }
    }

    fn consumed(&mut self) {
        let counts = self.parts.decoder.counts();
        let before = std::mem::replace(&mut self.counts, counts);
        let Some((partition, to)) = self.decoding.take() else { return };
        self.parts.gauge.update(|progress| {
            progress.counted(before, counts);
            if let Some(place) = progress.partitions.get_mut(&partition) {
                place.0 = to;
            }
        });
        self.read.insert(partition, to);
    }

    /// Lacking memory, spills its own; where that is not enough, asks the other pipelines and waits for them.
    fn ask_for(&mut self, want: ByteCount, now: Duration) -> Result<Did> {
        let freed = self.parts.writer.reclaim(want)?;
        self.offer();
        if freed >= want {
            return Ok(Did::Work);
        }
        self.parts.budget.ask_back(want - freed, Reclaim::EarlyCommit);
        Ok(Did::Wait { until: now + MEMORY_PAUSE })
    }

    /// Gives back what another pipeline, or the watch over the budget, asks for.
    fn answer_ask(&mut self) -> Result<()> {
        let Some(want) = self.reclaimer.as_ref().and_then(Reclaimer::asked) else { return Ok(()) };
        let freed = self.parts.writer.reclaim(want)?;
        tracing::debug!(table = %self.parts.name, %want, %freed, "gave memory back");
        self.offer();
        if let Some(reclaimer) = &self.reclaimer {
            reclaimer.answer();
        }
        Ok(())
    }

    /// Says how much it could give back.
    fn offer(&self) {
        if let Some(reclaimer) = &self.reclaimer {
            reclaimer.offer(self.parts.writer.reclaimable());
        }
    }

    /// Cuts the stream here: everything read so far belongs to the epoch that ends now.
    fn barrier(&mut self, now: Duration) -> Did {
        self.next_barrier = now + self.parts.interval;
        self.commit_soon = false;
        let spans = self.spans();
        if !std::mem::take(&mut self.commit_start) && spans.iter().all(|span| span.from == span.to) {
            return if self.closing() { Did::Finished } else { Did::Work };
        }
        self.epoch = self.epoch.next();
        self.phase = match std::mem::replace(&mut self.phase, Phase::Between) {
            Phase::Idle(committer) => Phase::Preparing { committer, spans },
            other => other,
        };
        Did::Work
    }

    /// Of every partition, also where nothing came: where it stands is part of the cut, so that a restart does not ask
    /// the startup mode again.
    fn spans(&self) -> Vec<Span> {
        let span = |(partition, to): (&PartitionId, &Offset)| {
            let from = self.cut.get(partition).copied().unwrap_or(*to);
            Span { partition: partition.clone(), from, to: *to }
        };
        self.read.iter().map(span).collect()
    }

    fn prepare(&mut self, bell: &Bell) -> Result<Did> {
        let Phase::Preparing { committer, spans } = std::mem::replace(&mut self.phase, Phase::Between) else {
            return Err(Error::internal("prepare outside its phase"));
        };
        // What is being prepared gives its memory back by itself, so it is not to be asked, least of all by itself.
        if let Some(reclaimer) = &self.reclaimer {
            reclaimer.offer(ByteCount::ZERO);
        }
        match self.parts.writer.prepare(self.epoch, &spans)? {
            Prepare::Working => self.phase = Phase::Preparing { committer, spans },
            // Who waits is also a victim: whoever prepares, or another pipeline, may lack what this one holds.
            Prepare::Waiting => {
                self.phase = Phase::Preparing { committer, spans };
                self.offer();
                self.answer_ask()?;
                return Ok(Did::Wait { until: Duration::MAX });
            }
            Prepare::Done(prepared) => {
                self.cut.extend(spans.iter().map(|span| (span.partition.clone(), span.to)));
                let first = self.parts.decoder.before_commit();
                let (reply, bell) = (self.mailbox.clone(), bell.clone());
                self.parts.desk.commit(CommitRequest { committer, prepared, first, reply, bell })?;
                self.phase = Phase::Committing { upto: self.cut.clone() };
                self.offer();
            }
        }
        Ok(Did::Work)
    }

    fn look_for_outcome(&mut self) -> Result<()> {
        let Some((committer, outcome)) = self.mailbox.take() else { return Ok(()) };
        let Phase::Committing { upto } = std::mem::replace(&mut self.phase, Phase::Idle(committer)) else {
            return Err(Error::internal("a commit ended that was not under way"));
        };
        match outcome? {
            Outcome::Published(published) => {
                tracing::debug!(table = %self.parts.name, epoch = self.epoch.0, version = %published.version, "committed");
                self.parts.gauge.update(|progress| progress.published(&published));
            }
            Outcome::AlreadyPublished => {
                tracing::info!(table = %self.parts.name, epoch = self.epoch.0, "was already committed");
            }
            Outcome::Overtaken { head } => return Err(overtaken(&self.parts.name, &head)),
        }
        tell(&self.parts.feed.published, upto);
        Ok(())
    }
}

fn tell(published: &Sender<Positions>, upto: Positions) {
    // A feed that is gone has its error reported by the supervisor.
    drop(published.send(upto));
}

fn overtaken(table: &str, head: &[Span]) -> Error {
    let head: Vec<String> = head.iter().map(ToString::to_string).collect();
    Error::external(format!("{table}: overtaken by another run of this job"))
        .detail(format!("the table already holds {}", if head.is_empty() { "other positions".into() } else { head.join(", ") }))
        .hint("only one run of a job may write a table: stop this one, or give one of them another 'pipeline.name' and table")
}
