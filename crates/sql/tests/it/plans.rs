//! What is planned.

use crate::harness::{Cases, shown};

#[test]
fn the_main_job() {
    insta::assert_snapshot!(shown(include_str!("../../../../examples/cdc_to_iceberg/job.sql")));
}

#[test]
fn projections_and_filters() {
    let mut cases = Cases::default();
    cases.shop(
        "filter",
        "INSERT INTO lake.db.sink SELECT id, status FROM orders WHERE total > 5 AND placed IS NOT NULL;",
    );
    cases.shop("only_used_columns", "INSERT INTO lake.db.log SELECT id, name, 1 FROM events;");
    cases.shop("star", "CREATE TABLE p (a BIGINT, b INT, c STRING, d DECIMAL(12,2), e TIMESTAMP(6)) WITH ('connector'='print'); INSERT INTO p SELECT * FROM orders;");
    cases.shop(
        "qualified_star",
        "INSERT INTO lake.db.log SELECT e.id, e.name, e.n FROM (SELECT x.* FROM events AS x) AS e;",
    );
    cases.shop(
        "renamed",
        "INSERT INTO lake.db.sink SELECT o.k AS id, o.s FROM orders AS o (k, l, s, t, p) WHERE o.l = 1;",
    );
    cases
        .shop("case", "INSERT INTO lake.db.sink SELECT id, CASE status WHEN 'a' THEN 'x' ELSE status END FROM orders;");
    cases.shop("no_column_read", "INSERT INTO lake.db.log SELECT 1, 'x', 2 FROM events;");
    insta::assert_snapshot!(cases);
}

#[test]
fn computed_and_metadata_columns() {
    let mut cases = Cases::default();
    cases.shop("computed", "INSERT INTO lake.db.log SELECT id, name, double_n FROM events WHERE double_n > 2;");
    cases.shop("metadata_in_its_own_type", "INSERT INTO lake.db.log SELECT `offset`, name, n FROM events;");
    cases.shop(
        "metadata_in_another_type",
        "CREATE TABLE p (ts TIMESTAMP(3)) WITH ('connector'='print'); INSERT INTO p SELECT ts FROM events;",
    );
    insta::assert_snapshot!(cases);
}

#[test]
fn sinks() {
    let mut cases = Cases::default();
    cases.shop("column_list", "INSERT INTO lake.db.log (n, id) SELECT n, id FROM events;");
    cases.shop("implicit_cast", "INSERT INTO lake.db.log SELECT n, name, id FROM events;");
    cases.shop("append_into_upsert", "INSERT INTO lake.db.sink SELECT id, name FROM events;");
    cases.shop("upsert_off_for_appends", "CREATE TABLE lake.db.plain (id BIGINT, PRIMARY KEY (id) NOT ENFORCED); INSERT INTO lake.db.plain SELECT id FROM events;");
    cases.shop("upsert_by_hint", "CREATE TABLE lake.db.plain (id BIGINT, PRIMARY KEY (id) NOT ENFORCED); INSERT INTO lake.db.plain /*+ OPTIONS('write.upsert.enabled'='true') */ SELECT id FROM orders;");
    cases.shop("upsert_into_print", "CREATE TABLE p (s STRING, k BIGINT) WITH ('connector'='blackhole'); INSERT INTO p SELECT status, id FROM orders;");
    insta::assert_snapshot!(cases);
}

#[test]
fn keys() {
    let mut cases = Cases::default();
    let composite = "CREATE TABLE lines (a BIGINT, b INT, v STRING, PRIMARY KEY (a, b) NOT ENFORCED) WITH ('connector'='kafka','topic'='l','properties.bootstrap.servers'='b','format'='debezium-json');\n";
    let sink = "CREATE TABLE lake.db.lines (v STRING, y BIGINT, x BIGINT, PRIMARY KEY (x, y) NOT ENFORCED) WITH ('write.upsert.enabled'='true');\n";
    cases.shop(
        "composite_key_reordered_and_widened",
        &format!("{composite}{sink}INSERT INTO lake.db.lines SELECT v, b, a FROM lines;"),
    );
    cases.shop(
        "key_cast_without_loss",
        "CREATE TABLE lake.db.wide (id DECIMAL(25, 2), PRIMARY KEY (id) NOT ENFORCED) WITH ('write.upsert.enabled'='true'); INSERT INTO lake.db.wide SELECT CAST(id AS DECIMAL(20, 0)) FROM orders;",
    );
    cases.shop("key_lost", "INSERT INTO lake.db.sink SELECT id + 1, status FROM orders;");
    cases.shop(
        "key_cast_with_loss",
        "INSERT INTO lake.db.sink SELECT CAST(CAST(id AS INT) AS BIGINT), status FROM orders;",
    );
    cases.shop("key_of_another_column", &format!("{composite}INSERT INTO lake.db.sink SELECT a, v FROM lines;"));
    cases.shop("key_lost_in_view", "CREATE VIEW v AS SELECT status FROM orders;");
    cases.shop(
        "key_lost_into_print",
        "CREATE TABLE p (s STRING) WITH ('connector'='print'); INSERT INTO p SELECT status FROM orders;",
    );
    insta::assert_snapshot!(cases);
}

#[test]
fn views_and_subqueries() {
    let mut cases = Cases::default();
    cases.shop("view", "CREATE TEMPORARY VIEW v (key, what) AS SELECT id, UPPER(status) FROM orders WHERE total > 1; INSERT INTO lake.db.sink SELECT key, what FROM v WHERE what <> 'X';");
    cases.shop(
        "view_of_another_database",
        "CREATE VIEW v AS SELECT id, status FROM (SELECT * FROM orders); USE lake.db; CREATE TEMPORARY TABLE orders (id BIGINT, status STRING) WITH ('connector'='kafka','topic'='another','properties.bootstrap.servers'='b','format'='json'); INSERT INTO sink SELECT * FROM default_catalog.default_database.v;",
    );
    cases.shop("subquery", "INSERT INTO lake.db.sink SELECT t.id, t.s FROM (SELECT id, status AS s FROM orders) t;");
    insta::assert_snapshot!(cases);
}

#[test]
fn names() {
    let mut cases = Cases::default();
    cases.shop(
        "current_catalog",
        "USE CATALOG lake; USE db; INSERT INTO log SELECT id, name, n FROM default_catalog.default_database.events;",
    );
    cases.shop("temporary_table_in_a_catalog", "USE lake.db; CREATE TEMPORARY TABLE p (a BIGINT) WITH ('connector'='print'); INSERT INTO p SELECT id FROM default_catalog.default_database.orders;");
    cases.shop(
        "table_hint",
        "INSERT INTO lake.db.log SELECT id, name, n FROM events /*+ OPTIONS('topic'='other') */ AS e;",
    );
    insta::assert_snapshot!(cases);
}

#[test]
fn statement_sets_and_explain() {
    let mut cases = Cases::default();
    cases.shop("statement_set", "EXECUTE STATEMENT SET BEGIN INSERT INTO lake.db.log SELECT id, name, n FROM events; INSERT INTO lake.db.sink SELECT id, status FROM orders; END;");
    cases.shop(
        "statement_set_begun",
        "BEGIN STATEMENT SET; INSERT INTO lake.db.log SELECT id, name, n FROM events; END;",
    );
    cases.shop("explain", "EXPLAIN PLAN FOR INSERT INTO lake.db.log SELECT id, name, n FROM events;");
    insta::assert_snapshot!(cases);
}
