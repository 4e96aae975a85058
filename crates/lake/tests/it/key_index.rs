//! The key index finds what was put in, however its runs are merged.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use base::{ByteCount, Rng};
use lake::index::lookup::lookup_bytes;
use lake::index::{ENTRY_SORT_FLOOR, Entry, EntrySorter, IndexedFile, KeyIndex, NOWHERE, RUNS_MAX};
use ledger::{Account, Budget};

use super::small_table::{account, hash_of};

fn disk() -> Arc<dyn base::Disk> {
    Arc::new(base::RealDisk)
}

fn create(dir: &Path, account: &Account) -> KeyIndex {
    KeyIndex::create(disk(), dir.join("index"), "uuid", vec![1], account).unwrap()
}

fn load(dir: &Path, uuid: &str, account: &Account) -> Option<KeyIndex> {
    KeyIndex::load(disk(), dir.join("index"), uuid, &[1], account).unwrap()
}

fn attach(index: &mut KeyIndex, entries: &BTreeMap<u128, (u32, u32)>) {
    let disk = disk();
    let mut writer = index.new_run().unwrap();
    for (hash, (file, position)) in entries {
        writer.put(disk.as_ref(), Entry { hash: *hash, file: *file, position: *position }).unwrap();
    }
    let run = writer.finish(disk.as_ref()).unwrap();
    index.attach(run);
}

fn add_file(index: &mut KeyIndex, own: bool) -> u32 {
    let number = index.files.take_number();
    let location = format!("/t/data/{number}.parquet").into();
    index.files.insert(IndexedFile { number, location, rows: 1_000_000, own }).unwrap();
    number
}

#[test]
fn commits_and_merges_keep_the_newest_place_of_each_key() {
    let dir = tempfile::tempdir().unwrap();
    let account = account(ByteCount::mib(4));
    let mut index = create(dir.path(), &account);
    let mut rng = Rng::from_seed(11);
    let mut model: BTreeMap<i64, Option<(u32, u32)>> = BTreeMap::new();
    let mut runs_seen = 0;
    for commit in 0..40 {
        let file = add_file(&mut index, true);
        let mut entries = BTreeMap::new();
        for position in 0..rng.below(if commit % 7 == 0 { 5_000 } else { 50 }) as u32 {
            let id = rng.below(8_000) as i64;
            let place = if rng.below(5) == 0 { (NOWHERE, 0) } else { (file, position) };
            entries.insert(hash_of(id), place);
            model.insert(id, (place.0 != NOWHERE).then_some(place));
        }
        attach(&mut index, &entries);
        index.merge(&account).unwrap();
        index.save(Some(commit)).unwrap();
        runs_seen = runs_seen.max(index.run_count());
        assert!(index.run_count() <= RUNS_MAX);
        if commit % 10 == 9 {
            index = load(dir.path(), "uuid", &account).unwrap();
            assert_eq!(index.snapshot(), Some(commit));
            check(&index, &model, &account);
        }
    }
    assert!(runs_seen > 1 && index.merges() < 40, "{runs_seen} runs, {} merges", index.merges());
    let listed = std::fs::read_dir(dir.path().join("index")).unwrap().count();
    assert_eq!(listed, index.run_count() + 1, "files that nothing names were left");
}

fn check(index: &KeyIndex, model: &BTreeMap<i64, Option<(u32, u32)>>, account: &Account) {
    let mut sorted: Vec<(u128, i64)> = (0..8_000).map(|id| (hash_of(id), id)).collect();
    sorted.sort_unstable();
    let mut found = Vec::new();
    // All keys, then few keys: once by reading on, once by jumping.
    for step in [1, 500] {
        let mut lookup = index.lookup(account, account).unwrap();
        for (hash, id) in sorted.iter().step_by(step) {
            lookup.find(*hash, &index.files, &mut found).unwrap();
            let places: Vec<(u32, u32)> = found.iter().map(|entry| (entry.file, entry.position)).collect();
            let expected: Vec<(u32, u32)> = model.get(id).copied().flatten().into_iter().collect();
            assert_eq!(places, expected, "key {id}");
        }
    }
}

