//! Every cell of every table against PostgreSQL's own dump, read back through the catalog like any other reader.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base::{ByteCount, Error, RealDisk, Result};
use lake::catalog::{Catalog, SqliteCatalog, SqliteOptions, TableIdent};
use lake::read::compare::{Difference, Unlike};
use lake::read::compare_table_with_csv;
use ledger::Budget;

use super::capture::{self, Dump};

/// What a comparison of one table found.
pub(super) struct Compared {
    pub(super) table: &'static str,
    pub(super) rows: u64,
    pub(super) cells: u64,
    pub(super) differences: u64,
    pub(super) waiting: u64,
    pub(super) first: Vec<String>,
    pub(super) snapshots: usize,
    pub(super) metadata_location: String,
}

/// Compares the three tables of `dir/warehouse`.
pub(super) fn compare(dir: &Path, budget: &Budget) -> Result<Vec<Compared>> {
    let warehouse = std::path::absolute(dir.join("warehouse"))
        .map_err(|error| Error::external("the warehouse has no path").caused_by(error))?;
    let options = SqliteOptions {
        file: warehouse.join("catalog.db"),
        name: "lake".into(),
        warehouse: warehouse.display().to_string(),
        busy_timeout: Duration::from_secs(5),
    };
    let account = budget.account("demo/compare", ByteCount::ZERO);
    let catalog = SqliteCatalog::open(options, Arc::new(RealDisk), account)?;
    capture::DUMPS.iter().map(|dump| compare_table(&catalog, dump, budget)).collect()
}

fn compare_table(catalog: &SqliteCatalog, dump: &Dump, budget: &Budget) -> Result<Compared> {
    let ident = TableIdent::new("shop", dump.table);
    let table = catalog.load(&ident)?.ok_or_else(|| Error::external(format!("the table {ident} is missing")))?;
    let waiting = waiting_cells(dump)?;
    let may_be_null = |difference: &Difference| match &difference.what {
        Unlike::Cell { column, got: None, .. } => waiting.contains(&(difference.key.clone(), column.clone())),
        _ => false,
    };
    let account = budget.account(format!("demo/compare/{}", dump.table), ByteCount::ZERO);
    let found = compare_table_with_csv(Arc::new(RealDisk), &table.metadata, dump.csv(), &may_be_null, &account)?;
    Ok(Compared {
        table: dump.table,
        rows: found.rows,
        cells: found.cells,
        differences: found.differences,
        waiting: found.allowed,
        first: found.first.iter().map(ToString::to_string).collect(),
        snapshots: table.metadata.snapshots.len(),
        metadata_location: table.metadata_location.clone(),
    })
}

/// Key and column of the cells whose value only the row's old key ever had.
fn waiting_cells(dump: &Dump) -> Result<HashSet<(Vec<String>, String)>> {
    let mut cells = HashSet::new();
    for need in capture::needs_old_key()?.into_iter().filter(|need| need.table == dump.table) {
        let text = |name: &&str| need.key.get(*name).map(ToString::to_string).unwrap_or_default();
        let key: Vec<String> = dump.key.iter().map(text).collect();
        cells.extend(need.columns.into_iter().map(|column| (key.clone(), column)));
    }
    Ok(cells)
}
