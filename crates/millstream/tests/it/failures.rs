//! What a user can do wrong, and what the world can: each ends in a message that says what, where and what to do.

use crate::harness::Harness;
use crate::harness_jobs::{cdc_job, delete, event, upsert};

fn job_fails(harness: &Harness, job: &str, parts: &[&str]) {
    let job = harness.write("job.sql", job);
    let bootstrap = harness.bootstrap();
    harness.fail(&["run", job.to_str().unwrap(), "--bounded", "--bootstrap", &bootstrap], parts);
}

#[test]
fn mistakes_in_the_job_file_are_shown_where_they_are() {
    let harness = Harness::new();
    harness.create_topic("t", "1");
    let job = cdc_job("");
    job_fails(&harness, &job.replace("'topic'=", "'topics'="), &["job.sql:6:", "^", "'topics'", "'topic'"]);
    job_fails(&harness, &job.replace("SELECT id, name", "SELECT id, nam"), &["job.sql:9:", "^", "name"]);
    job_fails(&harness, &job.replace("earliest-offset", "earliest"), &["scan.startup.mode", "earliest-offset"]);
    job_fails(
        &harness,
        &job.replace(", PRIMARY KEY (id) NOT ENFORCED)\nWITH ('connector'", ")\nWITH ('connector'"),
        &["primary key"],
    );
    job_fails(
        &harness,
        &job.replace("SET 'pipeline.name'", "SET 'millstream.comit.max-bytes'='1';SET 'pipeline.name'"),
        &["millstream.commit.max-bytes"],
    );
    harness.fail(&["run", "missing.sql"], &["missing.sql"]);
}

#[test]
fn files_that_cannot_be_used_are_named_with_what_to_do() {
    let harness = Harness::new();
    let bootstrap = harness.bootstrap();
    harness.create_topic("t", "1");
    std::fs::create_dir(harness.path("folder")).unwrap();
    std::fs::write(harness.path("latin1.sql"), b"-- ok\nSELECT 'caf\xe9';").unwrap();
    std::fs::write(harness.path("latin1.json"), b"{\"value\":\"ok\"}\n{\"value\":\"caf\xe9\"}\n").unwrap();
    harness.write("broken.json", "{\"value\":\"a\"}\n\n{\"valu\":\"b\"}\n");
    harness.write("job.sql", &cdc_job(""));
    harness.write("file", "");
    let here = harness.dir.path().to_str().unwrap();
    for (arguments, parts) in [
        (
            &["check", "missing.sql"][..],
            &["the job file missing.sql", "No such file", "hint: correct the path", here][..],
        ),
        (&["run", "missing.sql"], &["the job file missing.sql", "hint: correct the path"]),
        (&["run", "job.sql/x"], &["the job file job.sql/x", "as if that were a folder"]),
        (&["check", "folder"], &["the job file folder", "hint: it is a folder"]),
        (&["check", "latin1.sql"], &["the job file latin1.sql", "line 2", "hint: save it as UTF-8"]),
        (&["run", "job.sql", "--state", "file"], &["the state folder file", "hint: a file stands in its place"]),
        (&["run", "job.sql", "--state", "file/x"], &["the state folder file/x", "hint: a file stands in its place"]),
        (&["produce", "t", "missing.json"], &["the records missing.json", "No such file", "hint: correct the path"]),
        (&["produce", "t", "folder"], &["the records folder", "hint: it is a folder"]),
        (
            &["produce", "t", "latin1.json", "--bootstrap", &bootstrap],
            &["latin1.json, line 2", "hint: ", "before what is wrong: 1"],
        ),
        (
            &["produce", "t", "broken.json", "--bootstrap", &bootstrap],
            &["broken.json, line 3", "hint: ", "before what is wrong: 1"],
        ),
        (&["demo", "--dir", "file"], &["file is no folder", "--dir"]),
        (&["broker", "--data", "file", "--listen", "127.0.0.1:0"], &["'file'", "hint: a file stands"]),
    ] {
        harness.fail(arguments, parts);
    }
    harness.write("marked.sql", &format!("\u{feff}{}", cdc_job("")));
    harness.succeed(&["check", "marked.sql"]);
    let raw = ["produce", "t", "latin1.json", "--format", "raw", "--bootstrap", &bootstrap];
    harness.succeed(&raw);
    let ended = harness.run(&["consume", "t", "--bounded", "--from", "3", "--bootstrap", &bootstrap]);
    assert!(ended.stdout.contains("value_base64"), "bytes that are no text arrive: {}", ended.stdout);
}

