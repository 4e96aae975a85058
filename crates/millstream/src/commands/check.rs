//! `millstream check`: says what is wrong with a job file, or prints its plan.

use base::Result;
use sql::Mode;

use super::job_file;
use crate::{cli, process};

pub(crate) fn run(args: &cli::Check) -> Result<()> {
    let planned = job_file::plan(&args.job, &args.overrides, process::clock(), Mode::Check)?;
    if !planned.warnings.is_empty() {
        tracing::warn!("\n{}", planned.warnings);
    }
    process::say(planned.explain.trim_end())
}
