//! What the README promises.

use crate::harness::Harness;

#[test]
fn the_demo_ends_with_no_cell_that_differs() {
    let harness = Harness::new();
    let ended = harness.run(&["demo", "--dir", "demo"]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    for part in
        ["killed the job (SIGKILL)", "0 of 98134 cells differ", "22 cells wait for carry", "= RSS", "iceberg_scan('"]
    {
        assert!(ended.stdout.contains(part), "the demo does not say '{part}':\n{}", ended.stdout);
    }
    memory_is_accounted_for(&ended.stdout);
    harness.fail(&["demo", "--dir", "demo"], &["demo is not empty", "--dir"]);
}

/// Nobody allocated more than a tenth of the budget without an account, at any time; and the whole kept within it.
fn memory_is_accounted_for(stdout: &str) {
    let tenth = 12.8;
    let sum = stdout.lines().find(|line| line.starts_with("sum ")).unwrap();
    for (what, before) in [("n", " +- "), ("the worst so far", ", at most ")] {
        assert!(mib_after(sum, before) <= tenth, "{what} is more than a tenth of 128 MiB: {sum}");
    }
    let peak = stdout.lines().find(|line| line.starts_with("peak RSS ")).unwrap();
    assert!(peak.ends_with("of 128MiB") && mib_after(peak, "peak RSS ") <= 128.0, "{peak}");
}

/// The number before `MiB` that stands after `before`.
fn mib_after(line: &str, before: &str) -> f64 {
    let (_, rest) = line.split_once(before).unwrap_or_else(|| panic!("no '{before}' in '{line}'"));
    let (number, _) = rest.split_once("MiB").unwrap_or_else(|| panic!("no MiB in '{rest}'"));
    number.parse().unwrap_or_else(|error| panic!("'{number}' in '{line}': {error}"))
}
