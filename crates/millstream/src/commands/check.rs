//! `millstream check`: says what is wrong with a job file, or prints its plan.

use std::path::PathBuf;
use std::sync::Arc;

use base::{ByteCount, RealDisk, Result};
use flow::runtime::{Job, RunOptions};
use ledger::Budget;
use sql::Mode;

use super::job_file;
use crate::{cli, process};

/// Accounts are opened and nothing is held: any budget will do.
const ANY_BUDGET: ByteCount = ByteCount::mib(1 << 20);

pub(crate) fn run(args: &cli::Check) -> Result<()> {
    let clock = process::clock();
    let planned = job_file::plan(&args.job, &args.overrides, clock.clone(), Mode::Check)?;
    if !planned.warnings.is_empty() {
        tracing::warn!("\n{}", planned.warnings);
    }
    job_file::inserts_something(&args.job, &planned.job)?;
    let options = RunOptions {
        threads: 1,
        bounded: false,
        budget: Budget::new(ANY_BUDGET),
        clock,
        disk: Arc::new(RealDisk),
        state_dir: PathBuf::from("millstream-state"),
        working_dir: PathBuf::from("."),
    };
    Job::new(planned.job, options).check()?;
    process::say(planned.explain.trim_end())
}
