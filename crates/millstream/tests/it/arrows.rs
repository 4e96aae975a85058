//! Which crate may use which. The order of the data is the order of the arrows; what is not in the table is not allowed.
//!
//! A new arrow is the kind of change that deserves the most thought (CONTRIBUTING.md): it is made here, in its own commit,
//! with its reason.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// A crate, what it may use, and what its tests may use besides.
struct Arrows {
    of: &'static str,
    to: &'static [&'static str],
    in_tests: &'static [&'static str],
}

const fn arrows(of: &'static str, to: &'static [&'static str]) -> Arrows {
    Arrows { of, to, in_tests: &[] }
}

const ALLOWED: [Arrows; 13] = [
    arrows("base", &[]),
    arrows("ledger", &["base"]),
    arrows("rows", &["base", "ledger"]),
    arrows("kafka-wire", &["base", "ledger"]),
    // Client and broker are each other's test, and nothing else to each other.
    Arrows { of: "kafka-client", to: &["base", "ledger", "kafka-wire"], in_tests: &["kafka-broker"] },
    Arrows { of: "kafka-broker", to: &["base", "ledger", "kafka-wire"], in_tests: &["kafka-client"] },
    arrows("formats", &["base", "ledger", "rows"]),
    // Its tests write expressions in SQL, so that no second parser is needed to read Flink's answers.
    Arrows { of: "eval", to: &["base", "ledger", "rows"], in_tests: &["sql"] },
    arrows("flow", &["base", "ledger", "rows", "eval"]),
    arrows("sql", &["base", "ledger", "rows", "eval", "flow"]),
    arrows("lake", &["base", "ledger", "rows", "flow"]),
    Arrows {
        of: "connect",
        to: &["base", "ledger", "rows", "formats", "flow", "kafka-wire", "kafka-client"],
        in_tests: &["kafka-broker"],
    },
    arrows(
        "millstream",
        &[
            "base",
            "ledger",
            "rows",
            "kafka-wire",
            "kafka-client",
            "kafka-broker",
            "formats",
            "eval",
            "flow",
            "sql",
            "lake",
            "connect",
        ],
    ),
];

/// Rooms that must know nothing of Arrow: a Kafka client or a ledger without it builds in seconds.
const WITHOUT_ARROW: [&str; 5] = ["base", "ledger", "kafka-wire", "kafka-client", "kafka-broker"];

/// Crates that only tests may use.
const ORACLES: [&str; 1] = ["kafka-protocol"];

/// An arrow found in the workspace.
#[derive(Debug)]
struct Dependency {
    of: String,
    /// Our own crates by folder, others by package name.
    to: String,
    ours: bool,
    in_tests: bool,
}

fn dependencies() -> Vec<Dependency> {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    // Without dependencies of dependencies: nothing is resolved, so nothing is downloaded.
    let arguments = ["metadata", "--no-deps", "--offline", "--format-version", "1", "--manifest-path", manifest];
    let output = Command::new(cargo).args(arguments).output().unwrap();
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    packages.iter().flat_map(dependencies_of).collect()
}

fn dependencies_of(package: &Value) -> Vec<Dependency> {
    let of = folder(Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap());
    let dependencies = package["dependencies"].as_array().unwrap();
    let each = |dependency: &Value| {
        let path = dependency["path"].as_str();
        let name = || dependency["name"].as_str().unwrap().to_owned();
        Dependency {
            of: of.clone(),
            to: path.map_or_else(name, |path| folder(Path::new(path))),
            ours: path.is_some(),
            in_tests: dependency["kind"].as_str() == Some("dev"),
        }
    };
    dependencies.iter().map(each).collect()
}

fn folder(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

#[test]
fn crates_use_only_what_lies_before_them() {
    let found = dependencies();
    let crates: BTreeSet<&str> = found.iter().map(|arrow| arrow.of.as_str()).chain(["base"]).collect();
    let known: BTreeSet<&str> = ALLOWED.iter().map(|arrows| arrows.of).collect();
    assert_eq!(crates, known, "a crate came or went: say in arrows.rs what it may use");
    for arrow in found.iter().filter(|arrow| arrow.ours) {
        let arrows = ALLOWED.iter().find(|arrows| arrows.of == arrow.of).unwrap();
        let allowed = arrows.to.contains(&arrow.to.as_str());
        let allowed_in_tests = arrow.in_tests && arrows.in_tests.contains(&arrow.to.as_str());
        assert!(allowed || allowed_in_tests, "{} must not use {} (arrows.rs says what it may)", arrow.of, arrow.to);
    }
}

#[test]
fn the_table_itself_has_no_circle() {
    let order: Vec<&str> = ALLOWED.iter().map(|arrows| arrows.of).collect();
    for (place, arrows) in ALLOWED.iter().enumerate() {
        for to in arrows.to {
            let before = order[..place].contains(to);
            assert!(before, "{} uses {to}, which comes later in the order of the data", arrows.of);
        }
    }
}

#[test]
fn rooms_without_arrow_stay_without() {
    for arrow in dependencies() {
        let arrow_crate = arrow.to.starts_with("arrow") || arrow.to == "parquet";
        assert!(!arrow_crate || !WITHOUT_ARROW.contains(&arrow.of.as_str()), "{} uses {}", arrow.of, arrow.to);
    }
}

#[test]
fn oracles_are_used_in_tests_only() {
    for arrow in dependencies() {
        assert!(arrow.in_tests || !ORACLES.contains(&arrow.to.as_str()), "{} uses {}", arrow.of, arrow.to);
    }
}

#[test]
fn there_is_one_version_of_arrow() {
    let lock = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock")).unwrap();
    let field = |block: &str, name: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = "));
        line.map(|value| value.trim_matches('"').to_owned())
    };
    let packages =
        lock.split("[[package]]").filter_map(|block| Some((field(block, "name")?, field(block, "version")?)));
    let arrow: Vec<(String, String)> =
        packages.filter(|(name, _)| name.starts_with("arrow-") || name == "parquet").collect();
    let versions: BTreeSet<&str> = arrow.iter().map(|(_, version)| version.as_str()).collect();
    assert_eq!(versions.len(), 1, "several versions of arrow in Cargo.lock: {arrow:?}");
}
