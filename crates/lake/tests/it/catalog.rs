//! The catalog: names, the compare-and-swap, and what users do to files.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use base::{Domain, Retry};
use lake::catalog::sqlite::sqlite_file;
use lake::catalog::{Catalog, Committed, SqliteCatalog, TableChange, TableIdent};
use lake::files::puffin::PuffinWriter;
use rows::{Field, LogicalType};

use crate::support::{Failing, Lake, account, disk, files_ending, options};

fn columns() -> rows::Schema {
    rows::Schema::new(vec![Field::new("id", LogicalType::BigInt, false), Field::new("name", LogicalType::STRING, true)])
        .with_key(vec![0])
}

#[test]
fn a_table_is_found_again_by_another_connection() {
    let folder = tempfile::tempdir().unwrap();
    let mut lake = Lake::at(folder.path());
    let table = lake.new_table("orders", &columns(), 3);
    let snapshot = lake.snapshot(&table, vec![], vec![], |_| true);
    let table = lake.commit(&table, snapshot);

    let other = SqliteCatalog::open(options(folder.path()), disk(), account(8)).unwrap();
    assert_eq!(other.namespaces().unwrap(), ["shop"]);
    assert_eq!(other.tables("shop").unwrap(), [TableIdent::new("shop", "orders")]);
    let loaded = other.load(&table.ident).unwrap().unwrap();
    assert_eq!(loaded.metadata.value, table.metadata.value);
    assert!(loaded.metadata_location.contains("/metadata/00001-"), "{}", loaded.metadata_location);
    assert_eq!(loaded.metadata.metadata_log.len(), 1);
    assert!(other.load(&TableIdent::new("shop", "missing")).unwrap().is_none());
    assert!(!other.create_namespace("shop").unwrap());
}

#[test]
fn of_two_commits_from_one_version_the_second_conflicts_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut lake = Lake::at(folder.path());
    let (first, second) = (lake.new_table("a", &columns(), 3), lake.new_table("b", &columns(), 2));
    let stale = lake.catalog.load(&second.ident).unwrap().unwrap();
    let snapshot = lake.snapshot(&second, vec![], vec![], |_| true);
    let second = lake.commit(&second, snapshot);

    // Two tables at once: the first would succeed, the second is overtaken, so neither moves.
    let files = files_ending(folder.path(), ".metadata.json");
    let (a, b) = (lake.snapshot(&first, vec![], vec![], |_| true), lake.snapshot(&stale, vec![], vec![], |_| true));
    let changes = vec![
        TableChange { base: &first, next: first.metadata.with_snapshot(a, vec![]).unwrap() },
        TableChange { base: &stale, next: stale.metadata.with_snapshot(b, vec![]).unwrap() },
    ];
    match lake.catalog.commit(changes).unwrap() {
        Committed::Conflict(table) => assert_eq!(table, second.ident),
        other => panic!("{other:?}"),
    }
    assert_eq!(lake.catalog.load(&first.ident).unwrap().unwrap().metadata_location, first.metadata_location);
    assert_eq!(files_ending(folder.path(), ".metadata.json"), files);

    let (a, b) = (lake.snapshot(&first, vec![], vec![], |_| true), lake.snapshot(&second, vec![], vec![], |_| true));
    let changes = vec![
        TableChange { base: &first, next: first.metadata.with_snapshot(a, vec![]).unwrap() },
        TableChange { base: &second, next: second.metadata.with_snapshot(b, vec![]).unwrap() },
    ];
    assert!(matches!(lake.catalog.commit(changes).unwrap(), Committed::Swapped(tables) if tables.len() == 2));
}

