//! A job file from the disk to a plan.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::{Clock, Error, RealDisk, Result};
use flow::JobPlan;
use flow::registry::CatalogContext;
use sql::{Job, Mode, Overrides, Planned};

use crate::{cli, registry};

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
    let text = std::fs::read_to_string(file).map_err(|error| {
        Error::user(format!("cannot read the job file {}", file.display()))
            .hint("name a file of Flink SQL that this user may read")
            .caused_by(error)
    })?;
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
