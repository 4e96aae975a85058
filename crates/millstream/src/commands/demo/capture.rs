//! The demo's data: change events that Debezium took from a real PostgreSQL, and that database's own dump at their end.
//!
//! A cut by keys of a larger capture (`examples/shop/cut.py`): whole keys with all their records, in their order, with
//! primary-key updates, deletes that come back, unchanged TOAST values, a column added midway.

use std::io::{BufRead, BufReader};

use base::{Error, Result};
use flate2::read::GzDecoder;
use serde::Deserialize;

use crate::record_line::RecordLine;

const RECORDS: &[u8] = include_bytes!("../../../../../examples/shop/shop.jsonl.gz");
const NEEDS_OLD_KEY: &str = include_str!("../../../../../examples/shop/expected/needs_old_key.json");

/// The job that the demo runs.
pub(super) const JOB: &str = include_str!("../../../../../examples/cdc_to_iceberg/job.sql");

/// A table of the dump.
pub(super) struct Dump {
    pub(super) table: &'static str,
    pub(super) key: &'static [&'static str],
    csv_gz: &'static [u8],
}

pub(super) const DUMPS: [Dump; 3] = [
    Dump {
        table: "customers",
        key: &["id"],
        csv_gz: include_bytes!("../../../../../examples/shop/expected/customers.csv.gz"),
    },
    Dump {
        table: "order_lines",
        key: &["order_id", "line_no"],
        csv_gz: include_bytes!("../../../../../examples/shop/expected/order_lines.csv.gz"),
    },
    Dump {
        table: "orders",
        key: &["id"],
        csv_gz: include_bytes!("../../../../../examples/shop/expected/orders.csv.gz"),
    },
];

impl Dump {
    /// The table as PostgreSQL's `COPY … CSV HEADER` wrote it.
    pub(super) fn csv(&self) -> impl BufRead {
        BufReader::new(GzDecoder::new(self.csv_gz))
    }
}

/// A cell whose value came only to the row's old key, before a primary-key update.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct NeedsOldKey {
    pub(super) table: String,
    pub(super) key: serde_json::Map<String, serde_json::Value>,
    pub(super) columns: Vec<String>,
}

pub(super) fn needs_old_key() -> Result<Vec<NeedsOldKey>> {
    serde_json::from_str(NEEDS_OLD_KEY).map_err(|error| Error::internal("the demo's data is damaged").caused_by(error))
}

/// How many change events there are.
pub(super) fn total() -> u64 {
    BufReader::new(GzDecoder::new(RECORDS)).lines().count() as u64
}

/// The change events in the order in which Debezium sent them.
pub(super) fn records() -> impl Iterator<Item = Result<RecordLine>> {
    BufReader::new(GzDecoder::new(RECORDS)).lines().map(|line| {
        let line = line.map_err(|error| Error::internal("the demo's data is damaged").caused_by(error))?;
        RecordLine::parse(&line)
    })
}
