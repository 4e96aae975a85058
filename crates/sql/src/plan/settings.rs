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

/// `millstream.table.NAME.x` is for one table what `millstream.x` is for all, where the latter says that it may be.
const OF_TABLE: &str = "millstream.table.";

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
    let tables = declared(statements);
    let check = |key: &str, span: Option<Span>| check(registry, &tables, key, span);
    let mut inserted = false;
    for statement in statements {
        match &statement.kind {
            StatementKind::Set(set) => {
                findings.extend(check(&set.key.value, Some(set.key.span)));
                if inserted {
                    findings.push(Diagnostic::warning(
                        Some(statement.span),
                        "settings hold for the whole job, also for the INSERT before this SET",
                    ));
                }
                settings.values.insert(set.key.value.clone(), set.value.value.clone());
            }
            StatementKind::Reset(Some(key)) => {
                findings.extend(check(&key.value, Some(key.span)));
                settings.values.remove(&key.value);
            }
            StatementKind::Reset(None) => settings.values.clear(),
            StatementKind::Insert(_) | StatementKind::StatementSet(_) => inserted = true,
            _ => {}
        }
    }
    for (key, value) in &overrides.set {
        findings.extend(check(key, None));
        settings.values.insert(key.clone(), value.clone());
    }
    settings
}

/// The tables that the file declares, by their own names.
fn declared(statements: &[Statement]) -> Vec<&str> {
    let created = statements.iter().filter_map(|statement| match &statement.kind {
        StatementKind::CreateTable(create) => create.name.parts.last(),
        _ => None,
    });
    created.map(|name| name.name.as_str()).collect()
}

/// What is to be said about a key: nothing where it is known.
fn check(registry: &Registry, tables: &[&str], key: &str, span: Option<Span>) -> Option<Diagnostic> {
    if registry.settings.iter().any(|spec| spec.matches(key)) {
        return None;
    }
    let known = registry.settings.iter().map(|spec| spec.key);
    let place = if span.is_some() { "" } else { "--set: " };
    let error = |message: String| match span {
        Some(span) => Diagnostic::error(span, message),
        None => Diagnostic::error_nowhere(format!("{place}{message}")),
    };
    if let Some(rest) = key.strip_prefix(OF_TABLE) {
        let (message, hint) = check_of_table(registry, tables, rest).err()?;
        return Some(error(format!("{message} '{key}'")).maybe_hint(hint));
    }
    if key.starts_with(OURS) {
        return Some(error(format!("unknown setting '{key}'")).maybe_hint(did_you_mean(key, known)));
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

/// `rest` follows `millstream.table.`; what is wrong with it, and a hint.
fn check_of_table(registry: &Registry, tables: &[&str], rest: &str) -> Result<(), (&'static str, Option<String>)> {
    let settings =
        || registry.settings.iter().filter(|spec| spec.per_table).filter_map(|spec| spec.key.strip_prefix(OURS));
    for setting in settings() {
        let Some(table) = rest.strip_suffix(setting).and_then(|table| table.strip_suffix('.')) else { continue };
        let own_name = table.rsplit('.').next().unwrap_or(table);
        if tables.contains(&own_name) {
            return Ok(());
        }
        return Err(("this file declares no table for the setting", did_you_mean(own_name, tables.iter().copied())));
    }
    let table = rest.split('.').next().unwrap_or(rest);
    let meant: Vec<String> = settings().map(|setting| format!("{table}.{setting}")).collect();
    let hint =
        nearest(rest, meant.iter().map(String::as_str)).map(|meant| format!("did you mean '{OF_TABLE}{meant}'?"));
    Err(("unknown setting", hint))
}
