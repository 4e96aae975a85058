//! `millstream demo`: real change events into Iceberg tables, the job killed on the way, every cell compared.
//!
//! `capture` is the data, `load` puts it on an embedded broker, `child` runs the job as a process of its own, `compare`
//! reads the tables back, `report` says how it went.

mod capture;
mod child;
mod compare;
mod load;
mod report;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base::tasks::Tasks;
use base::{ByteCount, Clock, Error, RealDisk, Result, Rng};
use kafka_broker::{Broker, BrokerConfig, RunningBroker};
use kafka_client::{Client, ClientConfig};
use ledger::Budget;

use self::child::{JobProcess, Shown};
use self::report::Report;
use crate::cli;
use crate::process;

/// What the demo itself may hold: the broker, a producer, the comparison. The job has a process and a budget of its own.
const OWN_MEMORY: ByteCount = ByteCount::mib(256);

/// The job is killed at a random moment within this time after its first commit; loading takes longer.
const KILL_WITHIN_MS: u64 = 3_000;

pub(crate) fn run(args: &cli::Demo) -> Result<()> {
    let runtime = process::runtime()?;
    let result = runtime.block_on(demo(args));
    runtime.shutdown_background();
    result
}

async fn demo(args: &cli::Demo) -> Result<()> {
    let clock = process::clock();
    let dir = folder(args.dir.as_deref())?;
    let budget = Budget::new(OWN_MEMORY);
    let config = BrokerConfig { listen: "127.0.0.1:0".into(), ..BrokerConfig::new(dir.join("broker")) };
    let broker =
        Broker::start(config, &budget.share("broker", ByteCount::mib(64)), clock.clone(), Arc::new(RealDisk)).await?;
    write(&dir.join("job.sql"), capture::JOB)?;
    let mut report = Report::new(&dir, &broker.bootstrap())?;
    let shown = stream(args, &dir, &broker, &budget, &*clock, &mut report).await?;
    broker.shutdown().await?;
    let compared = compare::compare(&dir, &budget)?;
    report.finish(&shown, &compared)
}

/// Loads, runs, kills and resumes; the last line of progress.
async fn stream(
    args: &cli::Demo,
    dir: &Path,
    broker: &RunningBroker,
    budget: &Budget,
    clock: &dyn Clock,
    report: &mut Report,
) -> Result<Shown> {
    let bootstrap = broker.bootstrap();
    let client = Client::new(ClientConfig::new(&bootstrap)?, budget.account("demo/cluster", Client::FLOOR));
    load::create_topics(&client).await?;
    let mut loading = Tasks::new();
    let (loaded_to, loaded) = tokio::sync::oneshot::channel();
    let (to, share) = (bootstrap.clone(), budget.clone());
    loading.spawn("demo loader", async move {
        let sent = load::load(client, to, share).await?;
        loaded_to.send(sent).map_err(|_| Error::internal("nobody waits for the loader"))
    });
    let job = JobProcess::start(dir, &bootstrap, args.memory, false)?;
    let killed_at = run_and_kill(job, clock, report).await?;
    report.killed(&killed_at)?;
    if let Some((_, Err(error))) = loading.next_ended().await {
        return Err(error);
    }
    let sent = loaded.await.map_err(|_| Error::internal("the loader ended without a word"))?;
    report.loaded(sent)?;
    let mut job = JobProcess::start(dir, &bootstrap, args.memory, true)?;
    let mut last = Shown::default();
    while let Some(shown) = job.next().await? {
        report.progress(&shown)?;
        last = keep_memory(last, shown);
    }
    job.ended().await?;
    Ok(last)
}

/// The latest figures with the fullest account: that of a job that has ended shows nothing held.
fn keep_memory(before: Shown, now: Shown) -> Shown {
    if now.ledger >= before.ledger { now } else { Shown { ledger: before.ledger, memory: before.memory, ..now } }
}

/// Follows the job until some time after its first commit, then kills it.
async fn run_and_kill(mut job: JobProcess, clock: &dyn Clock, report: &mut Report) -> Result<Shown> {
    let mut kill_at: Option<Duration> = None;
    let mut last = Shown::default();
    let mut rng = Rng::from_entropy();
    loop {
        let pause = kill_at.map_or(Duration::from_mins(10), |at| at.saturating_sub(clock.monotonic()));
        tokio::select! {
            shown = job.next() => match shown? {
                Some(shown) => {
                    report.progress(&shown)?;
                    if shown.commits > 0 && kill_at.is_none() {
                        kill_at = Some(clock.monotonic() + Duration::from_millis(rng.below(KILL_WITHIN_MS)));
                    }
                    last = shown;
                }
                None => {
                    job.ended().await?;
                    return Err(Error::internal("the job ended by itself before it was killed"));
                }
            },
            () = tokio::time::sleep(pause) => {
                job.kill().await?;
                return Ok(last);
            }
        }
    }
}

/// The folder to work in: the one that was named, missing or empty, or a new one.
fn folder(named: Option<&Path>) -> Result<PathBuf> {
    let free = |dir: &Path| !dir.exists() || std::fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_none());
    let dir = match named {
        Some(dir) if free(dir) => dir.to_owned(),
        Some(dir) => {
            let why = if dir.is_dir() { "is not empty" } else { "is no folder" };
            return Err(Error::user(format!("{} {why}", dir.display()))
                .hint("name another folder with --dir, or remove this one"));
        }
        None => (1..1_000)
            .map(|number| PathBuf::from(format!("millstream-demo-{number}")))
            .find(|dir| free(dir))
            .ok_or_else(|| {
                Error::user("there are too many folders of old demos here").hint("remove some, or use --dir")
            })?,
    };
    std::fs::create_dir_all(&dir).map_err(|error| {
        Error::user(format!("cannot make the folder {}", dir.display()))
            .caused_by(error)
            .hint("name one that this user may make with --dir")
    })?;
    Ok(dir)
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).map_err(|error| Error::user(format!("cannot write {}", path.display())).caused_by(error))
}
