//! What other writers do to a table, before a run and in the middle of its commit, are ordinary cases.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use base::disk::{Entry, Open};
use base::{ByteCount, Disk, DiskFile, Offset, RealDisk};
use flow::Outcome;
use lake::catalog::{Catalog, Table, TableIdent};
use lake::files::location::local_path;
use lake::files::manifest::{DataFile, ManifestContent, ManifestFile};
use lake::files::puffin::PuffinWriter;
use lake::parquet_write::{DataFileWriter, EncodeMemory, FileShape, RowGroup};
use rows::RowKind;

use super::job::{Place, Row, Run, RunOptions, lose};
use super::small_table::{Change, Value, layout, partition};
use super::support::{Lake, manifests_of};
use super::upsert::{floors, noise, within_floors};

/// Another writer, which knows nothing of Millstream.
pub(crate) struct Other {
    lake: Lake,
    files: u32,
}

impl Other {
    pub(crate) fn at(place: &Place) -> Self {
        Self { lake: Lake::at(place.dir.path()), files: 0 }
    }

    fn load(&self) -> Table {
        self.lake.catalog.load(&TableIdent::new("shop", "t")).unwrap().unwrap()
    }

    fn file(&mut self, rows: &[(i64, &str, i64)]) -> DataFile {
        self.files += 1;
        let location = format!("{}/data/other-{}.parquet", self.load().metadata.location, self.files);
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        let shape = FileShape { layout: layout(), measured: vec![0] };
        let path = local_path(&location).unwrap();
        let mut writer = DataFileWriter::create(&disk, location, path, &shape).unwrap();
        let mut group = RowGroup::new(&self.lake.account, 64 << 10).unwrap();
        for (id, name, n) in rows {
            let mut row = vec![1];
            row.extend_from_slice(&id.to_le_bytes());
            row.push(1);
            row.extend_from_slice(&(name.len() as u32).to_le_bytes());
            row.extend_from_slice(name.as_bytes());
            row.push(1);
            row.extend_from_slice(&n.to_le_bytes());
            group.push(&row).unwrap();
        }
        let memory = EncodeMemory::new(&self.lake.account, &self.lake.account);
        writer.write(&mut group, &memory).unwrap();
        writer.finish().unwrap()
    }

    fn commit(&mut self, add: Vec<DataFile>, deletes: Vec<DataFile>, keep: fn(&ManifestFile) -> bool) {
        let table = self.load();
        let snapshot = self.lake.snapshot(&table, add, deletes, keep);
        self.lake.commit(&table, snapshot);
    }

    pub(crate) fn append(&mut self, rows: &[(i64, &str, i64)]) {
        let file = self.file(rows);
        self.commit(vec![file], Vec::new(), |_| true);
    }

    /// Replaces all files by one.
    pub(crate) fn rewrite(&mut self, rows: &[(i64, &str, i64)]) {
        let file = self.file(rows);
        self.commit(vec![file], Vec::new(), |_| false);
    }

    /// Deletes the first row of a file that has no deletion vector yet.
    pub(crate) fn delete_first_of(&mut self, file: &str) {
        let location = format!("{}/data/other-dv.puffin", self.load().metadata.location);
        let mut puffin = PuffinWriter::create(&self.lake.disk, &location).unwrap();
        puffin.add(file, &[0].into_iter().collect()).unwrap();
        let entries = puffin.finish().unwrap();
        self.commit(Vec::new(), entries, |_| true);
    }
}

pub(crate) fn set(offset: i64, id: i64, name: Value<&str>, n: i64) -> Change {
    let name = match name {
        Value::Set(text) => Value::Set(text.to_owned()),
        Value::Absent => Value::Absent,
        Value::Null => Value::Null,
    };
    Change {
        partition: 0,
        offset,
        position: Some(offset as u64),
        kind: RowKind::UpdateAfter,
        id,
        name,
        n: Value::Set(n),
    }
}

pub(crate) fn row(name: Option<&str>, n: i64) -> Row {
    (name.map(str::to_owned), Some(n))
}

