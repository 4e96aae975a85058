//! A process that dies at any moment of a commit: the child is this test binary, killed at a failpoint.

use std::path::PathBuf;
use std::process::Command;

use base::Rng;

use super::job::{Place, Run, RunOptions, lose};
use super::stream::Stream;

const DIR: &str = "MILLSTREAM_TEST_KILL_DIR";
const AT: &str = "MILLSTREAM_TEST_KILL_AT";
const SEED: u64 = 31;

fn stream() -> Stream {
    Stream::random(&mut Rng::from_seed(SEED), 120, 25)
}

/// Does nothing unless it is the child.
#[test]
fn child() {
    let (Some(dir), Some(at)) = (std::env::var_os(DIR), std::env::var(AT).ok()) else { return };
    let root = PathBuf::from(dir);
    let place = Place { catalog_dir: root.clone(), root, ..Place::new() };
    let options = RunOptions { settings: vec![("millstream.failpoint", at)], ..RunOptions::upsert(&place) };
    let mut run = Run::start(&place, &options).unwrap();
    let stream = stream();
    let from = stream.count_at(&run.at);
    run.write(&stream.changes[from..]).unwrap();
    drop(run.commit(&stream.ends(120)));
}

#[test]
fn a_commit_killed_at_any_failpoint_is_there_once_or_not_at_all() {
    let stream = stream();
    for (failpoint, is_there) in [("after-prepare", false), ("before-swap", false), ("after-swap", true)] {
        for lost in [false, true] {
            let place = Place::new();
            place.create(true);
            let mut run = Run::start(&place, &RunOptions::upsert(&place)).unwrap();
            run.write(&stream.changes[..60]).unwrap();
            run.commit(&stream.ends(60)).unwrap();
            drop(run);
            let ended = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "kill::child"])
                .env(DIR, &place.root)
                .env(AT, failpoint)
                .output()
                .unwrap();
            assert!(!ended.status.success(), "the child lived");
            let done = if is_there { 120 } else { 60 };
            assert_eq!(place.table(), stream.table(done), "{failpoint}");
            let data_files = place.files("data").len();
            if lost {
                lose(&place, &place.state());
            }
            let mut run = Run::start(&place, &RunOptions::upsert(&place)).unwrap();
            assert_eq!(stream.count_at(&run.at), done, "{failpoint}");
            assert_eq!(place.files("data").len() < data_files, !is_there, "{failpoint}: {:?}", place.files("data"));
            run.write(&stream.changes[done..]).unwrap();
            run.commit(&stream.ends(120)).unwrap();
            assert_eq!(place.table(), stream.table(120), "{failpoint}");
            let unnamed = place.files("metadata").into_iter().filter(|name| name.contains("metadata.json")).count();
            let (catalog, _) = place.look();
            let ident = lake::catalog::TableIdent::new("shop", "t");
            let table = lake::catalog::Catalog::load(&catalog, &ident).unwrap().unwrap();
            assert_eq!(
                unnamed,
                table.metadata.metadata_log.len() + 1,
                "{failpoint}: a version that nothing names was left"
            );
        }
    }
}
