//! What planning does outside: nothing when checking, and what CREATE asks for when running.

use sql::{Mode, Overrides};

use crate::catalog::Lake;
use crate::harness::{SHOP, plan_with};

const INSERT: &str = "INSERT INTO lake.db.log SELECT id, name, n FROM events;";

#[test]
fn checking_creates_nothing_and_running_creates_what_is_asked_for() {
    let lake = Lake::default();
    let job = format!("{SHOP}{INSERT}");
    plan_with(&lake, &job, &Overrides::default(), Mode::Check).unwrap();
    assert!(lake.tables.lock().unwrap().is_empty() && lake.databases.lock().unwrap().is_empty());
    let planned = plan_with(&lake, &job, &Overrides::default(), Mode::Run).unwrap();
    assert_eq!(*lake.databases.lock().unwrap(), ["db"]);
    assert_eq!(lake.tables.lock().unwrap().keys().cloned().collect::<Vec<_>>(), ["db.log", "db.sink"]);
    let pipelines: Vec<&str> = planned.job.pipelines.iter().map(|one| one.name.as_str()).collect();
    assert_eq!((planned.job.name.as_str(), pipelines), ("test", vec!["lake.db.log"]));
}

#[test]
fn nothing_is_created_for_a_job_with_an_error() {
    let lake = Lake::default();
    let job = format!("{SHOP}INSERT INTO lake.db.log SELECT nope FROM events;");
    plan_with(&lake, &job, &Overrides::default(), Mode::Run).unwrap_err();
    assert!(lake.tables.lock().unwrap().is_empty() && lake.databases.lock().unwrap().is_empty());
}

#[test]
fn a_table_that_exists_is_taken_if_it_is_the_same() {
    let lake = Lake::default();
    let create = |column: &str| {
        format!(
            "SET 'pipeline.name' = 'test';
             CREATE CATALOG lake WITH ('type'='iceberg', 'uri'='jdbc:sqlite:x', 'warehouse'='w');
             CREATE DATABASE IF NOT EXISTS lake.db;
             CREATE TABLE IF NOT EXISTS lake.db.t ({column}, PRIMARY KEY (id) NOT ENFORCED);"
        )
    };
    let run = |text: &str| plan_with(&lake, text, &Overrides::default(), Mode::Run);
    run(&create("id BIGINT")).unwrap();
    run(&create("id BIGINT")).unwrap();
    insta::assert_snapshot!(run(&create("id INT")).unwrap_err());
    let again =
        create("id BIGINT").replace("TABLE IF NOT EXISTS", "TABLE").replace("DATABASE IF NOT EXISTS", "DATABASE");
    insta::assert_snapshot!(run(&again).unwrap_err());
}

#[test]
fn a_first_run_converts_as_the_second() {
    let lake = Lake::default();
    let job =
        format!("{SHOP}CREATE TABLE lake.db.short (s VARCHAR(3)); INSERT INTO lake.db.short SELECT name FROM events;");
    let again = job.replace("CREATE TABLE lake", "CREATE TABLE IF NOT EXISTS lake");
    let first = plan_with(&lake, &job, &Overrides::default(), Mode::Run).unwrap();
    let second = plan_with(&lake, &again, &Overrides::default(), Mode::Run).unwrap();
    assert_eq!(first.explain, second.explain);
    assert!(first.explain.contains("select=[name AS s STRING]"), "{}", first.explain);
}

#[test]
fn a_table_of_the_catalog_needs_no_declaration() {
    let lake = Lake::default();
    plan_with(&lake, &format!("{SHOP}{INSERT}"), &Overrides::default(), Mode::Run).unwrap();
    let without = SHOP.lines().filter(|line| !line.starts_with("CREATE TABLE lake")).collect::<Vec<_>>().join("\n");
    let job = format!("{without}\nINSERT INTO lake.db.sink SELECT id, status FROM orders;");
    let planned = plan_with(&lake, &job, &Overrides::default(), Mode::Run).unwrap();
    assert!(planned.explain.contains("iceberg(db.sink, upsert)"), "{}", planned.explain);
}

#[test]
fn a_hint_is_checked_and_not_the_properties_that_others_gave_the_table() {
    let lake = Lake::default();
    plan_with(&lake, SHOP, &Overrides::default(), Mode::Run).unwrap();
    for table in lake.tables.lock().unwrap().values_mut() {
        table.options.insert("owner".into(), "somebody".into());
    }
    let shop = SHOP.replace("CREATE TABLE lake", "CREATE TABLE IF NOT EXISTS lake");
    let insert = |hint: &str| {
        let insert = format!("INSERT INTO lake.db.log /*+ OPTIONS('{hint}'='true') */ SELECT id, name, n FROM events;");
        plan_with(&lake, &format!("{shop}{insert}"), &Overrides::default(), Mode::Check)
    };
    insert("write.upsert.enabled").unwrap();
    let error = insert("write.upsert.enable").unwrap_err().to_string();
    assert!(
        error.contains("unknown option 'write.upsert.enable'") && error.contains("'write.upsert.enabled'?"),
        "{error}"
    );
}

#[test]
fn the_command_line_wins_over_the_file() {
    let overrides = Overrides {
        set: vec![("pipeline.name".into(), "other".into()), ("millstream.nope".into(), "1".into())],
        bootstrap: Some("there:1".into()),
    };
    let job = format!("{SHOP}{INSERT}");
    insta::assert_snapshot!(plan_with(&Lake::default(), &job, &overrides, Mode::Check).unwrap_err());
    let overrides = Overrides { set: overrides.set.into_iter().take(1).collect(), ..overrides };
    let planned = plan_with(&Lake::default(), &job, &overrides, Mode::Check).unwrap();
    assert_eq!(planned.job.name, "other");
    assert!(planned.explain.contains("servers=there:1"), "{}", planned.explain);
}

#[test]
fn settings_are_those_of_the_whole_file() {
    let job = "SET 'a.b' = '1'; SET execution.checkpointing.interval = 5 s; SET pipeline.name = x; RESET 'a.b';";
    let planned = plan_with(&Lake::default(), job, &Overrides::default(), Mode::Check).unwrap();
    let settings: Vec<(String, String)> = planned.job.settings.values.into_iter().collect();
    let expected = [("execution.checkpointing.interval", "5 s"), ("pipeline.name", "x")];
    assert_eq!(settings, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
}
