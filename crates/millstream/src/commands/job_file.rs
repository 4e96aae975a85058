//! A job file from the disk to a plan.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::{ByteCount, Clock, Error, RealDisk, Result};
use flow::JobPlan;
use flow::registry::CatalogContext;
use sql::{Job, Mode, Overrides, Planned};

use super::named_file;
use crate::{cli, registry};

/// Longer than any that a person writes or a program makes for one process.
const JOB_FILE_MAX: ByteCount = ByteCount::mib(16);

/// Plans and creates what the file's DDL asks for.
pub(crate) fn plan_to_run(file: &Path, overrides: &cli::Overrides, clock: Arc<dyn Clock>) -> Result<JobPlan> {
    let planned = plan(file, overrides, clock, Mode::Run)?;
    inserts_something(file, &planned.job)?;
    for warning in planned.warnings.list() {
        tracing::warn!("{}", warning.message);
    }
    Ok(planned.job)
}

pub(crate) fn inserts_something(file: &Path, job: &JobPlan) -> Result<()> {
    if job.pipelines.is_empty() {
        return Err(Error::user(format!("{} inserts nothing", file.display()))
            .hint("a job is at least one INSERT INTO … SELECT …; EXPLAIN and DDL alone do not run"));
    }
    Ok(())
}

/// Plans; in [`Mode::Check`] nothing is created anywhere.
pub(crate) fn plan(file: &Path, overrides: &cli::Overrides, clock: Arc<dyn Clock>, mode: Mode) -> Result<Planned> {
    let text = named_file::read_text("the job file", file, JOB_FILE_MAX)?;
    let job = Job::parse(&text, &file.display().to_string())?;
    let context = CatalogContext {
        clock,
        disk: Arc::new(RealDisk),
        working_dir: PathBuf::from("."),
        read_only: mode == Mode::Check,
    };
    let overrides = Overrides { set: overrides.set.clone(), bootstrap: overrides.bootstrap.clone() };
    Ok(sql::plan(&job, &registry::full(), &overrides, &context, mode)?)
}
