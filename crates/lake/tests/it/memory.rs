//! What grows with a table (files, manifests, snapshots) is reserved before it is allocated, or is not held at all.

use std::collections::BTreeMap;

use base::{ByteCount, Disk, Epoch, RealDisk, Rng};
use flow::Outcome;
use lake::catalog::{Catalog, TableChange, TableIdent};
use lake::commit::names::{FileNames, new_commit_id};
use lake::files::manifest::{ManifestContent, ManifestFile};
use lake::index::{IndexedFile, KeyIndex};
use lake::metadata::new_snapshot_id;
use ledger::Budget;
use rows::RowKind;

use super::counting::peak_of;
use super::job::{Place, Run, RunOptions};
use super::small_table::{Change, Value};
use super::support::{Lake, disk};

/// What may be held beside reservations, whatever the table.
const SLACK: u64 = 128 << 10;

/// Does the work; holds what this thread allocated meanwhile to what all accounts reserved.
fn check<T>(what: &str, budget: &Budget, work: impl FnOnce() -> T) -> T {
    let used = |budget: &Budget| budget.report().accounts.iter().map(|account| account.used.get()).sum::<u64>();
    let before = used(budget);
    budget.reset_peaks();
    let (done, allocated) = peak_of(work);
    let peak: u64 = budget.report().accounts.iter().map(|account| account.peak.get()).sum();
    let reserved = peak - before;
    assert!(allocated <= reserved + SLACK, "{what}: {allocated} bytes were allocated and {reserved} reserved");
    done
}

fn change(offset: i64) -> Change {
    let (name, n) = (Value::Set("x".to_owned()), Value::Null);
    Change { partition: 0, offset, position: Some(offset as u64), kind: RowKind::Insert, id: offset, name, n }
}

/// A run that appends to a table of which `others` made what it is.
fn run_on(others: impl FnOnce(&mut Lake)) -> (Place, Run) {
    let place = Place::new();
    place.create(false);
    others(&mut Lake::at(place.dir.path()));
    let options = RunOptions { upsert: false, ..RunOptions::upsert(&place) };
    let run = Run::start(&place, &options).unwrap();
    (place, run)
}

fn commit_within_what_is_reserved(what: &str, (_place, mut run): (Place, Run)) {
    for offset in 0..2 {
        run.write(&[change(offset)]).unwrap();
        let prepared = run.prepare(&[(0, offset + 1)]).unwrap();
        let budget = run.budget.clone();
        let outcome = check(what, &budget, || run.publish(prepared)).unwrap();
        assert!(matches!(outcome, Outcome::Published(_)), "{outcome:?}");
    }
}

#[test]
fn a_commit_to_a_table_of_thousands_of_manifests_holds_one_at_a_time() {
    commit_within_what_is_reserved(
        "manifests",
        run_on(|lake| {
            let table = lake.catalog.load(&TableIdent::new("shop", "t")).unwrap().unwrap();
            let snapshot_id = new_snapshot_id(&table.metadata, &mut lake.rng);
            let manifest = |number: i64| ManifestFile {
                manifest_path: format!("{}/metadata/{number:0>100}-m0.avro", table.metadata.location),
                manifest_length: 7000,
                partition_spec_id: 0,
                content: ManifestContent::Data,
                sequence_number: Some(1),
                min_sequence_number: Some(1),
                added_snapshot_id: snapshot_id,
                added_files_count: 1,
                existing_files_count: 0,
                deleted_files_count: 0,
                added_rows_count: 1,
                existing_rows_count: 0,
                deleted_rows_count: 0,
                partitions: Vec::new(),
                key_metadata: None,
                first_row_id: None,
            };
            let manifests: Vec<ManifestFile> = (0..5_000).map(manifest).collect();
            let snapshot = lake.list(&table, snapshot_id, &manifests);
            lake.commit(&table, snapshot);
        }),
    );
}

#[test]
fn a_commit_to_a_table_of_thousands_of_snapshots_is_paid_for() {
    commit_within_what_is_reserved(
        "snapshots",
        run_on(|lake| {
            let ident = TableIdent::new("shop", "t");
            let table = lake.catalog.load(&ident).unwrap().unwrap();
            let first = lake.list(&table, 1, &[]);
            let table = lake.commit(&table, first);
            let mut next = table.metadata.value.clone();
            for id in 2..2_500 {
                let mut snapshot = next.snapshots[0].clone();
                (snapshot.snapshot_id, snapshot.parent_snapshot_id) = (id, Some(id - 1));
                snapshot.summary = BTreeMap::from([("operation".to_owned(), "append".to_owned())]);
                next.snapshots.push(snapshot);
            }
            lake.catalog.commit(vec![TableChange { base: &table, next }]).unwrap();
        }),
    );
}

#[test]
fn a_start_among_thousands_of_files_holds_only_what_was_left_behind() {
    let (place, mut run) = run_on(|_| {});
    let data = place.root.join("warehouse/shop/t/data");
    let make = |name: String| drop(RealDisk.open(&data.join(name), base::disk::Open::CreateNew).unwrap());
    (0..6_000).for_each(|number| make(format!("{number:0>60}.parquet")));
    let budget = run.budget.clone();
    check("files of others", &budget, || run.recover_again()).unwrap();
    let (names, mut rng) = (FileNames::new("shop-to-lake"), Rng::from_seed(3));
    (0..2_000).for_each(|_| make(names.name(Epoch(1), &new_commit_id(&mut rng), "0.parquet")));
    check("left-overs", &budget, || run.recover_again()).unwrap();
    assert_eq!(place.files("data").len(), 6_000);
}

#[test]
fn an_index_of_thousands_of_files_is_saved_and_loaded_beside_itself() {
    const FILES: u32 = 20_000;
    let dir = tempfile::tempdir().unwrap();
    let create = |account| KeyIndex::create(disk(), dir.path().join("index"), "uuid", vec![1], account).unwrap();
    let load = |account: &ledger::Account| {
        KeyIndex::load(disk(), dir.path().join("index"), "uuid", &[1], account).map(Option::unwrap)
    };
    let budget = Budget::new(ByteCount::mib(6));
    let account = budget.account("commit", ByteCount::ZERO);
    let mut index = create(&account);
    let file = |number: u32| {
        let location = format!("/warehouse/shop/t/data/{number:0>60}.parquet").into();
        IndexedFile { number, location, rows: u64::from(number), own: number.is_multiple_of(2) }
    };
    check("inserting", &budget, || (0..FILES).for_each(|number| index.files.insert(file(number)).unwrap()));
    check("saving", &budget, || index.save(Some(7))).unwrap();
    let (files, saving) = (index.files.memory(), account.peak() - index.files.memory());
    assert!(saving < ByteCount::kib(256), "{saving} beside {files}");
    drop(index);
    assert_eq!(account.used(), ByteCount::ZERO);
    let index = check("loading", &budget, || load(&account)).unwrap();
    assert_eq!((index.snapshot(), index.files.next_number()), (Some(7), FILES));
    assert!(index.files.iter().eq((0..FILES).map(file).collect::<Vec<_>>().iter()));
    let short = Budget::new(ByteCount::mib(1)).account("commit", ByteCount::ZERO);
    let told = load(&short).unwrap_err();
    assert!(told.report().contains("'commit'") && told.report().contains("--memory"), "{}", told.report());
}
