//! Whatever the values: expressions against models that are simple enough to be seen to be right.

mod batches;
mod decimals;
mod logic;
mod schoolbook;
mod text;
mod times;

use proptest::prelude::ProptestConfig;

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}
