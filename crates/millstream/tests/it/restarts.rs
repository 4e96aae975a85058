//! A job that fails again and again holds no more than one that failed a few times.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::Value;

use crate::harness::Harness;
use crate::harness_jobs::{cdc_job, upsert};

/// What a process owns beside memory: threads, tasks, open files.
const OWNED: [&str; 3] = ["threads", "tasks", "open_files"];

/// Writing fails for as long as a file stands in place of the table's data folder; each failure takes the pipeline down and starts it again.
#[test]
fn restarts_leave_no_thread_task_or_file_behind() {
    let harness = Harness::new();
    harness.create_topic("t", "2");
    let quick = "SET 'execution.checkpointing.interval' = '5 ms';
SET 'restart-strategy.exponential-delay.initial-backoff' = '1 ms';
SET 'restart-strategy.exponential-delay.max-backoff' = '2 ms';";
    let job = harness.write("job.sql", &cdc_job(quick));
    harness.produce("t", &upsert(1, "a", 1));
    let bootstrap = harness.bootstrap();
    let arguments = ["run", job.to_str().unwrap(), "--bootstrap", &bootstrap, "--progress", "json"];
    let mut run = harness.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines = BufReader::new(run.stdout.take().unwrap()).lines();
    let mut lines = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    lines.find(|line| line["commits"] == 1).unwrap();

    let (data, away) = (harness.path("warehouse/db/t/data"), harness.path("away"));
    std::fs::rename(&data, &away).unwrap();
    std::fs::write(&data, "").unwrap();
    harness.produce("t", &upsert(2, "b", 2));
    let mut most_from = |restarts: u64| {
        let reports = lines.by_ref().skip_while(|line| line["restarts"].as_u64().unwrap() < restarts).take(5);
        let reports: Vec<Value> = reports.collect();
        OWNED.map(|what| reports.iter().map(|line| line[what].as_u64().unwrap()).max().unwrap())
    };
    let early = most_from(10);
    let late = most_from(200);
    for (what, (early, late)) in OWNED.iter().zip(early.into_iter().zip(late)) {
        // A pipeline that starts holds a few more for a moment; one left behind by each of 190 restarts is more than that.
        assert!(late < early + 10, "{what} grew from {early} to {late}");
    }

    std::fs::remove_file(&data).unwrap();
    std::fs::rename(&away, &data).unwrap();
    lines.find(|line| line["commits"].as_u64().unwrap() > 1).unwrap();
    run.kill().unwrap();
    run.wait().unwrap();
    assert_eq!(harness.rows("t", &["id"]).len(), 2);
}
