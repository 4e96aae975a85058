//! The reference pages.

use crate::catalog::Lake;
use crate::harness::registry;

#[test]
fn every_option_is_listed() {
    insta::assert_snapshot!(sql::reference::options(&registry(&Lake::default())));
}

#[test]
fn every_function_is_listed() {
    let page = sql::reference::sql();
    for function in eval::functions() {
        assert!(page.contains(&format!("| `{}` |", function.signature.replace('|', "\\|"))), "{}", function.signature);
    }
    assert!(page.lines().all(|line| !line.contains("| |  |")), "a cell is empty");
}
