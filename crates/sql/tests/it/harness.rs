//! Plans a job over the stand-ins.

use std::path::PathBuf;
use std::sync::Arc;

use base::{RealDisk, SystemClock};
use flow::registry::CatalogContext;
use flow::{OptionSpec, Registry};
use sql::{Diagnostics, Job, Mode, Overrides, Planned, plan};

use crate::catalog::Lake;
use crate::connectors::{Kafka, Print};

pub(crate) fn registry(lake: &Lake) -> Registry {
    Registry {
        sources: vec![Arc::new(Kafka)],
        sinks: vec![Arc::new(Print("print")), Arc::new(Print("blackhole"))],
        catalogs: vec![Arc::new(lake.clone())],
        settings: vec![
            OptionSpec::optional("pipeline.name", "the name of the job"),
            OptionSpec::with_default("execution.checkpointing.interval", "5 min", "how often to commit"),
            OptionSpec::with_default("millstream.commit.max-bytes", "128 MB", "commit when this much waits"),
            OptionSpec::with_default("millstream.decimals.mode", "precise", "how decimals are written").per_table(),
        ],
    }
}

pub(crate) fn context() -> CatalogContext {
    CatalogContext {
        clock: Arc::new(SystemClock::default()),
        disk: Arc::new(RealDisk),
        working_dir: PathBuf::from("."),
        read_only: false,
    }
}

pub(crate) fn plan_with(lake: &Lake, text: &str, overrides: &Overrides, mode: Mode) -> Result<Planned, Diagnostics> {
    plan(&Job::parse(text, "job.sql")?, &registry(lake), overrides, &context(), mode)
}

/// The plan, or what is wrong, as a user sees it.
pub(crate) fn shown(text: &str) -> String {
    match plan_with(&Lake::default(), text, &Overrides::default(), Mode::Check) {
        Ok(planned) if planned.warnings.is_empty() => planned.explain,
        Ok(planned) => format!("{}\n{}", planned.explain, planned.warnings),
        Err(errors) => errors.to_string(),
    }
}

/// A catalog, a database, a changelog source, an append source, a few sinks.
pub(crate) const SHOP: &str = "\
SET 'pipeline.name' = 'test';
CREATE CATALOG lake WITH ('type'='iceberg', 'uri'='jdbc:sqlite:x', 'warehouse'='w');
CREATE DATABASE IF NOT EXISTS lake.db;
CREATE TABLE orders (id BIGINT NOT NULL, line INT, status STRING, total DECIMAL(12, 2), placed TIMESTAMP(6), PRIMARY KEY (id) NOT ENFORCED)
  WITH ('connector'='kafka', 'topic'='orders', 'properties.bootstrap.servers'='b:9092', 'format'='debezium-json');
CREATE TABLE events (id BIGINT NOT NULL, name STRING, n INT, ts TIMESTAMP(3) METADATA FROM 'timestamp', `offset` BIGINT METADATA VIRTUAL, double_n AS n * 2)
  WITH ('connector'='kafka', 'topic'='events', 'properties.bootstrap.servers'='b:9092', 'format'='json');
CREATE TABLE lake.db.sink (id BIGINT NOT NULL, status STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ('write.upsert.enabled'='true');
CREATE TABLE lake.db.log (id BIGINT, name STRING, n BIGINT);
";

/// Jobs and what came of them, for one snapshot per test.
#[derive(Debug, Default)]
pub(crate) struct Cases(String);

impl Cases {
    pub(crate) fn job(&mut self, name: &str, text: &str) {
        self.add(name, text, &shown(text));
    }

    /// A job that goes on from [`SHOP`].
    pub(crate) fn shop(&mut self, name: &str, text: &str) {
        self.add(name, text, &shown(&format!("{SHOP}{text}")));
    }

    fn add(&mut self, name: &str, text: &str, result: &str) {
        self.0 += &format!("######## {name}\n{text}\n--------\n{}\n\n", result.trim_end());
    }
}

impl std::fmt::Display for Cases {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
