//! The connectors beside the lake: `kafka` (source), `print` and `blackhole` (sinks).

pub mod kafka;
pub mod ndjson;
mod one_phase;
pub mod print;
pub mod blackhole;

use std::sync::Arc;

use flow::registry::{OptionSpec, Registry};

/// Adds every connector of this crate.
pub fn register(registry: &mut Registry) {
    registry.sources.push(Arc::new(kafka::KafkaFactory));
    registry.sinks.push(Arc::new(print::PrintFactory));
    registry.sinks.push(Arc::new(blackhole::BlackholeFactory));
    registry.settings.extend(settings());
    registry.settings.extend(kafka::settings());
}

/// The `SET` keys of this crate.
fn settings() -> Vec<OptionSpec> {
    vec![
        OptionSpec::with_default(
            "millstream.bad-records",
            "fail",
            "What happens to a record that cannot be decoded: it fails the job, is skipped and counted, or goes to a dead-letter file.",
        )
        .one_of(&["fail", "skip", "dead-letter"]),
        OptionSpec::optional(
            "millstream.bad-records.path",
            "The folder of dead-letter files: NDJSON, one file for each source table. A record is in it once for each INSERT that reads it, and once more where it is read again.",
        ),
        OptionSpec::with_default(
            "millstream.record.max-bytes",
            "1 MB",
            "The largest record, uncompressed; it is part of each source's floor.",
        ),
    ]
}
