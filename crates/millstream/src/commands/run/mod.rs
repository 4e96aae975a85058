//! `millstream run`: plans a job file and runs it, with progress, signals and the watch over memory.

mod figures;
mod show;
mod state_folder;

use std::path::PathBuf;
use std::sync::Arc;

use base::{Error, RealDisk, Result};
use flow::JobPlan;
use flow::runtime::{Job, RunOptions, Stop};

use self::figures::Figures;
use self::show::{Show, UPDATE_EVERY};
use self::state_folder::StateFolder;
use super::job_file;
use crate::cli;
use crate::process::{self, memory, signals};

pub(crate) fn run(args: &cli::Run) -> Result<()> {
    let clock = process::clock();
    let budget = memory::budget(args.memory.memory, memory::JOB);
    let plan = job_file::plan_to_run(&args.job, &args.overrides, clock.clone())?;
    let state_dir = args.state.clone().unwrap_or_else(|| PathBuf::from("millstream-state").join(&plan.name));
    let _taken = StateFolder::take(&RealDisk, &state_dir)?;
    let options = RunOptions {
        threads: usize::from(args.threads),
        bounded: args.bounded,
        budget: budget.clone(),
        clock: clock.clone(),
        disk: Arc::new(RealDisk),
        state_dir,
        working_dir: PathBuf::from("."),
    };
    process::code::make_resident();
    let runtime = process::runtime()?;
    let result = runtime.block_on(follow(plan, options, args.progress));
    // A blocking look-up of a name may still be under way; nothing waits for it.
    runtime.shutdown_background();
    result
}

/// Runs the job beside progress, memory watch and signals, until one of them ends it.
async fn follow(plan: JobPlan, options: RunOptions, progress: cli::Progress) -> Result<()> {
    let (clock, budget) = (options.clock.clone(), options.budget.clone());
    let job = Job::new(plan, options);
    let (stop, watch) = (job.stop(), job.watch());
    let memory = memory::Watch::new(&budget, clock.clone());
    let mut show = Show::new(progress);
    let figures = || Figures {
        elapsed: clock.monotonic(),
        tables: watch.read(),
        memory: memory::sample(&budget, &*clock),
        report: (progress == cli::Progress::Json).then(|| memory::report(&budget, &*clock)),
    };
    tokio::select! {
        ended = job.run() => ended.map(drop)?,
        stopped = memory.run() => return Err(stopped),
        shown = keep_showing(&mut show, &figures) => shown?,
        signalled = obey_signals(&stop) => signalled?,
        told = memory::tell_on_request(&budget, &*clock) => told?,
    }
    show.finish(&figures())
}

async fn keep_showing(show: &mut Show, figures: &impl Fn() -> Figures) -> Result<()> {
    loop {
        tokio::time::sleep(UPDATE_EVERY).await;
        show.update(&figures())?;
    }
}

/// The first signal drains and commits; a second one ends the process's work at once, which loses nothing that is committed.
async fn obey_signals(stop: &Stop) -> Result<()> {
    let name = signals::asked_to_end().await?;
    tracing::info!("{name}: committing what was read, then ending; once more ends at once");
    stop.drain();
    let name = signals::asked_to_end().await?;
    Err(Error::external(format!("ended at once by a second signal ({name})"))
        .detail("what was read and not committed will be read again"))
}