#[test]
fn rows_that_others_added_do_not_replace_and_gone_files_do_not_count() {
    let dir = tempfile::tempdir().unwrap();
    let account = account(ByteCount::mib(4));
    let mut index = create(dir.path(), &account);
    let (own, foreign) = (add_file(&mut index, true), add_file(&mut index, false));
    attach(&mut index, &BTreeMap::from([(hash_of(1), (own, 5))]));
    attach(&mut index, &BTreeMap::from([(hash_of(1), (foreign, 6))]));
    let places = |index: &KeyIndex| -> Vec<u32> {
        index.find(hash_of(1), &account).unwrap().iter().map(|entry| entry.position).collect()
    };
    assert_eq!(places(&index), [6, 5]);
    index.merge(&account).unwrap();
    assert_eq!(index.run_count(), 1);
    assert_eq!(places(&index), [6, 5]);
    index.files.remove(&format!("/t/data/{own}.parquet"));
    assert_eq!(places(&index), [6]);
}

#[test]
fn what_only_makes_lookups_faster_is_borrowed() {
    let dir = tempfile::tempdir().unwrap();
    let account = account(ByteCount::mib(4));
    let mut index = create(dir.path(), &account);
    let file = add_file(&mut index, true);
    attach(&mut index, &(0..5000).map(|id| (hash_of(i64::from(id)), (file, id))).collect());
    let before = account.used();
    for (memory, is_borrowed) in [(ByteCount::mib(4), true), (ByteCount::ZERO, false)] {
        let more = Budget::new(memory).account("more", ByteCount::ZERO);
        let lookup = index.lookup(&account, &more).unwrap();
        assert_eq!(account.used() - before, lookup_bytes(1));
        assert_eq!(more.used() > ByteCount::ZERO, is_borrowed);
        drop(lookup);
    }
}

#[test]
fn an_index_of_another_table_or_damaged_is_not_used() {
    let dir = tempfile::tempdir().unwrap();
    let account = account(ByteCount::mib(4));
    let mut index = create(dir.path(), &account);
    let file = add_file(&mut index, true);
    attach(&mut index, &(0..1_000).map(|id| (hash_of(id), (file, id as u32))).collect());
    index.save(Some(1)).unwrap();
    assert!(load(dir.path(), "uuid", &account).is_some());
    assert!(load(dir.path(), "another", &account).is_none());
    let run = dir.path().join("index/00000000.run");
    let whole = std::fs::read(&run).unwrap();
    let mut bytes = whole.clone();
    bytes[9_000] ^= 4;
    std::fs::write(&run, bytes).unwrap();
    let index = load(dir.path(), "uuid", &account).unwrap();
    let told = (0..1_000).find_map(|id| index.find(hash_of(id), &account).err()).unwrap();
    assert!(told.to_string().contains("checksum"), "{told}");
    std::fs::write(&run, &whole[..100]).unwrap();
    assert!(load(dir.path(), "uuid", &account).is_none());
    std::fs::write(dir.path().join("index/index.meta"), b"MSKEYMET").unwrap();
    assert!(load(dir.path(), "uuid", &account).is_none());
}

#[test]
fn entries_are_sorted_within_a_small_account() {
    let dir = tempfile::tempdir().unwrap();
    let account = account(ENTRY_SORT_FLOOR);
    let mut sorter = EntrySorter::new(disk(), dir.path().join("part"), &account);
    let mut rng = Rng::from_seed(5);
    let mut expected: Vec<Entry> = (0..200_000)
        .map(|_| Entry {
            hash: u128::from(rng.next_u64()) << 64,
            file: rng.below(9) as u32,
            position: rng.below(99) as u32,
        })
        .collect();
    for entry in &expected {
        sorter.push(*entry).unwrap();
    }
    let run = sorter.finish().unwrap().unwrap();
    expected.sort_unstable();
    let mut cursor = lake::index::cursor::RunCursor::new(run, None).unwrap();
    for entry in expected {
        assert_eq!(cursor.current(), Some(entry));
        cursor.advance().unwrap();
    }
    assert_eq!(cursor.current(), None);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}
