//! A disk that fails at any call of a commit, or stops with what was never synced lost, loses no row and leaves nothing.

use std::path::PathBuf;
use std::sync::Arc;

use base::disk::faulty::{FaultyDisk, Loss};
use base::{Result, Rng};
use lake::catalog::{Catalog, TableIdent};
use lake::read::SnapshotFiles;

use super::job::{Place, Run, RunOptions};
use super::stream::Stream;

/// A place whose warehouse and state are on `disk`.
fn place(disk: &FaultyDisk) -> Place {
    let place = Place { disk: Arc::new(disk.clone()), root: PathBuf::from("/w"), ..Place::new() };
    place.disk.create_dir_all(&place.root).unwrap();
    place.disk.sync_dir(std::path::Path::new("/")).unwrap();
    place
}

const FIRST: usize = 60;
const ALL: usize = 120;

/// Writes and commits up to `to`, from wherever the table stands.
fn go_on(place: &Place, stream: &Stream, to: usize) -> Result<()> {
    let mut run = Run::start(place, &RunOptions::upsert(place))?;
    let from = stream.count_at(&run.at);
    for part in stream.changes[from..to].chunks(7) {
        run.write(part)?;
    }
    run.commit(&stream.ends(to)).map(|_| ())
}

fn check(place: &Place, stream: &Stream, to: usize, case: &str) {
    // What a run finds wrong in its cache it forgets; the next one builds it anew.
    let mut last = None;
    for _ in 0..3 {
        last = go_on(place, stream, to).err();
        if last.is_none() {
            break;
        }
    }
    assert!(last.is_none(), "{case}: {last:?}");
    assert_eq!(place.table(), stream.table(to), "{case}");
    let (catalog, account) = place.look();
    let table = catalog.load(&TableIdent::new("shop", "t")).unwrap().unwrap();
    let snapshot = table.metadata.current_snapshot().unwrap();
    let mut files = SnapshotFiles::open(place.disk.clone(), snapshot, account).unwrap();
    let mut named = std::collections::BTreeSet::new();
    while let Some(file) = files.next_file().unwrap() {
        let locations = std::iter::once(&file.entry.data_file).chain(&file.deletes).map(|file| file.file_path.clone());
        named.extend(locations.map(|location| location.rsplit('/').next().unwrap().to_owned()));
    }
    // Vectors that a later commit replaced stay until their snapshot expires.
    let kept = |name: &String| named.contains(name) || name.contains("puffin");
    let left: Vec<String> = place.files("data").into_iter().filter(|name| !kept(name)).collect();
    assert!(left.is_empty(), "{case}: left behind: {left:?}");
}

fn started(disk: &FaultyDisk, stream: &Stream) -> Place {
    let place = place(disk);
    place.create(true);
    go_on(&place, stream, FIRST).unwrap();
    place
}

/// So many failures are tried on one table, one after another.
const TRIES: usize = 12;

#[test]
fn a_disk_that_fails_at_any_call_of_a_commit_loses_nothing() {
    const STEP: usize = 8;
    let stream = Stream::random(&mut Rng::from_seed(2), 60 + TRIES * STEP * 2, 20);
    let mut n = 0;
    loop {
        let disk = FaultyDisk::new();
        let place = place(&disk);
        place.create(true);
        let mut done = 60;
        go_on(&place, &stream, done).unwrap();
        for _ in 0..TRIES {
            disk.fail_call(n);
            let before = disk.calls();
            let failed = go_on(&place, &stream, done + STEP).err().map(|error| error.to_string());
            if disk.calls() - before <= n {
                assert!(n > 50, "only {n} calls in a commit");
                return;
            }
            disk.fail_nothing();
            if n % 3 > 0 {
                disk.crash(if n % 3 == 1 { Loss::Everything } else { Loss::Torn { seed: n } });
            }
            done += 2 * STEP;
            check(&place, &stream, done, &format!("call {n}: {failed:?}"));
            n += 1;
        }
    }
}

#[test]
fn a_machine_that_stops_after_a_commit_has_it() {
    let stream = Stream::random(&mut Rng::from_seed(5), ALL, 20);
    for seed in 0..8 {
        let disk = FaultyDisk::new();
        let place = started(&disk, &stream);
        disk.crash(if seed == 0 { Loss::Everything } else { Loss::Torn { seed } });
        assert_eq!(place.table(), stream.table(FIRST), "seed {seed}");
        check(&place, &stream, ALL, &format!("seed {seed}"));
    }
}
