//! The runtime: what runs a job, and the traits that connectors and sinks implement for it.
//!
//! In the order of the data: a [`Source`] (I/O runtime) reads bytes into reserved memory; a [`Decoder`] turns them into
//! [`rows::Batch`]es; a [`Transform`] filters and projects; a [`SinkWriter`] takes them, and at a barrier `prepare`s what
//! the [`Committer`] then publishes together with the positions that were read. A [`JobPlan`] says what is connected to
//! what; [`registry`] is how the planner finds connectors, formats and catalogs by name; [`runtime::Job`] runs it.
//!
//! Invariants: decoders, transforms and writers never wait (a worker steps them; only the worker waits, between steps,
//! holding nothing); every thread and task is named and owned; nothing here knows Kafka, SQL or Iceberg.

pub mod settings;
pub mod source;
pub mod sink;
pub mod plan;
pub mod registry;
pub mod runtime;
mod transform;

pub use plan::{JobPlan, PipelinePlan};
pub use registry::{
    Catalog, CatalogFactory, OptionError, OptionSpec, Options, Registry, SinkFactory, SourceFactory, TableDef,
};
pub use settings::Settings;
pub use sink::{
    Committable, Committer, Outcome, Prepare, Recovered, Sink, SinkContext, SinkInput, SinkInstance, SinkWriter, Wrote,
};
pub use source::{
    Decoder, Decoding, Opened, RawBatch, Source, SourceContext, SourceEvent, SourceInstance, SourceParts,
};
