//! The Rust side of `interop/lake/check.py`: `make DIR` writes tables for other readers, `dump DIR NAMESPACE TABLE` prints
//! one as CSV, `append DIR NAMESPACE TABLE` adds a row to one of another writer.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a tool of the tests")]

#[path = "../tests/it/shop.rs"]
mod shop;
#[path = "../tests/it/support.rs"]
#[allow(dead_code, reason = "the tests need more of it")]
mod support;

use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, new_null_array};
use lake::catalog::{Catalog, TableIdent};
use lake::read::text::cell_text;
use lake::read::{Projection, TableScan};
use support::Lake;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["make", folder] => make(Path::new(folder)),
        ["dump", folder, namespace, table] => dump(Path::new(folder), &TableIdent::new(namespace, table)),
        ["append", folder, namespace, table] => append(Path::new(folder), &TableIdent::new(namespace, table)),
        _ => println!("lake_interop make DIR | dump DIR NAMESPACE TABLE | append DIR NAMESPACE TABLE"),
    }
}

/// Prints the rows, fields as PostgreSQL's CSV has them.
fn dump(folder: &Path, ident: &TableIdent) {
    let lake = Lake::at(folder);
    let table = lake.catalog.load(ident).unwrap().unwrap();
    let projection = Projection::all(&table.metadata).unwrap();
    let names: Vec<&str> = projection.columns.iter().map(|column| column.name.as_str()).collect();
    println!("{}", names.join(","));
    let snapshot = table.metadata.current_snapshot().unwrap();
    let mut scan = TableScan::open(lake.disk.clone(), snapshot, projection, &lake.account).unwrap();
    while let Some(batch) = scan.next_batch().unwrap() {
        for row in 0..batch.columns.num_rows() {
            let cells = batch.columns.columns().iter().map(|column| match cell_text(column.as_ref(), row) {
                Some(text) => format!("\"{}\"", text.replace('"', "\"\"")),
                None => String::new(),
            });
            println!("{}", cells.collect::<Vec<_>>().join(","));
        }
    }
}

/// Adds row -1, whose other columns are NULL.
fn append(folder: &Path, ident: &TableIdent) {
    let mut lake = Lake::at(folder);
    let table = lake.catalog.load(ident).unwrap().unwrap();
    let schema = table.metadata.current_schema().arrow().unwrap();
    let mut columns: Vec<ArrayRef> = vec![Arc::new(Int64Array::from(vec![-1]))];
    columns.extend(schema.fields().iter().skip(1).map(|field| new_null_array(field.data_type(), 1)));
    let file = lake.data_file(&table, &RecordBatch::try_new(schema, columns).unwrap());
    lake.now_ms = table.metadata.last_updated_ms;
    let snapshot = lake.snapshot(&table, vec![file], vec![], |_| true);
    lake.commit(&table, snapshot);
}

/// Two tables with rows 0 to 2499, of which the multiples of 5 are deleted and rows 10 to 19 written again.
fn make(folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    let mut lake = Lake::at(folder);
    for (name, version) in [("v2", 2), ("v3", 3)] {
        let table = lake.new_table(name, &shop::schema(version), version);
        let schema = table.metadata.current_schema().clone();
        let first = lake.data_file(&table, &shop::batch(&schema, 0..1500));
        let snapshot = lake.snapshot(&table, vec![first.clone()], vec![], |_| true);
        let table = lake.commit(&table, snapshot);
        let second = lake.data_file(&table, &shop::batch(&schema, 1500..2500));
        let again = lake.data_file(&table, &shop::batch(&schema, 10..20));
        let of_first: Vec<u64> = (0..1500).filter(|row| row % 5 == 0 || (10..20).contains(row)).collect();
        let of_second: Vec<u64> = (0..1000).step_by(5).collect();
        let deleted = [(&first, of_first.as_slice()), (&second, of_second.as_slice())];
        let deletes = if version == 2 {
            vec![lake.position_deletes(&table, &deleted[..1]), lake.position_deletes(&table, &deleted[1..])]
        } else {
            lake.deletion_vectors(&table, &deleted)
        };
        let snapshot = lake.snapshot(&table, vec![second.clone(), again], deletes, |_| true);
        lake.commit(&table, snapshot);
    }
}
