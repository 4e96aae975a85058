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
    harness.fail(&["demo", "--dir", "demo"], &["demo is not empty", "--dir"]);
}