/// The machine's disk. When the first commit but one lists its manifests, which it does before it swaps, others commit.
#[derive(Debug)]
struct Meanwhile {
    dir: PathBuf,
    lists: AtomicU32,
    others: fn(&mut Other),
}

impl Disk for Meanwhile {
    fn open(&self, path: &Path, how: Open) -> io::Result<Arc<dyn DiskFile>> {
        let is_list = how == Open::CreateNew && path.to_string_lossy().ends_with("list.avro");
        if is_list && self.lists.fetch_add(1, Ordering::Relaxed) == 1 {
            (self.others)(&mut Other { lake: Lake::at(&self.dir), files: 100 });
        }
        RealDisk.open(path, how)
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        RealDisk.create_dir_all(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealDisk.rename(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove_file(path)
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove_dir_all(path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
        RealDisk.list(dir)
    }

    fn stat(&self, path: &Path) -> io::Result<Option<Entry>> {
        RealDisk.stat(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        RealDisk.sync_dir(dir)
    }
}

/// A table with the keys 1 to 3, a run that stands behind them, and another writer.
pub(crate) fn started() -> (Place, Run, Other) {
    started_at(Place::new())
}

fn started_at(place: Place) -> (Place, Run, Other) {
    place.create(true);
    let mut run = Run::start(&place, &RunOptions::upsert(&place)).unwrap();
    let changes: Vec<Change> = (1..=3).map(|id| set(id - 1, id, Value::Set("first"), id)).collect();
    run.write(&changes).unwrap();
    run.commit(&[(0, 3)]).unwrap();
    let other = Other::at(&place);
    (place, run, other)
}

#[test]
fn rows_that_others_appended_meanwhile_are_replaced_and_give_their_values() {
    let (place, mut run, mut other) = started();
    run.write(&[set(3, 7, Value::Absent, 77), set(4, 1, Value::Absent, 11), set(5, 8, Value::Set("eight"), 8)])
        .unwrap();
    let prepared = run.prepare(&[(0, 6)]).unwrap();
    other.append(&[(7, "other", 7), (8, "other", 7), (9, "other", 9)]);
    assert!(matches!(run.publish(prepared).unwrap(), Outcome::Published(_)));
    let expected = BTreeMap::from([
        (1, row(Some("first"), 11)),
        (2, row(Some("first"), 2)),
        (3, row(Some("first"), 3)),
        (7, row(Some("other"), 77)),
        (8, row(Some("eight"), 8)),
        (9, row(Some("other"), 9)),
    ]);
    assert_eq!(place.table(), expected);
    run.write(&[set(6, 9, Value::Absent, 99), set(7, 7, Value::Absent, 78)]).unwrap();
    run.commit(&[(0, 8)]).unwrap();
    assert_eq!((&place.table()[&9], &place.table()[&7]), (&row(Some("other"), 99), &row(Some("other"), 78)));
}

#[test]
fn a_rewrite_meanwhile_moves_the_old_rows() {
    let (place, mut run, mut other) = started();
    run.write(&[set(3, 1, Value::Absent, 11), set(4, 3, Value::Set("third"), 33)]).unwrap();
    let prepared = run.prepare(&[(0, 5)]).unwrap();
    other.rewrite(&[(3, "first", 3), (2, "first", 2), (1, "rewritten", 1)]);
    assert!(matches!(run.publish(prepared).unwrap(), Outcome::Published(_)));
    let expected =
        BTreeMap::from([(1, row(Some("rewritten"), 11)), (2, row(Some("first"), 2)), (3, row(Some("third"), 33))]);
    assert_eq!(place.table(), expected);
    let left = place.files("data").into_iter().filter(|name| name.contains("millstream")).count();
    assert_eq!(
        left,
        5,
        "two files, the row written again, deletes of it and of the old rows: {:?}",
        place.files("data")
    );
}

#[test]
fn a_rewrite_at_each_try_moves_the_old_rows_each_time() {
    let others: fn(&mut Other) = |other| other.rewrite(&[(1, "again", 1), (2, "first", 2), (3, "first", 3)]);
    let place = Place::new();
    let disk = Meanwhile { dir: place.dir.path().to_owned(), lists: AtomicU32::new(0), others };
    let (place, mut run, mut other) = started_at(Place { disk: Arc::new(disk), ..place });
    run.write(&[set(3, 1, Value::Absent, 11), set(4, 2, Value::Absent, 22), set(5, 3, Value::Set("third"), 33)])
        .unwrap();
    let prepared = run.prepare(&[(0, 6)]).unwrap();
    other.rewrite(&[(3, "first", 3), (2, "first", 2), (1, "rewritten", 1)]);
    assert!(matches!(run.publish(prepared).unwrap(), Outcome::Published(_)));
    let expected =
        BTreeMap::from([(1, row(Some("again"), 11)), (2, row(Some("first"), 22)), (3, row(Some("third"), 33))]);
    assert_eq!(place.table(), expected);
    let left = place.files("data").into_iter().filter(|name| name.contains("millstream")).count();
    assert_eq!(
        left,
        7,
        "two files, rows written again twice, deletes of both and of the old rows: {:?}",
        place.files("data")
    );
}

#[test]
fn many_rows_are_filled_again_in_one_walk() {
    const ROWS: i64 = 5000;
    let (place, mut run, mut other) = started();
    let changes: Vec<Change> = (1..=ROWS).map(|id| set(id + 2, id, Value::Absent, -id)).collect();
    run.write(&changes).unwrap();
    let prepared = run.prepare(&[(0, ROWS + 3)]).unwrap();
    let names: Vec<String> = (1..=ROWS).map(|id| format!("name {id}")).collect();
    let rows: Vec<(i64, &str, i64)> = (1..=ROWS).zip(&names).map(|(id, name)| (id, name.as_str(), id)).collect();
    other.rewrite(&rows);
    assert!(matches!(run.publish(prepared).unwrap(), Outcome::Published(_)));
    let expected = (1..=ROWS).zip(&names).map(|(id, name)| (id, row(Some(name), -id))).collect();
    assert_eq!(place.table(), expected);
}

#[test]
fn long_rows_are_filled_again_with_the_least_memory() {
    for (rows, length) in [(300, 12_000), (4, (1 << 20) - 500)] {
        let place = Place::new();
        place.create(true);
        let options = RunOptions { memory: floors(&place), ..RunOptions::upsert(&place) };
        let mut run = Run::start(&place, &options).unwrap();
        let names: Vec<String> = (0..rows).map(|id| noise(id, length)).collect();
        for (id, name) in (0..).zip(&names) {
            run.write(&[set(id, id, Value::Set(name), id)]).unwrap();
        }
        run.commit(&[(0, rows)]).unwrap();
        for id in 0..rows {
            run.write(&[set(rows + id, id, Value::Absent, -id)]).unwrap();
        }
        let prepared = run.prepare(&[(0, 2 * rows)]).unwrap();
        let mut other = Other::at(&place);
        let moved: Vec<(i64, &str, i64)> = (0..).zip(&names).map(|(id, name)| (id, name.as_str(), id)).collect();
        let (one, rest) = moved.split_at(1);
        let files = vec![other.file(rest), other.file(one)];
        other.commit(files, Vec::new(), |_| false);
        assert!(matches!(run.publish(prepared).unwrap(), Outcome::Published(_)));
        let expected = (0..).zip(&names).map(|(id, name)| (id, row(Some(name), -id))).collect();
        assert!(place.table() == expected, "a value was lost");
        within_floors(&run);
        run.write(&[set(2 * rows, 0, Value::Absent, 7)]).unwrap();
        run.commit(&[(0, 2 * rows + 1)]).unwrap();
        assert!(place.table()[&0] == row(Some(&names[0]), 7), "the index does not know the new place");
    }
}

#[test]
fn a_delete_meanwhile_takes_the_value_and_both_vectors_are_one() {
    let (place, mut run, mut other) = started();
    let first = place.files("data").remove(0);
    let location = format!("{}/data/{first}", other.load().metadata.location);
    let gone: i64 = {
        // Rows lie by hash: whichever is first.
        let before = place.rows();
        before[0].0
    };
    let kept = if gone == 2 { 3 } else { 2 };
    run.write(&[set(3, gone, Value::Absent, 11), set(4, kept, Value::Absent, 22)]).unwrap();
    let prepared = run.prepare(&[(0, 5)]).unwrap();
    other.delete_first_of(&location);
    assert!(matches!(run.publish(prepared).unwrap(), Outcome::Published(_)));
    let table = place.table();
    assert_eq!(table.len(), 3);
    assert_eq!(table[&gone], row(None, 11), "a deleted row's value came back");
    assert_eq!(table[&kept], row(Some("first"), 22));
    let table = other.load();
    let list = table.metadata.current_snapshot().unwrap().manifest_list.clone().unwrap();
    let list = lake::files::manifest::ManifestListReader::open(&RealDisk, &list, &other.lake.account);
    let listed = manifests_of(list.unwrap()).unwrap();
    let vectors: i32 = listed
        .iter()
        .filter(|manifest| manifest.content == ManifestContent::Deletes)
        .map(|manifest| manifest.added_files_count + manifest.existing_files_count)
        .sum();
    assert_eq!(vectors, 2, "one of the first file, one of the file of which a row was written again");
}

#[test]
fn what_others_did_before_a_start_is_known_with_or_without_the_index() {
    for lost in [false, true] {
        let (place, run, mut other) = started();
        drop(run);
        other.append(&[(5, "other", 5)]);
        other.append(&[(6, "other", 6)]);
        if lost {
            lose(&place, &place.state());
        }
        let mut run = Run::start(&place, &RunOptions::upsert(&place)).unwrap();
        assert_eq!(run.recovered.positions, [(partition(0), Offset(3))].into(), "commits of others carry no positions");
        run.write(&[set(3, 5, Value::Absent, 55), set(4, 1, Value::Absent, 11)]).unwrap();
        run.commit(&[(0, 5)]).unwrap();
        let table = place.table();
        assert_eq!((table.len(), &table[&5], &table[&1]), (5, &row(Some("other"), 55), &row(Some("first"), 11)));
    }
}

#[test]
fn a_table_that_was_rolled_back_rewinds_the_job() {
    let (place, mut run, other) = started();
    let before = other.load().metadata.current_snapshot_id;
    run.write(&[set(3, 1, Value::Set("second"), 11)]).unwrap();
    run.commit(&[(0, 4)]).unwrap();
    drop(run);
    let table = other.load();
    let mut next = table.metadata.value.clone();
    next.current_snapshot_id = before;
    next.refs.get_mut("main").unwrap().snapshot_id = before.unwrap();
    let log =
        lake::metadata::snapshot::SnapshotLogEntry { snapshot_id: before.unwrap(), timestamp_ms: next.last_updated_ms };
    next.snapshot_log.push(log);
    let change = lake::catalog::TableChange { base: &table, next };
    assert!(matches!(other.lake.catalog.commit(vec![change]).unwrap(), lake::catalog::Committed::Swapped(_)));
    let mut run = Run::start(&place, &RunOptions::upsert(&place)).unwrap();
    assert_eq!(run.recovered.positions, [(partition(0), Offset(3))].into());
    assert_eq!(run.recovered.notes.len(), 1);
    assert!(run.recovered.notes[0].contains("rolled back"), "{:?}", run.recovered.notes);
    run.write(&[set(3, 1, Value::Absent, 12)]).unwrap();
    run.commit(&[(0, 4)]).unwrap();
    assert_eq!(place.table()[&1], row(Some("first"), 12));
}

#[test]
fn many_partitions_go_to_a_file_beside_the_metadata() {
    let (place, mut run, _) = started();
    let ends: Vec<(i32, i64)> = (0..200).map(|index| (index, 1_000_000 + i64::from(index))).collect();
    run.write(&[set(3, 1, Value::Set("second"), 1)]).unwrap();
    run.commit(&ends).unwrap();
    drop(run);
    assert!(place.files("metadata").iter().any(|name| name.contains("positions")));
    let run = Run::start(&place, &RunOptions { memory: ByteCount::mib(64), ..RunOptions::upsert(&place) }).unwrap();
    assert_eq!(run.recovered.positions.len(), 200);
    assert_eq!(run.recovered.positions[&partition(199)], Offset(1_000_199));
}
