//! Stand-ins for connectors.

use std::sync::Arc;

use base::{Error, Result};
use flow::registry::SourcePlan;
use flow::{
    OptionError, OptionSpec, Settings, Sink, SinkContext, SinkFactory, SinkInput, SinkInstance, SourceContext,
    SourceFactory, SourceInstance, SourceParts, TableDef,
};
use rows::{Changelog, LogicalType};

#[derive(Debug)]
pub(crate) struct Kafka;

impl SourceFactory for Kafka {
    fn name(&self) -> &'static str {
        "kafka"
    }

    fn options(&self) -> Vec<OptionSpec> {
        vec![
            OptionSpec::required("topic", "the topic to read"),
            OptionSpec::required("properties.bootstrap.servers", "the brokers to ask first"),
            OptionSpec::required("format", "how values are encoded"),
            OptionSpec::optional("properties.*", "settings of the client"),
            OptionSpec::with_default("scan.startup.mode", "group-offsets", "where to begin"),
            OptionSpec::with_default("json.ignore-parse-errors", "false", "skip what is not JSON"),
        ]
    }

    fn metadata(&self) -> Vec<(&'static str, LogicalType, bool)> {
        vec![
            ("topic", LogicalType::STRING, false),
            ("partition", LogicalType::Int, false),
            ("offset", LogicalType::BigInt, false),
            ("timestamp", LogicalType::TimestampLtz(3), false),
        ]
    }

    fn plan(&self, table: &TableDef, used: &[usize], _: &Settings) -> Result<SourcePlan, OptionError> {
        let changelog = self.changelog(table)?;
        let mode = table.options.get("scan.startup.mode").map_or("group-offsets", String::as_str);
        if !["earliest-offset", "latest-offset", "group-offsets"].contains(&mode) {
            return Err(OptionError::new(format!("'{mode}' is no startup mode")).key("scan.startup.mode"));
        }
        assert!(used.is_sorted(), "the planner asks in order");
        let shown = format!(
            "kafka(topic={}, servers={}, used={used:?})",
            table.options["topic"], table.options["properties.bootstrap.servers"]
        );
        Ok(SourcePlan { instance: Arc::new(Shown(shown)), changelog })
    }

    fn changelog(&self, table: &TableDef) -> Result<Changelog, OptionError> {
        match table.options.get("format").map(String::as_str) {
            Some("json") => Ok(Changelog::Append),
            Some("debezium-json") if table.schema.key.is_empty() => Ok(Changelog::Retract),
            Some("debezium-json") => Ok(Changelog::Upsert(table.schema.key.clone())),
            other => Err(OptionError::new(format!("unknown format {other:?}")).key("format")),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Print(pub(crate) &'static str);

impl SinkFactory for Print {
    fn name(&self) -> &'static str {
        self.0
    }

    fn options(&self) -> Vec<OptionSpec> {
        vec![OptionSpec::optional("print-identifier", "what each line begins with")]
    }

    fn plan(&self, _: &TableDef, _: &SinkInput, _: &Settings) -> Result<Arc<dyn SinkInstance>, OptionError> {
        Ok(Arc::new(Shown(self.0.to_owned())))
    }
}

#[derive(Debug)]
pub(crate) struct Shown(pub(crate) String);

impl SourceInstance for Shown {
    fn describe(&self) -> String {
        self.0.clone()
    }

    fn open(&self, _: &SourceContext) -> Result<SourceParts> {
        Err(Error::internal("a stand-in"))
    }
}

impl SinkInstance for Shown {
    fn describe(&self) -> String {
        self.0.clone()
    }

    fn open(&self, _: &SinkContext) -> Result<Sink> {
        Err(Error::internal("a stand-in"))
    }
}
