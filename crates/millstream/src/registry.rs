//! Everything that a job file can name.

use std::sync::Arc;

use flow::Registry;
use flow::registry::OptionSpec;

/// Every connector, catalog and setting.
pub(crate) fn full() -> Registry {
    let mut registry = Registry::default();
    connect::register(&mut registry);
    registry.catalogs.push(Arc::new(lake::LakeCatalogFactory));
    registry.settings.extend(lake::settings());
    registry.settings.extend(runtime_settings());
    registry
}

/// The `SET` keys that the runtime reads.
fn runtime_settings() -> Vec<OptionSpec> {
    vec![
        OptionSpec::optional(
            "pipeline.name",
            "The name of the job: with the table's name the identity of its positions.",
        ),
        OptionSpec::with_default(
            "execution.checkpointing.interval",
            "5 min",
            "The time between two commits of a table.",
        ),
        OptionSpec::with_default(
            "table.local-time-zone",
            "UTC",
            "The zone of TIMESTAMP_LTZ as text: UTC or a fixed offset.",
        ),
        OptionSpec::with_default(
            "restart-strategy.exponential-delay.initial-backoff",
            "200 ms",
            "The pause before a failed pipeline is started again; it doubles while nothing is committed.",
        ),
        OptionSpec::with_default("restart-strategy.exponential-delay.max-backoff", "30 s", "The longest such pause."),
    ]
}
