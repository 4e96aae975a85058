//! Brokers that are down and disks that cannot be written: the job says so and goes on by itself once they are back, or
//! ends with a message; nothing is lost.

use std::process::Command;

use crate::harness::{Harness, Running};
use crate::harness_jobs::{cdc_job, upsert};

const EVERY_50_MS: &str = "SET 'execution.checkpointing.interval' = '50 ms';";

/// A job that says when it commits.
fn job(harness: &Harness, more: &[&str]) -> Command {
    let job = harness.write("job.sql", &cdc_job(EVERY_50_MS));
    let mut command = harness.command(&["run", job.to_str().unwrap(), "--bootstrap", &harness.bootstrap()]);
    command.args(["--progress", "none"]).args(more).env("MILLSTREAM_LOG", "debug");
    command
}

fn names(harness: &Harness) -> Vec<String> {
    let rows = harness.rows("t", &["id", "name"]);
    rows.iter()
        .map(|row| row.iter().map(|cell| cell.clone().unwrap_or_default()).collect::<Vec<_>>().join(" "))
        .collect()
}

#[test]
fn a_job_waits_for_a_broker_that_is_down_and_says_where_it_looks_for_it() {
    let harness = Harness::without_broker();
    let broker = harness.start_broker();
    harness.create_topic("t", "2");
    harness.produce("t", &[upsert(1, "a", 1), upsert(2, "b", 2)].concat());
    broker.kill();
    let mut waiting = Running::start(job(&harness, &["--bounded"]));
    waiting.wait_for(&format!("trying again: the Kafka broker at {} cannot be reached", harness.bootstrap()));
    waiting.wait_for("hint: start the broker, or name another with --bootstrap");
    let broker = harness.start_broker();
    let ended = waiting.ended();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(names(&harness), ["1 a", "2 b"]);
    broker.kill();
}

#[test]
fn a_job_that_waits_for_a_broker_ends_when_it_is_told_to() {
    let harness = Harness::without_broker();
    let mut waiting = Running::start(job(&harness, &[]));
    waiting.wait_for("trying again: ");
    waiting.terminate();
    let ended = waiting.ended();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

#[test]
fn a_job_goes_on_after_its_broker_was_killed_in_between() {
    let harness = Harness::without_broker();
    let mut broker = harness.start_broker();
    harness.create_topic("t", "2");
    harness.produce("t", &upsert(1, "a", 1));
    let mut running = Running::start(job(&harness, &[]));
    let mut expected = vec!["1 a".to_owned()];
    for id in 2..5 {
        running.wait_for("committed");
        assert_eq!(names(&harness), expected);
        broker.kill();
        running.wait_for(&format!("trying again: the connection to the Kafka broker at {}", harness.bootstrap()));
        broker = harness.start_broker();
        harness.produce("t", &upsert(id, "more", id));
        expected.push(format!("{id} more"));
    }
    running.wait_for("committed");
    running.terminate();
    let ended = running.ended();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(names(&harness), expected);
    assert!(!ended.stderr.contains("restarting"), "an outage of the broker restarts nothing:\n{}", ended.stderr);
    broker.kill();
}

/// As the shell's `ulimit -f`: what a full disk does to a file, and needs no rights.
fn with_small_files(command: &Command, blocks: u32) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\""), "sh"]);
    shell.arg(command.get_program()).args(command.get_args()).current_dir(command.get_current_dir().unwrap());
    shell.stdin(std::process::Stdio::null()).env("MILLSTREAM_LOG", "debug");
    shell
}

#[test]
fn a_write_that_fails_is_tried_again_with_its_path_and_nothing_is_lost() {
    let harness = Harness::new();
    harness.create_topic("t", "1");
    assert_eq!(harness.run_job(&harness.write("job.sql", &cdc_job(EVERY_50_MS))).code, Some(0));
    // Values that no codec makes small: a data file with one of them is larger than the limit, however commits divide them.
    let mut rng = base::Rng::from_seed(7);
    let mut name = || (0..10_000).map(|_| rng.next_u64().to_string()).collect::<String>();
    let rows: Vec<String> = (0..2).map(|id| upsert(id, &name(), id)).collect();
    harness.produce("t", &rows.concat());
    let mut failing = Running::start(with_small_files(&job(&harness, &[]), 128));
    for _ in 0..2 {
        failing.wait_for("restarting after: cannot write");
        failing.wait_for("detail: File too large");
        failing.wait_for("hint: ");
    }
    failing.terminate();
    let failed = failing.ended();
    assert!(failed.stderr.contains("warehouse/db/t/data/"), "{}", failed.stderr);
    let ended = harness.run_job(&harness.path("job.sql"));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(harness.rows("t", &["id"]).len(), 2);
    assert_eq!(crate::exactly_once::unknown_files(&harness), Vec::<String>::new());
}

#[test]
fn a_job_that_cannot_commit_when_it_is_stopped_says_so() {
    let harness = Harness::new();
    harness.create_topic("t", "1");
    let seldom = harness.write("job.sql", &cdc_job("SET 'execution.checkpointing.interval' = '1 d';"));
    let arguments = ["run", seldom.to_str().unwrap(), "--bootstrap", &harness.bootstrap(), "--progress", "json"];
    harness.produce("t", &upsert(1, "a", 1));
    let mut running = harness.command(&arguments);
    let mut running =
        running.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    crate::exactly_once::wait_for_record(&mut running);
    std::fs::remove_dir_all(harness.path("warehouse/db/t/data")).unwrap();
    harness.write("warehouse/db/t/data", "a file where the folder was");
    assert!(Command::new("kill").arg(running.id().to_string()).status().unwrap().success());
    let ended = crate::harness::ended(running.wait_with_output().unwrap());
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("error: lake.db.t: cannot create ") && ended.stderr.contains("/warehouse/db/t/data/"),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("read again by the next run"), "{}", ended.stderr);
}

#[test]
fn a_state_folder_that_cannot_be_made_is_named() {
    let harness = Harness::new();
    harness.create_topic("t", "1");
    let job = harness.write("job.sql", &cdc_job(""));
    harness.write("state", "a file where the folder should be");
    let arguments = ["run", job.to_str().unwrap(), "--bootstrap", &harness.bootstrap(), "--state", "state"];
    harness.fail(&arguments, &["the state folder state cannot be used", "--state"]);
}
