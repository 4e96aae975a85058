//! The supervisor: builds pipelines, restarts those that fail, ends the job.
//!
//! A pipeline's life: it starts ([`start`], a task of its own), a worker steps it, it finishes. When it fails for a reason
//! that may pass, all of it is dropped (memory, files, tasks) and built again from what is committed, after a pause that
//! doubles; the pause starts afresh once a commit succeeded. Pipelines wait for nothing of each other.
//!
//! A stop drains: what runs commits and finishes. A pipeline that fails then is not tried again, and the job ends with its
//! error once the others have finished.

mod start;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base::tasks::Tasks;
use base::{ByteCount, Clock, Disk, Error, Result, Retry, Rng};
use ledger::channel::{Receiver, channel};
use ledger::{Account, Budget};
use tokio::sync::watch;

use self::start::{Start, Started};
use super::committer::{self, CommitDesk};
use super::progress::{Gauge, ProgressReport};
use super::worker::{Command, Event, PipelineId, Worker};
use crate::plan::{JobPlan, PipelinePlan};
use crate::sink::{Sink, SinkContext};
use crate::source::{SourceContext, SourceParts};

/// Pauses between restarts, under Flink's names. Flink's exponential-delay strategy starts at 1 s and stops at 1 min; ours
/// starts sooner, since a restart costs milliseconds.
const PAUSE_MIN: (&str, Duration) = ("restart-strategy.exponential-delay.initial-backoff", Duration::from_millis(200));
const PAUSE_MAX: (&str, Duration) = ("restart-strategy.exponential-delay.max-backoff", Duration::from_secs(30));

/// How often a table is committed, under Flink's name.
const INTERVAL: (&str, Duration) = ("execution.checkpointing.interval", Duration::from_mins(5));

/// How long the end of a job waits for sources to take the last committed positions (consumer-group offsets): they are
/// for lag tools, the target itself says where to go on.
const FAREWELL: Duration = Duration::from_secs(5);

const HOUR: Duration = Duration::from_hours(1);

/// How a run is done.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Worker threads, at least 1.
    pub threads: usize,
    /// End when every source has reached the end offsets read at its start.
    pub bounded: bool,
    pub budget: Budget,
    pub clock: Arc<dyn Clock>,
    pub disk: Arc<dyn Disk>,
    /// Operator state and caches; one folder per sink below it.
    pub state_dir: PathBuf,
    pub working_dir: PathBuf,
}

/// Asks a running job to end: read nothing more, commit, return. Clones ask the same job.
#[derive(Clone, Debug)]
pub struct Stop(Arc<watch::Sender<bool>>);

impl Stop {
    pub fn drain(&self) {
        self.0.send_replace(true);
    }
}

/// A job, ready to run.
pub struct Job {
    plan: JobPlan,
    options: RunOptions,
    gauges: Vec<Gauge>,
    stop: Stop,
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job").field("name", &self.plan.name).finish_non_exhaustive()
    }
}

/// Reads what a job has done so far, from anywhere.
#[derive(Clone, Debug)]
pub struct Watch(Vec<Gauge>);

impl Watch {
    pub fn read(&self) -> ProgressReport {
        self.0.iter().map(Gauge::read).collect()
    }
}

impl Job {
    pub fn new(plan: JobPlan, options: RunOptions) -> Self {
        let gauges = plan.pipelines.iter().map(|pipeline| Gauge::named(&pipeline.name)).collect();
        Self { plan, options, gauges, stop: Stop(Arc::new(watch::channel(false).0)) }
    }

    pub fn stop(&self) -> Stop {
        self.stop.clone()
    }

    pub fn watch(&self) -> Watch {
        Watch(self.gauges.clone())
    }

    /// Finds what is wrong with sources, sinks and settings without running them; does no slow I/O.
    ///
    /// # Errors
    /// What [`Self::run`] would end with before it begins, the budget aside.
    pub fn check(&self) -> Result<()> {
        open_all(&self.plan, &self.options).map(drop)
    }

    /// Runs until every pipeline has finished (bounded sources, or a stop), or one failed for good. Must be called on a
    /// tokio runtime with I/O and time.
    pub async fn run(self) -> Result<ProgressReport> {
        let (desk, committer_thread) = committer::start()?;
        let (events_to, events) = channel();
        let clock = &self.options.clock;
        let workers = (0..self.options.threads.max(1))
            .map(|index| Worker::start(index, clock.clone(), events_to.clone()))
            .collect::<Result<Vec<_>>>()?;
        let watch = self.watch();
        let mut run = Run {
            lives: vec![Life::default(); self.plan.pipelines.len()],
            scratch: Vec::new(),
            plan: self.plan,
            options: self.options,
            gauges: self.gauges,
            desk,
            workers,
            starts: Tasks::new(),
            feeds: Tasks::new(),
            draining: false,
            undrained: None,
            rng: Rng::from_entropy(),
        };
        let result = run.supervise(events, self.stop.0.subscribe()).await;
        run.starts.stop().await;
        run.feeds.stop().await;
        let Run { desk, workers, .. } = run;
        drop((desk, events_to));
        workers.into_iter().for_each(Worker::stop);
        if committer_thread.join().is_err() {
            tracing::error!("the committer thread panicked");
        }
        result.map(|()| watch.read())
    }
}

