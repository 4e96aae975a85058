//! What a planner hands over: pipelines of a source, transforms and a sink.

use std::sync::Arc;

use eval::Expr;
use rows::{Changelog, Schema};

use crate::settings::Settings;
use crate::sink::SinkInstance;
use crate::source::SourceInstance;

/// A whole job.
#[derive(Clone, Debug)]
pub struct JobPlan {
    /// `pipeline.name`.
    pub name: String,
    pub settings: Settings,
    pub pipelines: Vec<PipelinePlan>,
}

/// One INSERT: its rows flow through one chain.
#[derive(Clone, Debug)]
pub struct PipelinePlan {
    /// The sink table's full name: `lake.shop.orders`.
    pub name: String,
    pub source_name: String,
    pub source: Arc<dyn SourceInstance>,
    pub transforms: Vec<TransformPlan>,
    pub sink: Arc<dyn SinkInstance>,
}

/// A filter and a projection, in this order.
#[derive(Clone, Debug)]
pub struct TransformPlan {
    pub input: Schema,
    pub input_changelog: Changelog,
    pub filter: Option<Expr>,
    /// One per field of `output`.
    pub project: Vec<Expr>,
    pub output: Schema,
    /// Over an upsert stream its key columns are those of `output`.
    pub output_changelog: Changelog,
}