/// Whichever call of the disk fails during a commit: the table is what it was, and what it takes to go on is there.
#[test]
fn a_disk_that_fails_once_leaves_the_old_version() {
    let folder = tempfile::tempdir().unwrap();
    let mut lake = Lake::at(folder.path());
    let mut table = lake.new_table("t", &columns(), 3);
    for calls in 0.. {
        let disk: Arc<dyn base::Disk> = Arc::new(Failing::after(calls));
        let failing = Failing::after(i64::MAX);
        let calls_left = failing.calls_left.clone();
        let catalog = SqliteCatalog::open(options(folder.path()), Arc::new(failing), account(8)).unwrap();
        // Manifest, list and deletion vector, then the commit itself.
        let location = lake.data_location(&table, "puffin");
        let vector = PuffinWriter::create(&disk, &location).and_then(|mut writer| {
            writer.add("/a.parquet", &[1_u64, 2].into_iter().collect())?;
            writer.finish()
        });
        let snapshot = lake.snapshot(&table, vec![], vec![], |_| true);
        let next = table.metadata.with_snapshot(snapshot, vec![]).unwrap();
        calls_left.store(calls, std::sync::atomic::Ordering::Relaxed);
        let committed = catalog.commit(vec![TableChange { base: &table, next }]);
        let now = lake.catalog.load(&table.ident).unwrap().unwrap();
        match committed {
            Ok(Committed::Swapped(mut tables)) => {
                assert_eq!(now.metadata_location, tables[0].metadata_location);
                table = tables.remove(0);
            }
            Ok(other) => panic!("{other:?}"),
            Err(error) => {
                assert_eq!(
                    (error.retry(), now.metadata_location.as_str()),
                    (Retry::Backoff, table.metadata_location.as_str())
                );
                assert!(error.hint_text().unwrap().contains("disk is full"), "{error:?}");
            }
        }
        if let Err(error) = &vector {
            assert!(!PathBuf::from(&location).exists(), "{error}");
        }
        if vector.is_ok() && calls_left.load(std::sync::atomic::Ordering::Relaxed) > 0 {
            assert!(calls > 5, "only {calls} calls in a commit");
            return;
        }
    }
}

#[test]
fn memory_comes_back_when_tables_drop() {
    let folder = tempfile::tempdir().unwrap();
    let mut lake = Lake::at(folder.path());
    let before = lake.account.used();
    let table = lake.new_table("t", &columns(), 3);
    assert!(lake.account.used() > before);
    drop(table);
    assert_eq!(lake.account.used(), before);
}

#[test]
fn old_metadata_files_are_deleted_where_the_table_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut lake = Lake::at(folder.path());
    let mut table = lake.new_table("t", &columns(), 3);
    for (name, value) in
        [("write.metadata.delete-after-commit.enabled", "true"), ("write.metadata.previous-versions-max", "2")]
    {
        table.metadata.value.properties.insert(name.to_owned(), value.to_owned());
    }
    for _ in 0..6 {
        let snapshot = lake.snapshot(&table, vec![], vec![], |_| true);
        table = lake.commit(&table, snapshot);
    }
    assert_eq!(files_ending(folder.path(), ".metadata.json").len(), 3);
    assert_eq!(table.metadata.metadata_log.len(), 2);
}

/// Java's schema V0 lacks `iceberg_type`; V1 may list views.
#[test]
fn files_of_both_jdbc_schemas_are_used_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let v0 = rusqlite::Connection::open(folder.path().join("catalog.db")).unwrap();
    v0.execute_batch(
        "CREATE TABLE iceberg_tables(catalog_name VARCHAR(255) NOT NULL, table_namespace VARCHAR(255) NOT NULL, \
         table_name VARCHAR(255) NOT NULL, metadata_location VARCHAR(1000), previous_metadata_location VARCHAR(1000), \
         PRIMARY KEY (catalog_name, table_namespace, table_name))",
    )
    .unwrap();
    let mut lake = Lake::at(folder.path());
    let table = lake.new_table("t", &columns(), 3);
    let snapshot = lake.snapshot(&table, vec![], vec![], |_| true);
    lake.commit(&table, snapshot);
    drop(lake);

    v0.execute_batch(
        "ALTER TABLE iceberg_tables ADD COLUMN iceberg_type VARCHAR(5);
         INSERT INTO iceberg_tables VALUES ('lake', 'shop', 'v', 'file:/v.json', NULL, 'VIEW');
         INSERT INTO iceberg_tables VALUES ('other', 'far', 't', 'file:/t.json', NULL, 'TABLE');",
    )
    .unwrap();
    let catalog = SqliteCatalog::open(options(folder.path()), disk(), account(8)).unwrap();
    assert_eq!(catalog.tables("shop").unwrap(), [TableIdent::new("shop", "t")]);
    assert_eq!(catalog.namespaces().unwrap(), ["shop"]);
    assert!(catalog.load(&TableIdent::new("shop", "t")).unwrap().is_some());
    assert!(catalog.load(&TableIdent::new("shop", "v")).unwrap().is_none());
}

