//! SET and RESET, and which keys mean something.

use flow::{Registry, Settings};

use crate::ast::{Statement, StatementKind};
use crate::text::{Diagnostic, Span, did_you_mean, nearest};

/// What the command line says over the job file.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--set key=value`, in their order.
    pub set: Vec<(String, String)>,
    /// `--bootstrap`: for every table whose connector knows `properties.bootstrap.servers`.
    pub bootstrap: Option<String>,
}

/// Our keys; an unknown one is surely a slip.
const OURS: &str = "millstream.";

/// What Flink's keys begin with, other than ours: they are taken without a word, most have no effect here.
const FLINKS: [&str; 44] = [
    "akka.",
    "blob.",
    "classloader.",
    "client.",
    "cluster.",
    "collect-sink.",
    "compiler.",
    "containerized.",
    "env.",
    "execution.",
    "external-resource",
    "fine-grained.",
    "fs.",
    "gs.",
    "heartbeat.",
    "high-availability",
    "historyserver.",
    "io.",
    "jmx.",
    "job",
    "kubernetes.",
    "metrics.",
    "parallelism.",
    "pekko.",
    "pipeline.",
    "process.",
    "python.",
    "queryable-state.",
    "resourcemanager.",
    "rest.",
    "restart-strategy",
    "s3.",
    "scheduler",
    "security.",
    "slot",
    "sql-client.",
    "sql-gateway.",
    "state.",
    "strategy",
    "table.",
    "taskmanager.",
    "user.",
    "web.",
    "yarn.",
];

/// All settings of a job: its SETs in their order, then those of the command line, which win.
pub(super) fn collect(
    statements: &[Statement],
    registry: &Registry,
    overrides: &Overrides,
    findings: &mut Vec<Diagnostic>,
) -> Settings {
    let mut settings = Settings::default();
    let mut inserted = false;
    for statement in statements {
        match &statement.kind {
            StatementKind::Set(set) => {
                findings.extend(check(registry, &set.key.value, Some(set.key.span)));
                if inserted {
                    findings.push(Diagnostic::warning(
                        Some(statement.span),
                        "settings hold for the whole job, also for the INSERT before this SET",
                    ));
                }
                settings.values.insert(set.key.value.clone(), set.value.value.clone());
            }
            StatementKind::Reset(Some(key)) => {
                findings.extend(check(registry, &key.value, Some(key.span)));
                settings.values.remove(&key.value);
            }
            StatementKind::Reset(None) => settings.values.clear(),
            StatementKind::Insert(_) | StatementKind::StatementSet(_) => inserted = true,
            _ => {}
        }
    }
    for (key, value) in &overrides.set {
        findings.extend(check(registry, key, None));
        settings.values.insert(key.clone(), value.clone());
    }
    settings
}

/// What is to be said about a key: nothing where it is known.
fn check(registry: &Registry, key: &str, span: Option<Span>) -> Option<Diagnostic> {
    if registry.settings.iter().any(|spec| spec.matches(key)) {
        return None;
    }
    let known = registry.settings.iter().map(|spec| spec.key);
    let place = if span.is_some() { "" } else { "--set: " };
    if key.starts_with(OURS) {
        let error = match span {
            Some(span) => Diagnostic::error(span, format!("unknown setting '{key}'")),
            None => Diagnostic::error_nowhere(format!("{place}unknown setting '{key}'")),
        };
        return Some(error.maybe_hint(did_you_mean(key, known)));
    }
    let flinks = FLINKS.iter().any(|prefix| key.starts_with(prefix));
    match nearest(key, known) {
        Some(meant) => Some(
            Diagnostic::warning(span, format!("{place}setting '{key}' has no effect"))
                .hint(format!("did you mean '{meant}'?")),
        ),
        None if flinks => None,
        None => Some(Diagnostic::warning(span, format!("{place}setting '{key}' is known neither to Flink nor here"))),
    }
}
