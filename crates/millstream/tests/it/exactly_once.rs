//! A job that is stopped, killed, restarted and run twice: its table holds each row once.

use std::process::Stdio;

use crate::harness::Harness;
use crate::harness_jobs::{cdc_job, delete, upsert};

fn names(harness: &Harness) -> Vec<(String, String)> {
    let text = |cell: &Option<String>| cell.clone().unwrap_or_else(|| "NULL".into());
    harness.rows("t", &["id", "name"]).iter().map(|row| (text(&row[0]), text(&row[1]))).collect()
}

fn expected(rows: &[(i64, &str)]) -> Vec<(String, String)> {
    rows.iter().map(|(id, name)| (id.to_string(), (*name).to_owned())).collect()
}

#[test]
fn a_second_run_goes_on_where_the_first_stopped_also_without_its_state() {
    let harness = Harness::new();
    harness.create_topic("t", "3");
    let job = harness.write("job.sql", &cdc_job(""));
    harness.produce("t", &[upsert(1, "a", 1), upsert(2, "b", 2), upsert(3, "c", 3)].concat());
    let first = harness.run_job(&job);
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    assert_eq!(names(&harness), expected(&[(1, "a"), (2, "b"), (3, "c")]));
    harness.produce("t", &[upsert(2, "B", 4), delete(1, 5), upsert(4, "d", 6)].concat());
    std::fs::remove_dir_all(harness.path("millstream-state")).unwrap();
    let second = harness.run_job(&job);
    assert_eq!(second.code, Some(0), "{}", second.stderr);
    assert_eq!(names(&harness), expected(&[(2, "B"), (3, "c"), (4, "d")]));
    let snapshots = crate::tables::load(&harness.path("warehouse"), "t").metadata.snapshots.len();
    let third = harness.run_job(&job);
    assert_eq!(third.code, Some(0), "{}", third.stderr);
    assert_eq!(
        crate::tables::load(&harness.path("warehouse"), "t").metadata.snapshots.len(),
        snapshots,
        "nothing new, but a commit"
    );
}

#[test]
fn a_job_that_begins_at_the_end_misses_nothing_between_its_runs() {
    let harness = Harness::new();
    harness.create_topic("t", "3");
    let job = harness.write("job.sql", &cdc_job("").replace("earliest-offset", "latest-offset"));
    harness.produce("t", &upsert(1, "before it began", 1));
    for id in 2..5 {
        let run = harness.run_job(&job);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        harness.produce("t", &upsert(id, "between two runs", id));
    }
    assert_eq!(harness.run_job(&job).code, Some(0));
    assert_eq!(names(&harness), expected(&[2, 3, 4].map(|id| (id, "between two runs"))));
}

#[test]
fn a_process_that_dies_in_a_commit_leaves_nothing_and_loses_nothing() {
    for failpoint in ["after-prepare", "before-swap", "after-swap"] {
        let harness = Harness::new();
        harness.create_topic("t", "2");
        let job = harness.write("job.sql", &cdc_job(""));
        harness.produce("t", &[upsert(1, "a", 1), upsert(2, "b", 2)].concat());
        let (job_path, bootstrap) = (job.to_str().unwrap().to_owned(), harness.bootstrap());
        let setting = format!("millstream.failpoint={failpoint}");
        let died = harness.run(&["run", &job_path, "--bounded", "--bootstrap", &bootstrap, "--set", &setting]);
        assert_ne!(died.code, Some(0), "{failpoint}");
        harness.produce("t", &upsert(1, "A", 3));
        let ended = harness.run_job(&job);
        assert_eq!(ended.code, Some(0), "{failpoint}: {}", ended.stderr);
        assert_eq!(names(&harness), expected(&[(1, "A"), (2, "b")]), "{failpoint}");
        assert_eq!(unknown_files(&harness), Vec::<String>::new(), "{failpoint}");
    }
}

/// Data files of the table that none of its snapshots has.
pub(crate) fn unknown_files(harness: &Harness) -> Vec<String> {
    let table = crate::tables::load(&harness.path("warehouse"), "t");
    let known = crate::tables::files_of_all_snapshots(&table);
    let data = std::fs::read_dir(harness.path("warehouse/db/t/data")).unwrap();
    let names = data.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| !known.iter().any(|file| file.ends_with(name.as_str()))).collect()
}

#[test]
fn of_two_runs_one_goes_on_and_the_other_says_that_it_was_overtaken() {
    let harness = Harness::new();
    harness.create_topic("t", "1");
    let job = harness.write("job.sql", &cdc_job("SET 'execution.checkpointing.interval' = '1 d';"));
    harness.produce("t", &upsert(1, "a", 1));
    let bootstrap = harness.bootstrap();
    let arguments = ["run", job.to_str().unwrap(), "--bootstrap", &bootstrap, "--progress", "json", "--state", "other"];
    let mut other = harness.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for_record(&mut other);
    let same_folder = ["run", job.to_str().unwrap(), "--bounded", "--bootstrap", &bootstrap, "--state", "other"];
    let holder = format!("the process {} holds it", other.id());
    harness.fail(&same_folder, &["another run uses the state folder other", &holder, "--state"]);
    let ended = harness.run_job(&job);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    // SIGTERM: it commits what it read, and finds that somebody else did.
    let pid = other.id().to_string();
    assert!(std::process::Command::new("kill").arg(&pid).status().unwrap().success());
    let other = crate::harness::ended(other.wait_with_output().unwrap());
    assert_ne!(other.code, Some(0));
    assert!(other.stderr.contains("overtaken by another run"), "{}", other.stderr);
    assert_eq!(names(&harness), expected(&[(1, "a")]));
}

/// Reads progress until the job has a record.
pub(crate) fn wait_for_record(job: &mut std::process::Child) {
    use std::io::BufRead;
    let mut lines = std::io::BufReader::new(job.stdout.as_mut().unwrap()).lines();
    let read = lines.any(|line| line.unwrap().contains(r#""records":1,"#));
    assert!(read, "the job ended before it read anything");
}
