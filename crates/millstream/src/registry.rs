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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Holds a generated page to what the code says; `MILLSTREAM_BLESS=1 cargo test -p millstream` writes it anew.
    fn check(page: &str, generated: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(page);
        if std::env::var_os("MILLSTREAM_BLESS").is_some() {
            std::fs::write(&path, generated).unwrap();
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(written == generated, "docs/{page} is out of date: MILLSTREAM_BLESS=1 cargo test -p millstream");
    }

    /// Wherever a default is one of a list, or a sentence lists values, the reference lists them all.
    #[test]
    fn options_with_a_list_of_values_show_it() {
        let registry = full();
        let connectors = (registry.sources.iter().map(|source| source.options()))
            .chain(registry.sinks.iter().map(|sink| sink.options()));
        let catalogs = registry.catalogs.iter().flat_map(|catalog| [catalog.options(), catalog.table_options()]);
        let all: Vec<_> = connectors.chain(catalogs).chain([registry.settings]).flatten().collect();
        for spec in &all {
            let (key, values) = (spec.key, spec.values);
            if let Some(default) = spec.default.filter(|_| !values.is_empty()) {
                assert!(values.contains(&default), "{key}: {default} is none of {values:?}");
            }
            let enumerated = key.ends_with("mode") || key.ends_with("handling") || key.ends_with(".standard");
            let flag = matches!(spec.default, Some("true" | "false"));
            assert!(
                !(enumerated || flag) || !values.is_empty() || spec.doc.contains("for other engines"),
                "{key} lists no values"
            );
        }
        let page = sql::reference::options(&full());
        for row in [
            "| `millstream.debezium.decimal.handling.mode` | `precise` | `precise`, `string`, `double` |",
            "| `millstream.debezium.binary.handling.mode` | `bytes` | `bytes`, `base64`, `base64-url-safe`, `hex` |",
            "| `millstream.bad-records` | `fail` | `fail`, `skip`, `dead-letter` |",
            "| `write.upsert.enabled` | `false` | `true`, `false` |",
        ] {
            assert!(page.contains(row), "the page lacks {row}");
        }
    }

    #[test]
    fn the_option_reference_is_what_the_code_says() {
        check("options.md", &sql::reference::options(&full()));
    }

    #[test]
    fn the_sql_reference_is_what_the_code_says() {
        check("sql.md", &sql::reference::sql());
    }
}
