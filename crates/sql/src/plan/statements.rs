//! The way through a job's statements.

use flow::registry::CatalogContext;
use flow::{JobPlan, PipelinePlan, Registry};

use super::due::Due;
use super::planner::Planner;
use super::settings::{self, Overrides};
use crate::ast::{Insert, Statement, StatementKind};
use crate::explain;
use crate::job::Job;
use crate::text::{Diagnostic, Diagnostics, Errors, Severity};

/// What planning may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Catalogs are read, nothing is created.
    Check,
    /// Once all is planned, what CREATE asks for is created in catalogs, in the order of the file.
    Run,
}

/// A planned job.
#[derive(Debug)]
pub struct Planned {
    /// Without the statements that are only explained.
    pub job: JobPlan,
    /// The plan as text: every INSERT, those of EXPLAIN too.
    pub explain: String,
    pub warnings: Diagnostics,
}

/// Plans a job.
///
/// # Errors
/// All that was found wrong, with places. Nothing has been created then, except if creating itself failed.
pub fn plan(
    job: &Job,
    registry: &Registry,
    overrides: &Overrides,
    context: &CatalogContext,
    mode: Mode,
) -> Result<Planned, Diagnostics> {
    let mut findings = Vec::new();
    let settings = settings::collect(&job.statements, registry, overrides, &mut findings);
    let bootstrap = overrides.bootstrap.as_deref();
    let first = Planner::new(registry, context, bootstrap, settings.clone());
    let mut planner = first.plan_all(job, &mut findings);
    let name = planner.job_name(job, &mut findings);
    if mode == Mode::Run && !failed(&findings) && !planner.due.is_empty() {
        match planner.due.iter().try_for_each(Due::execute) {
            Ok(()) => {
                // Again over what is stored now: a catalog may keep a wider type than was declared, and a first run must not
                // convert otherwise than the second.
                let second = Planner { created: true, ..Planner::new(registry, context, bootstrap, settings) };
                planner = second.plan_all(job, &mut findings);
            }
            Err(error) => findings.push(error),
        }
    }
    if failed(&findings) {
        return Err(Diagnostics::new(job.source.clone(), findings));
    }
    let explain = explain::job(&name, &planner.explained);
    let plan = JobPlan { name, settings: planner.settings, pipelines: planner.pipelines };
    Ok(Planned { job: plan, explain, warnings: Diagnostics::new(job.source.clone(), findings) })
}

fn failed(findings: &[Diagnostic]) -> bool {
    findings.iter().any(|one| one.severity == Severity::Error)
}

impl Planner<'_> {
    fn plan_all(mut self, job: &Job, findings: &mut Vec<Diagnostic>) -> Self {
        for statement in &job.statements {
            if let Err(errors) = self.statement(statement) {
                findings.extend(errors.0);
            }
        }
        self
    }

    fn statement(&mut self, statement: &Statement) -> Result<(), Errors> {
        match &statement.kind {
            // Taken before all else.
            StatementKind::Set(_) | StatementKind::Reset(_) => Ok(()),
            StatementKind::CreateCatalog(create) => self.create_catalog(create),
            StatementKind::CreateDatabase(create) => self.create_database(create, statement.span),
            StatementKind::CreateTable(create) => self.create_table(create, statement.span),
            StatementKind::CreateView(create) => self.create_view(create),
            StatementKind::UseCatalog(name) => self.names.use_catalog(&name.name, name.span),
            StatementKind::UseDatabase(name) => self.names.use_database(name),
            StatementKind::Insert(insert) => self.run(std::slice::from_ref(insert)),
            StatementKind::StatementSet(inserts) => self.run(inserts),
            StatementKind::Explain(inserts) => self.inserts(inserts).map(|plans| self.explained.extend(plans)),
        }
    }

    fn run(&mut self, inserts: &[Insert]) -> Result<(), Errors> {
        let plans = self.inserts(inserts)?;
        let mut errors = Errors::default();
        for (plan, insert) in plans.into_iter().zip(inserts) {
            if let Err(error) = self.claim_sink(insert) {
                errors.push(error);
            }
            self.explained.push(plan.clone());
            self.pipelines.push(plan);
        }
        errors.or(())
    }

    fn inserts(&self, inserts: &[Insert]) -> Result<Vec<PipelinePlan>, Errors> {
        let mut errors = Errors::default();
        let plans = inserts.iter().filter_map(|insert| errors.take(self.insert(insert))).collect();
        errors.or(plans)
    }

    /// Positions are kept in the target by job and table, so two writers of one table would be taken for each other.
    fn claim_sink(&mut self, insert: &Insert) -> Result<(), Diagnostic> {
        let Ok(name) = self.names.full_name(&insert.table) else { return Ok(()) };
        if self.sinks.insert(name.shown()) {
            return Ok(());
        }
        Err(Diagnostic::error(
            insert.table.span,
            format!("a second INSERT into '{}' is not supported yet", name.shown()),
        )
        .hint("run it as a job of its own, with another 'pipeline.name'"))
    }

    /// `pipeline.name`. Tables of catalogs keep the job's positions under it, so there it must be given: a name made up from
    /// the file's would lose them with the next renaming.
    fn job_name(&self, job: &Job, findings: &mut Vec<Diagnostic>) -> String {
        const KEY: &str = "pipeline.name";
        if let Some(name) = self.settings.get(KEY).filter(|name| !name.trim().is_empty()) {
            return name.to_owned();
        }
        if self.due_positions() {
            findings.push(
                Diagnostic::error_nowhere("setting 'pipeline.name' is missing")
                    .detail("the tables keep how far this job has read under its name")
                    .hint("SET 'pipeline.name' = 'my-job';"),
            );
        }
        let file = std::path::Path::new(job.source.name());
        file.file_stem().map_or_else(|| "job".to_owned(), |stem| stem.to_string_lossy().into_owned())
    }

    fn due_positions(&self) -> bool {
        self.sinks.iter().any(|name| name.contains('.'))
    }
}
