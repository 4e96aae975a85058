//! Whatever the memory, the reduction of a commit is the one that a list of all operations gives.

use std::collections::BTreeMap;

use base::{ByteCount, Rng};
use lake::run::{Cell, Kind, Reduced, SORT_FLOOR};
use proptest::prelude::*;
use rows::RowKind;

use super::small_table::{Change, Value, account, batch, hash_of, layout, sorter, upsert_input};

/// What is left of a key after a commit. An absent cell is to be looked up, or NULL where something cut the look-up.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Final {
    Gone,
    Row { name: Value<String>, n: Value<i64>, look_up: bool },
}

/// Orders each key's changes by the rules and folds them.
fn model(changes: &[Change]) -> BTreeMap<i64, Final> {
    let mut by_key: BTreeMap<i64, Vec<(u64, Change)>> = BTreeMap::new();
    let mut sorted = changes.to_vec();
    sorted.sort_by_key(|change| (change.partition, change.offset));
    for change in sorted {
        let list = by_key.entry(change.id).or_default();
        let before = list.iter().rev().find(|(_, earlier)| earlier.partition == change.partition);
        let position = change.position.unwrap_or_else(|| before.map_or(0, |(position, _)| *position));
        list.push((position, change));
    }
    by_key
        .into_iter()
        .map(|(id, mut list)| {
            list.sort_by_key(|(position, change)| (*position, change.partition, change.offset));
            (id, fold(list.into_iter().map(|(_, change)| change)))
        })
        .collect()
}

fn fold(changes: impl Iterator<Item = Change>) -> Final {
    let mut gone = false;
    let (mut name, mut n, mut look_up) = (Value::Absent, Value::Absent, true);
    for change in changes {
        gone = change.kind == RowKind::Delete;
        if change.kind != RowKind::UpdateAfter {
            (name, n, look_up) = (Value::Absent, Value::Absent, false);
        }
        if !gone {
            if change.name != Value::Absent {
                name = change.name;
            }
            if change.n != Value::Absent {
                n = change.n;
            }
        }
    }
    if gone {
        Final::Gone
    } else {
        Final::Row { look_up: look_up && (name == Value::Absent || n == Value::Absent), name, n }
    }
}

fn collect(mut reduced: Reduced, ids: i64) -> BTreeMap<i64, Final> {
    let layout = layout();
    let by_hash: BTreeMap<u128, i64> = (0..ids).map(|id| (hash_of(id), id)).collect();
    let mut result = BTreeMap::new();
    let mut last = None;
    while let Some(record) = reduced.next_operation().unwrap() {
        assert!(last < Some(record.hash), "hashes do not grow");
        last = Some(record.hash);
        let id = by_hash[&record.hash];
        let found = if record.kind == Kind::Delete {
            Final::Gone
        } else {
            let (_, rest) = layout.cell(0, &record.row).unwrap();
            let (name, rest) = layout.cell(1, rest).unwrap();
            let (n, _) = layout.cell(2, rest).unwrap();
            let name = value(name, |bytes| String::from_utf8(bytes.to_vec()).unwrap());
            let n = value(n, |bytes| i64::from_le_bytes(bytes.try_into().unwrap()));
            Final::Row { name, n, look_up: record.absent && record.effective_cut().is_none() }
        };
        result.insert(id, found);
    }
    result
}

fn value<T>(cell: Cell<'_>, decode: impl Fn(&[u8]) -> T) -> Value<T> {
    match cell {
        Cell::Null => Value::Null,
        Cell::Absent => Value::Absent,
        Cell::Value(bytes) => Value::Set(decode(bytes)),
    }
}

/// Changes of a few keys over some partitions, each partition in the order of its offsets, partitions interleaved.
fn random_changes(rng: &mut Rng, count: usize, ids: i64, text: usize) -> Vec<Change> {
    let mut offsets = [0; 3];
    let mut positions = [0; 3];
    (0..count)
        .map(|at| {
            let partition = rng.below(3) as usize;
            offsets[partition] += 1 + rng.below(2) as i64;
            // Positions grow within a partition most of the time; partitions are read at different speeds.
            positions[partition] += rng.below(30);
            let position = positions[partition] + 100 - rng.below(5);
            let kind =
                [RowKind::Insert, RowKind::UpdateAfter, RowKind::UpdateAfter, RowKind::UpdateAfter, RowKind::Delete]
                    [rng.below(5) as usize];
            let tombstone = kind == RowKind::Delete && rng.below(2) == 0;
            Change {
                partition: partition as i32,
                offset: offsets[partition],
                position: (!tombstone).then_some(position),
                kind,
                id: rng.below(ids as u64) as i64,
                name: match rng.below(4) {
                    0 => Value::Null,
                    1 | 2 => Value::Absent,
                    _ => Value::Set(format!("{at}-{}", "x".repeat(rng.below(text as u64 + 1) as usize))),
                },
                n: if rng.below(3) == 0 { Value::Absent } else { Value::Set(at as i64) },
            }
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn spilling_at_any_moment_changes_nothing(seed in any::<u64>()) {
        let mut rng = Rng::from_seed(seed);
        let changes = random_changes(&mut rng, 300, 25, 20);
        let dir = tempfile::tempdir().unwrap();
        let account = account(SORT_FLOOR);
        let mut sorter = sorter(&dir.path().join("runs"), &account);
        let mut input = upsert_input();
        for change in &changes {
            input.take(&layout(), &batch(std::slice::from_ref(change)), &mut sorter).unwrap();
            if rng.below(5) == 0 {
                sorter.spill().unwrap();
            }
        }
        // More runs than are merged at once, so that merged runs are merged again.
        prop_assert!(sorter.counts().runs_spilled > 32);
        let reduced = sorter.finish(&account, &account).unwrap();
        prop_assert!(sorter.counts().merge_passes > 0);
        prop_assert_eq!(collect(reduced, 25), model(&changes));
    }
}

#[test]
fn a_small_budget_spills_and_a_large_one_does_not() {
    let mut rng = Rng::from_seed(3);
    let changes = random_changes(&mut rng, 60_000, 20_000, 60);
    let expected = model(&changes);
    for (floor, spills) in [(SORT_FLOOR, true), (ByteCount::mib(64), false)] {
        let dir = tempfile::tempdir().unwrap();
        let account = account(floor);
        let mut sorter = sorter(&dir.path().join("runs"), &account);
        let mut input = upsert_input();
        for part in changes.chunk_by(|a, b| a.partition == b.partition) {
            input.take(&layout(), &batch(part), &mut sorter).unwrap();
        }
        let reduced = sorter.finish(&account, &account).unwrap();
        assert_eq!(sorter.counts().runs_spilled > 0, spills, "{floor}");
        assert!(account.used() <= floor);
        assert!(collect(reduced, 20_000) == expected, "wrong with {floor}");
        drop(sorter);
        assert_eq!(account.used(), ByteCount::ZERO);
        let left = std::fs::read_dir(dir.path().join("runs")).map_or(0, Iterator::count);
        assert_eq!(left, 0, "runs were left behind");
    }
}

#[test]
fn a_damaged_run_is_told_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let account = account(SORT_FLOOR);
    let mut sorter = sorter(&dir.path().join("runs"), &account);
    let changes = random_changes(&mut Rng::from_seed(1), 500, 100, 10);
    for change in &changes {
        upsert_input().take(&layout(), &batch(std::slice::from_ref(change)), &mut sorter).unwrap();
    }
    sorter.spill().unwrap();
    let path = dir.path().join("runs/000000.run");
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let told = sorter.finish(&account, &account).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(told.contains("checksum"), "{told}");
}