/// Where one pipeline stands, over its restarts.
#[derive(Clone, Debug, Default)]
struct Life {
    number: u64,
    pause: Duration,
    commits_seen: u64,
    /// Its start is under way, as a task.
    starting: bool,
    finished: bool,
    /// When to start again, if it is down.
    restart_at: Option<Duration>,
}

struct Run {
    plan: JobPlan,
    options: RunOptions,
    gauges: Vec<Gauge>,
    lives: Vec<Life>,
    desk: CommitDesk,
    workers: Vec<Worker>,
    starts: Tasks<Started>,
    /// For each worker, what its steps take.
    scratch: Vec<Account>,
    feeds: Tasks,
    draining: bool,
    /// Why the first pipeline that failed while it drained did.
    undrained: Option<Error>,
    rng: Rng,
}

impl Run {
    async fn supervise(&mut self, mut events: Receiver<Event>, mut stop: watch::Receiver<bool>) -> Result<()> {
        self.check_budget()?;
        for index in 0..self.lives.len() {
            self.lives[index].restart_at = Some(Duration::ZERO);
        }
        while !self.lives.iter().all(|life| life.finished) {
            self.start_due()?;
            let pause = self.next_restart();
            tokio::select! {
                event = events.recv() => match event {
                    Some(Event::Finished(id)) => self.finished(id),
                    Some(Event::Failed(id, error)) => self.failed(id, error)?,
                    None => return Err(Error::internal("all workers are gone")),
                },
                Some((name, result)) = self.feeds.next_ended() => {
                    if let Err(error) = result {
                        self.feed_failed(&name, error)?;
                    }
                }
                Some((name, result)) = self.starts.next_ended() => self.started(&name, result)?,
                () = asked(&mut stop), if !self.draining => self.drain().await?,
                () = tokio::time::sleep(pause) => {}
            }
        }
        self.end_feeds().await;
        self.undrained.take().map_or(Ok(()), Err)
    }

    /// Lets the sources hear of the last commits; each feed ends by itself once its pipeline is gone.
    async fn end_feeds(&mut self) {
        let all = async { while self.feeds.next_ended().await.is_some() {} };
        if tokio::time::timeout(FAREWELL, all).await.is_err() {
            tracing::warn!("a source did not take the last committed positions in {FAREWELL:?}");
        }
    }

    /// Opens everything once, so that every account is there, and refuses a budget that cannot hold the floors.
    fn check_budget(&mut self) -> Result<()> {
        let opened = open_all(&self.plan, &self.options)?;
        for worker in 0..self.workers.len() {
            let its = opened.iter().skip(worker).step_by(self.workers.len());
            let floor = its.map(|(source, _)| source.decoder.floor()).max().unwrap_or(ByteCount::ZERO);
            self.scratch.push(self.options.budget.account(format!("worker-{worker}/decode"), floor));
        }
        let checked = self.options.budget.check().map_err(|error| error.at("this job"));
        drop(opened);
        checked
    }

    fn start_due(&mut self) -> Result<()> {
        let now = self.options.clock.monotonic();
        for index in 0..self.lives.len() {
            let life = &mut self.lives[index];
            if life.restart_at.is_none_or(|at| at > now) {
                continue;
            }
            life.restart_at = None;
            life.number += 1;
            let id = PipelineId { index, life: life.number };
            if let Err(error) = self.begin(id) {
                self.failed(id, error)?;
            }
        }
        Ok(())
    }

    /// A stop was asked for: what runs commits and ends, what has not begun to read (it waits for a broker, say, or for
    /// its next try) ends now.
    async fn drain(&mut self) -> Result<()> {
        self.draining = true;
        self.starts.stop().await;
        for index in 0..self.lives.len() {
            let life = &mut self.lives[index];
            if life.starting || life.restart_at.take().is_some() {
                let life = life.number;
                self.finished(PipelineId { index, life });
            }
        }
        self.workers.iter().try_for_each(|worker| worker.send(Command::Drain))
    }

    /// Begins a start, as a task: what it waits for (a broker that is down, commits of others) holds up nobody else.
    fn begin(&mut self, id: PipelineId) -> Result<()> {
        let plan = &self.plan.pipelines[id.index];
        let (source, sink) = open(&self.plan, plan, &self.options)?;
        let start = Start {
            name: plan.name.clone(),
            source,
            sink,
            transforms: plan.transforms.clone(),
            settings: self.plan.settings.clone(),
            desk: self.desk.clone(),
            gauge: self.gauges[id.index].clone(),
            budget: self.options.budget.clone(),
            clock: self.options.clock.clone(),
            scratch: self.scratch[id.index % self.scratch.len()].clone(),
        };
        self.lives[id.index].starting = true;
        self.starts.spawn(task_name(id), start.run());
        Ok(())
    }

