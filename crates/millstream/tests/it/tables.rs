//! Tables as another reader sees them: through the catalog, every time anew.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arrow_array::ArrayRef;
use base::{ByteCount, RealDisk};
use lake::catalog::{Catalog, SqliteCatalog, SqliteOptions, Table, TableIdent};
use lake::read::text::cell_text;
use lake::read::{Projection, TableScan};
use ledger::{Account, Budget};

/// A row as texts, NULL as `None`.
pub(crate) type Row = Vec<Option<String>>;

fn account() -> Account {
    Budget::new(ByteCount::mib(64)).account("test", ByteCount::ZERO)
}

/// A table of the database `db` of the catalog `lake`.
pub(crate) fn load(warehouse: &Path, table: &str) -> Table {
    let options = SqliteOptions {
        file: warehouse.join("catalog.db"),
        name: "lake".into(),
        warehouse: warehouse.display().to_string(),
        busy_timeout: Duration::from_secs(5),
    };
    let catalog = SqliteCatalog::open(options, Arc::new(RealDisk), account()).unwrap();
    catalog.load(&TableIdent::new("db", table)).unwrap().expect("the table")
}

/// All rows of a table, sorted.
pub(crate) fn rows(warehouse: &Path, table: &str, columns: &[&str]) -> Vec<Row> {
    let table = load(warehouse, table);
    let projection = Projection::named(&table.metadata, columns).unwrap();
    let mut rows = Vec::new();
    scan(&table, projection, |columns, row| rows.push(columns.iter().map(|column| cell_text(column, row)).collect()));
    rows.sort();
    rows
}

/// All rows of a table as Flink's `print` shows inserts, sorted as Java sorts texts.
pub(crate) fn printed(warehouse: &Path, table: &str) -> Vec<String> {
    let table = load(warehouse, table);
    let projection = Projection::all(&table.metadata).unwrap();
    let mut rows = Vec::new();
    scan(&table, projection, |columns, row| {
        let cells = columns.iter().map(|column| {
            let mut cell = String::new();
            formats::text::value(column, row, &mut cell).unwrap();
            cell
        });
        rows.push(format!("+I[{}]", cells.collect::<Vec<_>>().join(", ")));
    });
    rows.sort_by(|a, b| a.encode_utf16().cmp(b.encode_utf16()));
    rows
}

/// Goes through the rows of the current snapshot.
fn scan(table: &Table, projection: Projection, mut each: impl FnMut(&[ArrayRef], usize)) {
    let Some(snapshot) = table.metadata.current_snapshot() else { return };
    let mut scan = TableScan::open(Arc::new(RealDisk), snapshot, projection, &account()).unwrap();
    while let Some(batch) = scan.next_batch().unwrap() {
        (0..batch.columns.num_rows()).for_each(|row| each(batch.columns.columns(), row));
    }
}

/// The locations of all data and delete files that any snapshot has.
pub(crate) fn files_of_all_snapshots(table: &Table) -> Vec<String> {
    let mut files = Vec::new();
    for snapshot in &table.metadata.snapshots {
        let mut scan = lake::read::SnapshotFiles::open(Arc::new(RealDisk), snapshot, account()).unwrap();
        while let Some(file) = scan.next_file().unwrap() {
            files.extend(file.deletes.into_iter().map(|delete| delete.file_path));
            files.push(file.entry.data_file.file_path);
        }
    }
    files
}
