//! Two jobs that write one table, as a second INSERT into a table has to be run: each goes on from its own positions.

use crate::harness::Harness;
use crate::harness_jobs::{cdc_job, delete, upsert};

fn ids(harness: &Harness) -> Vec<String> {
    harness.rows("t", &["id"]).into_iter().map(|row| row[0].clone().unwrap()).collect()
}

#[test]
fn jobs_of_other_names_write_one_table_and_each_goes_on_from_its_own_positions() {
    let harness = Harness::new();
    harness.create_topic("t", "2");
    harness.create_topic("u", "1");
    let low = harness.write("low.sql", &cdc_job("").replace("FROM s;", "FROM s WHERE id < 10;"));
    let high = cdc_job("").replace("'test'", "'other'").replace("'topic'='t'", "'topic'='u'");
    let high = harness.write("high.sql", &high.replace("FROM s;", "FROM s WHERE id >= 10;"));
    let run = |job| {
        let ended = harness.run_job(job);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    };
    harness.produce("t", &[upsert(1, "a", 1), upsert(2, "b", 2), upsert(10, "not from here", 3)].concat());
    harness.produce("u", &[upsert(11, "k", 1), upsert(12, "l", 2), upsert(3, "not from here", 3)].concat());
    run(&low);
    run(&high);
    assert_eq!(ids(&harness), ["1", "11", "12", "2"]);
    harness.produce("t", &[delete(1, 4), upsert(3, "c", 5)].concat());
    harness.produce("u", &[delete(12, 4), upsert(13, "m", 5)].concat());
    run(&high);
    run(&low);
    assert_eq!(ids(&harness), ["11", "13", "2", "3"]);
    let rows = harness.rows("t", &["id", "name"]);
    let names: Vec<&str> = rows.iter().map(|row| row[1].as_deref().unwrap()).collect();
    assert_eq!(names, ["k", "m", "b", "c"]);
}