#[test]
fn bad_records_stop_the_job_with_their_place_or_go_where_they_are_sent() {
    let harness = Harness::new();
    harness.create_topic("t", "1");
    let bad = event(2, "not json");
    harness.produce("t", &[upsert(1, "a", 1), bad, upsert(3, "c", 3)].concat());
    job_fails(&harness, &cdc_job(""), &["t-0@1", "millstream.bad-records"]);
    let letters = "SET 'millstream.bad-records'='dead-letter'; SET 'millstream.bad-records.path'='bad';";
    let job = harness.write("job.sql", &cdc_job(letters));
    let ended = harness.run_job(&job);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(harness.rows("t", &["id"]).len(), 2);
    let letters = std::fs::read_to_string(harness.path("bad/s.ndjson")).unwrap();
    assert!(letters.contains(r#""at":"t-0@1""#) && letters.contains(r#""value":"not json""#), "{letters}");
}

#[test]
fn an_expression_without_a_value_is_told_with_its_record_and_column_whatever_bad_records_says() {
    let harness = Harness::new();
    harness.create_topic("t", "1");
    harness.produce("t", &[upsert(1, "7", 1), upsert(2, "seven", 2)].concat());
    let job = cdc_job("SET 'millstream.bad-records'='skip';")
        .replace("lake.db.t (id BIGINT NOT NULL, name STRING", "lake.db.t (id BIGINT NOT NULL, n INT");
    let cast = "CAST(name AS INT)";
    let parts = ["t-0@1: ", "'n'", "lake.db.t", "seven", cast, "hint: TRY_CAST(name AS INT) gives NULL", "bad-records"];
    job_fails(&harness, &job.replace("SELECT id, name", &format!("SELECT id, {cast}")), &parts);
    job_fails(
        &harness,
        &job.replace("SELECT id, name", "SELECT id, 1").replace("FROM s;", &format!("FROM s WHERE {cast} > 1;")),
        &["t-0@1: WHERE for lake.db.t", "seven", cast, "hint: TRY_CAST(name AS INT) gives NULL", "bad-records"],
    );
    let file = harness.write("job.sql", &job.replace("SELECT id, name", "SELECT id, TRY_CAST(name AS INT)"));
    let ended = harness.run_job(&file);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let row = |id: &str, n: Option<&str>| vec![Some(id.to_owned()), n.map(str::to_owned)];
    assert_eq!(harness.rows("t", &["id", "n"]), [row("1", Some("7")), row("2", None)]);
}

#[test]
fn one_table_may_have_debezium_settings_of_its_own() {
    let harness = Harness::new();
    harness.create_topic("t", "1");
    let value = r#"{"before":null,"after":{"id":1,"name":"a","price":"12.30"},"source":{"lsn":1},"op":"c"}"#;
    harness.produce("t", &event(1, value));
    let modes = "SET 'millstream.debezium.decimal.handling.mode' = 'double';
SET 'millstream.table.s.debezium.decimal.handling.mode' = 'string';";
    let ended = harness.run_job(&harness.write("job.sql", &cdc_job(modes)));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(harness.rows("t", &["id", "price"]), [[Some("1".to_owned()), Some("12.30".to_owned())]]);
    job_fails(
        &harness,
        &cdc_job(&modes.replace("table.s.", "table.z.")),
        &["job.sql:3:", "declares no table", "table.z."],
    );
}

#[test]
fn values_that_do_not_fit_are_named() {
    for (value, parts) in [
        (r#"{"before":null,"after":{"id":1,"name":"a","price":"x!"},"source":{"lsn":1},"op":"c"}"#, ["t-0@0", "price"]),
        (r#"{"before":null,"after":{"id":null,"name":"a"},"source":{"lsn":1},"op":"c"}"#, ["t-0@0", "id"]),
        (r#"{"before":null,"after":{"id":"one","name":"a"},"source":{"lsn":1},"op":"c"}"#, ["t-0@0", "id"]),
        (r#"{"source":{"lsn":1},"op":"t"}"#, ["t-0@0", "truncate.handling"]),
    ] {
        let harness = Harness::new();
        harness.create_topic("t", "1");
        harness.produce("t", &event(1, value));
        job_fails(&harness, &cdc_job(""), &parts);
    }
}

#[test]
fn topics_that_are_missing_or_were_recreated_are_named() {
    let harness = Harness::new();
    job_fails(&harness, &cdc_job(""), &["'t' does not exist", "topics create t"]);
    harness.create_topic("t", "1");
    harness.produce("t", &[upsert(1, "a", 1), delete(1, 2)].concat());
    let job = harness.write("job.sql", &cdc_job(""));
    assert_eq!(harness.run_job(&job).code, Some(0));
    harness.succeed(&["topics", "delete", "t", "--bootstrap", &harness.bootstrap()]);
    harness.create_topic("t", "1");
    harness.produce("t", &upsert(9, "z", 1));
    job_fails(&harness, &cdc_job(""), &["t-0: the topic was recreated", "pipeline.name"]);
    assert!(harness.rows("t", &["id"]).is_empty());
}

#[test]
fn a_table_that_differs_is_shown_with_the_difference() {
    let harness = Harness::new();
    harness.create_topic("t", "1");
    let job = harness.write("job.sql", &cdc_job(""));
    assert_eq!(harness.run_job(&job).code, Some(0));
    let other =
        cdc_job("").replace("lake.db.t (id BIGINT NOT NULL, name STRING", "lake.db.t (id BIGINT NOT NULL, name INT");
    job_fails(&harness, &other, &["name", "STRING", "INT"]);
}

#[test]
fn a_budget_that_cannot_hold_the_job_or_the_broker_is_refused_with_the_arithmetic() {
    let harness = Harness::new();
    harness.create_topic("t", "1");
    let job = harness.write("job.sql", &cdc_job(""));
    let bootstrap = harness.bootstrap();
    let arguments = ["run", job.to_str().unwrap(), "--bounded", "--bootstrap", &bootstrap, "--memory", "20MiB"];
    harness.fail(&arguments, &["this job: ", "the budget is 20MiB", "source/s/fetch", "give it --memory"]);
    let arguments = ["broker", "--data", "other", "--listen", "127.0.0.1:0", "--memory", "4MiB"];
    let fixed = "process: code, stacks, runtime (fixed)";
    let parts = ["this broker: ", "the budget is 4MiB", fixed, "1.0MiB  broker/fetch", "give it --memory"];
    harness.fail(&arguments, &parts);
}

#[test]
fn a_warehouse_that_cannot_be_written_ends_the_job_with_its_path() {
    let harness = Harness::new();
    harness.create_topic("t", "1");
    harness.write("warehouse", "a file where the folder should be");
    job_fails(&harness, &cdc_job(""), &["warehouse"]);
}
