//! What is known between the statements of a job.

use std::collections::BTreeSet;

use flow::registry::CatalogContext;
use flow::{PipelinePlan, Registry, Settings};

use super::due::Due;
use super::namespace::Namespace;

/// The state between statements.
#[derive(Debug)]
pub(super) struct Planner<'a> {
    pub(super) registry: &'a Registry,
    pub(super) context: &'a CatalogContext,
    pub(super) bootstrap: Option<&'a str>,
    pub(super) settings: Settings,
    pub(super) names: Namespace,
    pub(super) due: Vec<Due>,
    pub(super) pipelines: Vec<PipelinePlan>,
    /// The pipelines and those of EXPLAIN, in the order of the file.
    pub(super) explained: Vec<PipelinePlan>,
    /// Tables of catalogs that an INSERT writes.
    pub(super) sinks: BTreeSet<String>,
    /// What the job creates in catalogs is there already, created by this very run.
    pub(super) created: bool,
}

impl<'a> Planner<'a> {
    pub(super) fn new(
        registry: &'a Registry,
        context: &'a CatalogContext,
        bootstrap: Option<&'a str>,
        settings: Settings,
    ) -> Self {
        Self {
            registry,
            context,
            bootstrap,
            settings,
            names: Namespace::default(),
            due: Vec::new(),
            pipelines: Vec::new(),
            explained: Vec::new(),
            sinks: BTreeSet::new(),
            created: false,
        }
    }
}