    /// A start has ended: its parts go to work, or it is planned again.
    fn started(&mut self, name: &str, started: Result<Started>) -> Result<()> {
        let Some(id) = parse_task_name(name) else { return started.map(drop) };
        self.lives[id.index].starting = false;
        match started {
            Ok(Started { feed, pipeline }) => {
                self.feeds.spawn(task_name(id), feed.run());
                self.worker(id).send(Command::Add(id, Box::new(pipeline)))
            }
            Err(error) => self.failed(id, error),
        }
    }

    fn worker(&self, id: PipelineId) -> &Worker {
        &self.workers[id.index % self.workers.len()]
    }

    fn finished(&mut self, id: PipelineId) {
        self.lives[id.index].finished = true;
        self.gauges[id.index].update(|progress| progress.finished = true);
    }

    fn feed_failed(&mut self, name: &str, error: Error) -> Result<()> {
        let Some(id) = parse_task_name(name) else { return Err(error) };
        if self.lives[id.index].number != id.life || self.lives[id.index].finished {
            return Ok(());
        }
        self.worker(id).send(Command::Remove(id))?;
        self.failed(id, error)
    }

    /// Plans a restart, or gives the error back if trying again is no use.
    fn failed(&mut self, id: PipelineId, error: Error) -> Result<()> {
        let life = &mut self.lives[id.index];
        if life.number != id.life || life.restart_at.is_some() || life.finished {
            return Ok(());
        }
        let name = &self.plan.pipelines[id.index].name;
        if error.retry() == Retry::Never {
            return Err(error);
        }
        if self.draining {
            // The others still commit; a promise that was not kept must be heard of, and the next run keeps it.
            let again = "what was read and not committed will be read again by the next run";
            let hint = error.hint_text().map_or_else(|| again.to_owned(), |hint| format!("{hint}; {again}"));
            self.undrained.get_or_insert(error.at(name).hint(hint));
            self.finished(id);
            return Ok(());
        }
        let commits = self.gauges[id.index].update(|progress| {
            progress.restarts += 1;
            progress.commits
        });
        let least = self.plan.settings.duration(PAUSE_MIN.0, PAUSE_MIN.1)?;
        let most = self.plan.settings.duration(PAUSE_MAX.0, PAUSE_MAX.1)?.max(least);
        life.pause = if commits > life.commits_seen { least } else { (life.pause * 2).clamp(least, most) };
        life.commits_seen = commits;
        let jitter = Duration::from_millis(self.rng.below(life.pause.as_millis() as u64 / 2 + 1));
        life.restart_at = Some(self.options.clock.monotonic() + life.pause + jitter);
        tracing::warn!(table = %name, pause = ?life.pause, "restarting after: {}", error.report());
        Ok(())
    }

    fn next_restart(&self) -> Duration {
        let now = self.options.clock.monotonic();
        let next = self.lives.iter().filter_map(|life| life.restart_at).min();
        next.map_or(HOUR, |at| at.saturating_sub(now))
    }
}

/// Opens everything and reads every setting, so that what is wrong is found before anything runs.
fn open_all(job: &JobPlan, options: &RunOptions) -> Result<Vec<(SourceParts, Sink)>> {
    for (key, default) in [INTERVAL, PAUSE_MIN, PAUSE_MAX] {
        job.settings.duration(key, default)?;
    }
    start::limits(&job.settings)?;
    job.pipelines.iter().map(|plan| open(job, plan, options)).collect()
}

/// Opens a pipeline's source and sink, which does no slow I/O.
fn open(job: &JobPlan, plan: &PipelinePlan, options: &RunOptions) -> Result<(SourceParts, Sink)> {
    let source = SourceContext {
        budget: options.budget.clone(),
        clock: options.clock.clone(),
        name: plan.source_name.clone(),
        settings: job.settings.clone(),
        bounded: options.bounded,
        working_dir: options.working_dir.clone(),
    };
    let sink = SinkContext {
        budget: options.budget.clone(),
        clock: options.clock.clone(),
        disk: options.disk.clone(),
        job: job.name.clone(),
        name: plan.name.clone(),
        settings: job.settings.clone(),
        state_dir: options.state_dir.join(&plan.name),
        working_dir: options.working_dir.clone(),
    };
    Ok((plan.source.open(&source)?, plan.sink.open(&sink)?))
}

async fn asked(stop: &mut watch::Receiver<bool>) {
    drop(stop.wait_for(|stopped| *stopped).await);
}

/// What the tasks of a life are called.
fn task_name(id: PipelineId) -> String {
    format!("pipeline-{}-{}", id.index, id.life)
}

fn parse_task_name(name: &str) -> Option<PipelineId> {
    let (index, life) = name.strip_prefix("pipeline-")?.split_once('-')?;
    Some(PipelineId { index: index.parse().ok()?, life: life.parse().ok()? })
}