#[test]
fn what_users_do_to_files_ends_in_a_message() {
    let folder = tempfile::tempdir().unwrap();
    let message = |options| SqliteCatalog::open(options, disk(), account(8)).unwrap_err();

    let mut missing = options(folder.path());
    missing.file = folder.path().join("no/such/catalog.db");
    assert!(message(missing).message().contains("does not exist"));

    fs::write(folder.path().join("catalog.db"), [b'x'; 4096]).unwrap();
    let error = message(options(folder.path()));
    assert!(error.message().ends_with("is no SQLite file"), "{error}");
    assert_eq!((error.domain(), error.retry()), (Domain::User, Retry::Never));

    let mut elsewhere = options(folder.path());
    elsewhere.warehouse = "s3://bucket/lake".to_owned();
    assert!(message(elsewhere).hint_text().unwrap().contains("'s3:'"));

    let tiny = SqliteCatalog::open(
        options(folder.path()),
        disk(),
        ledger::Budget::new(base::ByteCount::kib(100)).account("lake", base::ByteCount::ZERO),
    );
    assert!(tiny.unwrap_err().hint_text().unwrap().contains("--memory"));
}

#[test]
fn a_lost_metadata_file_and_a_held_catalog_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let mut lake = Lake::at(folder.path());
    let table = lake.new_table("t", &columns(), 3);
    let metadata = PathBuf::from(&table.metadata_location);
    let kept = fs::read(&metadata).unwrap();
    fs::write(&metadata, &kept[..kept.len() / 2]).unwrap();
    let error = lake.catalog.load(&table.ident).unwrap_err();
    assert!(error.message().starts_with("table shop.t: "), "{error}");
    assert!(error.message().contains("is damaged"), "{error}");
    fs::remove_file(&metadata).unwrap();
    assert!(lake.catalog.load(&table.ident).unwrap_err().message().contains("cannot read"));

    let mut impatient = options(folder.path());
    impatient.busy_timeout = std::time::Duration::ZERO;
    let impatient = SqliteCatalog::open(impatient, disk(), account(8)).unwrap();
    let holder = rusqlite::Connection::open(folder.path().join("catalog.db")).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = impatient.create_namespace("more").unwrap_err();
    assert_eq!(error.retry(), Retry::Backoff, "{error}");
    assert!(error.message().contains("another process"), "{error}");
}

/// Root may write anywhere, so this proves something only for other users; for root it must simply work.
#[test]
fn a_read_only_catalog_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::at(folder.path());
    drop(lake);
    let file = folder.path().join("catalog.db");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o444)).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).unwrap();
    let made = SqliteCatalog::open(options(folder.path()), disk(), account(8))
        .and_then(|catalog| catalog.create_namespace("x"));
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    if let Err(error) = made {
        assert_eq!(error.domain(), Domain::User);
        assert!(error.message().contains("catalog.db"), "{error}");
    }
}

#[test]
fn uris_are_read_as_java_and_pyiceberg_spell_them() {
    for (uri, file) in [
        ("jdbc:sqlite:warehouse/catalog.db", "warehouse/catalog.db"),
        ("jdbc:sqlite:/lake/catalog.db", "/lake/catalog.db"),
        ("jdbc:sqlite:file:/lake/catalog.db?mode=rwc", "/lake/catalog.db"),
        ("sqlite:////lake/catalog.db", "/lake/catalog.db"),
        ("sqlite:///lake/catalog.db", "lake/catalog.db"),
    ] {
        assert_eq!(sqlite_file(uri).unwrap(), PathBuf::from(file), "{uri}");
    }
    for uri in ["jdbc:postgresql://host/db", "jdbc:sqlite:", "jdbc:sqlite::memory:", "catalog.db", ""] {
        assert!(sqlite_file(uri).is_err(), "{uri}");
    }
}
