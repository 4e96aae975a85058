//! Compares a table with PostgreSQL's dump of what it should hold, cell by cell, as text.
//!
//! The expected rows are kept in memory under a reservation, by key; the table is streamed past them. So this is for
//! dumps of some megabytes: a demo, a test.

use std::collections::HashMap;
use std::io::BufRead;
use std::sync::Arc;

use base::{ByteCount, Disk, Error, Result};
use ledger::{Account, Reservation};

use super::columns::Projection;
use super::csv::CsvReader;
use super::table::TableScan;
use super::text::cell_text;
use crate::files::durable::{grow_to, reserve};
use crate::metadata::TableMetadata;

/// So many differences are kept; the others are counted.
const KEPT_MAX: usize = 100;
/// What a row takes beside its text: two strings, an entry of the map.
const ROW_OVERHEAD: usize = 128;

/// A place where a table is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The row's key, as text, in the order of the key's columns.
    pub key: Vec<String>,
    pub what: Unlike,
}

/// How a row differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unlike {
    /// The table lacks the row.
    Missing,
    /// The table has the row, and should not.
    Unexpected,
    /// The table has the key a second time.
    Twice,
    /// One cell differs; `None` is NULL.
    Cell { column: String, expected: Option<String>, got: Option<String> },
}

/// What a comparison found.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// Rows of the table.
    pub rows: u64,
    /// Cells that were compared.
    pub cells: u64,
    /// Differences that were not allowed.
    pub differences: u64,
    /// Differences that were.
    pub allowed: u64,
    /// The first differences that were not allowed.
    pub first: Vec<Difference>,
}

/// Prints as `orders[17].total: expected 12.50, got NULL`, without the table's name.
impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[{}]", self.key.join(", "))?;
        let text =
            |value: &Option<String>| value.as_ref().map_or_else(|| "NULL".to_owned(), |value| format!("'{value}'"));
        match &self.what {
            Unlike::Missing => f.write_str(": missing in the table"),
            Unlike::Unexpected => f.write_str(": in the table, but not expected"),
            Unlike::Twice => f.write_str(": in the table twice"),
            Unlike::Cell { column, expected, got } => {
                write!(f, ".{column}: expected {}, got {}", text(expected), text(got))
            }
        }
    }
}

type Row = Vec<Option<String>>;

/// Expected rows by key; a row that was seen has become `None`.
struct Expected {
    rows: HashMap<Vec<String>, Option<Box<Row>>>,
    paid: Reservation,
}

/// Compares the current snapshot of a table with a CSV whose first line names the columns. `is_allowed` says which
/// differences are counted apart.
///
/// # Errors
/// The disk's; the CSV is no CSV of the table's columns, or has a key twice; something is damaged; the account is short.
pub fn compare_table_with_csv(
    disk: Arc<dyn Disk>,
    table: &TableMetadata,
    csv: impl BufRead,
    is_allowed: &dyn Fn(&Difference) -> bool,
    account: &Account,
) -> Result<Comparison> {
    let mut csv = CsvReader::new(csv);
    let header = csv.next_record()?.ok_or_else(|| Error::user("the CSV is empty"))?;
    let names: Vec<String> = header.into_iter().map(Option::unwrap_or_default).collect();
    let projection = Projection::named(table, &names.iter().map(String::as_str).collect::<Vec<_>>())?;
    let schema = table.current_schema();
    let key: Vec<usize> =
        (0..names.len()).filter(|index| schema.is_identifier(projection.columns[*index].id)).collect();
    if key.is_empty() || key.len() != schema.identifier_field_ids.len() {
        return Err(Error::user("the table has no primary key among the columns of the CSV"));
    }
    let mut expected = Expected { rows: HashMap::new(), paid: reserve(account, ByteCount::ZERO, "a comparison")? };
    while let Some(row) = csv.next_record()? {
        expected.add(row, &names, &key)?;
    }
    let mut comparison = Comparison::default();
    if let Some(snapshot) = table.current_snapshot() {
        let mut scan = TableScan::open(disk, snapshot, projection, account)?;
        while let Some(batch) = scan.next_batch()? {
            for row in 0..batch.columns.num_rows() {
                let cells: Row = batch.columns.columns().iter().map(|column| cell_text(column.as_ref(), row)).collect();
                comparison.rows += 1;
                expected.check(cells, &names, &key, &mut |difference| comparison.add(difference, is_allowed));
                comparison.cells += names.len() as u64;
            }
        }
    }
    let mut missing: Vec<Vec<String>> =
        expected.rows.into_iter().filter(|(_, row)| row.is_some()).map(|(key, _)| key).collect();
    missing.sort_unstable();
    comparison.cells += (missing.len() * names.len()) as u64;
    for key in missing {
        comparison.add(Difference { key, what: Unlike::Missing }, is_allowed);
    }
    Ok(comparison)
}

impl Expected {
    fn add(&mut self, row: Row, names: &[String], key: &[usize]) -> Result<()> {
        if row.len() != names.len() {
            return Err(Error::user(format!("a CSV record has {} fields, its header {}", row.len(), names.len())));
        }
        let size: usize =
            row.iter().map(|cell| cell.as_ref().map_or(0, String::len) + size_of::<Option<String>>()).sum();
        let all = self.paid.bytes() + ByteCount::from(size * 2 + ROW_OVERHEAD);
        grow_to(&mut self.paid, all, "a comparison")?;
        let key = key_of(&row, key);
        let shown = key.join(", ");
        match self.rows.insert(key, Some(Box::new(row))) {
            None => Ok(()),
            Some(_) => Err(Error::user(format!("the CSV has the key [{shown}] twice"))),
        }
    }

    fn check(&mut self, got: Row, names: &[String], key: &[usize], found: &mut dyn FnMut(Difference)) {
        let key = key_of(&got, key);
        match self.rows.get_mut(&key) {
            None => found(Difference { key, what: Unlike::Unexpected }),
            Some(seen) => match seen.take() {
                None => found(Difference { key, what: Unlike::Twice }),
                Some(expected) => {
                    for ((name, expected), got) in names.iter().zip(*expected).zip(got) {
                        if expected != got {
                            let column = name.clone();
                            found(Difference { key: key.clone(), what: Unlike::Cell { column, expected, got } });
                        }
                    }
                }
            },
        }
    }
}

fn key_of(row: &Row, key: &[usize]) -> Vec<String> {
    key.iter().map(|index| row[*index].clone().unwrap_or_default()).collect()
}

impl Comparison {
    fn add(&mut self, difference: Difference, is_allowed: &dyn Fn(&Difference) -> bool) {
        if is_allowed(&difference) {
            self.allowed += 1;
            return;
        }
        self.differences += 1;
        if self.first.len() < KEPT_MAX {
            self.first.push(difference);
        }
    }
}
