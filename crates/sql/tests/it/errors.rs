//! What is said about what is wrong.

use crate::harness::{Cases, shown};

#[test]
fn misspelt_words() {
    let mut cases = Cases::default();
    cases.job("statement", "CRATE TABLE t (a INT);");
    cases.job("create_kind", "CREATE TABEL t (a INT);");
    cases.job("from", "INSERT INTO t SELECT a FORM b;");
    cases.job("where", "INSERT INTO t SELECT a FROM b WHRE a = 1;");
    cases.job("type", "CREATE TABLE t (a INTEGR);");
    cases.job("unit", "INSERT INTO t SELECT EXTRACT(DAYS FROM a) FROM b;");
    cases.job("reserved", "CREATE TABLE t (value INT, `value` INT);");
    cases.job("double_quotes", "INSERT INTO \"t\" SELECT a FROM b;");
    cases.job("cast", "INSERT INTO t SELECT a::INT FROM b;");
    cases.job("not_enforced", "CREATE TABLE t (a INT, PRIMARY KEY (a));");
    insta::assert_snapshot!(cases);
}

#[test]
fn several_errors_are_reported_together() {
    let mut cases = Cases::default();
    cases.job(
        "several",
        "SET 'a';\nCREATE TABLE t (a INT,);\nEXECUTE STATEMENT SET BEGIN\n  INSERT INTO t SELECT FROM b;\n  INSERT t SELECT a FROM b;\nEND;\nDROP TABLE x;\nCREATE DATABASE d\nCREATE DATABASE 5;",
    );
    insta::assert_snapshot!(cases);
}

#[test]
fn what_is_not_supported_says_so() {
    let queries = [
        "SELECT a FROM b GROUP BY a",
        "SELECT a FROM b ORDER BY a",
        "SELECT a FROM b LIMIT 1",
        "SELECT a FROM b UNION ALL SELECT a FROM c",
        "SELECT a FROM b JOIN c ON b.a = c.a",
        "SELECT a FROM b, c",
        "SELECT a FROM b LEFT JOIN c ON TRUE",
        "SELECT DISTINCT a FROM b",
        "SELECT 1",
        "SELECT a FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE))",
        "SELECT a FROM b WHERE a IN (SELECT a FROM c)",
        "SELECT (SELECT 1) FROM b",
        "SELECT COUNT(*) FROM b",
        "SELECT COUNT(a) + 1 FROM b",
        "SELECT SUM(DISTINCT a) FROM b",
        "SELECT a FROM b HAVING COUNT(*) > 1",
        "SELECT TUMBLE_START(ts, INTERVAL '1' MINUTE) FROM b GROUP BY TUMBLE(ts, INTERVAL '1' MINUTE)",
        "SELECT a FROM b MATCH_RECOGNIZE (ORDER BY ts MEASURES A.x AS x PATTERN (A) DEFINE A AS TRUE)",
        "SELECT a FROM b EXCEPT SELECT a FROM c",
        "SELECT a FROM b WHERE EXISTS (SELECT 1 FROM c)",
        "SELECT ROW_NUMBER() OVER (PARTITION BY a) FROM b",
        "SELECT a[1] FROM b",
        "SELECT ROW(a, b) FROM b",
        "SELECT /*+ STATE_TTL('a'='1d') */ a FROM b",
        "SELECT a FROM b FOR SYSTEM_TIME AS OF c",
        "VALUES (1)",
        "WITH x AS (SELECT 1) SELECT a FROM x",
    ];
    let statements = [
        "ALTER TABLE t ADD a INT",
        "DROP TABLE t",
        "UPDATE t SET a = 1",
        "DELETE FROM t WHERE a = 1",
        "ADD JAR 'x.jar'",
        "STOP JOB 'x'",
        "CREATE VIEW v AS SELECT COUNT(*) FROM b",
        "CREATE TABLE t AS SELECT a FROM b",
        "SHOW TABLES",
        "DESCRIBE t",
        "SELECT 1",
        "SET",
        "CREATE FUNCTION f AS 'x'",
        "CREATE TABLE t LIKE u",
        "CREATE TABLE t (a INT) PARTITIONED BY (a)",
        "CREATE TABLE t (a INT) WITH ('k'='v') LIKE u",
        "CREATE TABLE t (a ROW<b INT>)",
        "CREATE TABLE t (a TIMESTAMP WITH TIME ZONE)",
        "INSERT OVERWRITE t SELECT a FROM b",
        "CREATE OR REPLACE TABLE t (a INT)",
    ];
    let inserts = queries.iter().map(|query| format!("INSERT INTO t {query};"));
    let jobs = inserts.chain(statements.iter().map(|statement| format!("{statement};")));
    let shown: Vec<String> = jobs.map(|job| shown(&job)).collect();
    for (text, statement) in shown.iter().zip(queries.iter().chain(&statements)) {
        assert!(text.contains("is not supported yet") && text.contains('^'), "{statement}: {text}");
        assert!(text.contains("\n  hint: "), "{statement} does not say what to do: {text}");
    }
    insta::assert_snapshot!(shown.join("\n\n"));
}

#[test]
fn names_that_do_not_exist() {
    let mut cases = Cases::default();
    cases.shop("unknown_column", "INSERT INTO lake.db.sink SELECT id, staus FROM orders WHERE totl > 1;");
    cases.shop("unknown_qualifier", "INSERT INTO lake.db.sink SELECT o.id, orders.status FROM orders AS o;");
    cases.shop("unknown_table", "INSERT INTO lake.db.snk SELECT id, status FROM orderz;");
    cases.shop("unknown_catalog", "INSERT INTO lak.db.sink SELECT id, status FROM orders;");
    cases.shop("catalog_for_database", "INSERT INTO lake.sink SELECT id, status FROM orders;");
    cases.shop("unknown_function", "INSERT INTO lake.db.sink SELECT id, UPER(status) FROM orders;");
    cases.shop(
        "broken_table_is_told_once",
        "CREATE TABLE x (a INT) WITH ('connector'='kafak'); INSERT INTO lake.db.sink SELECT a, b FROM x;",
    );
    cases.shop("aggregate", "INSERT INTO lake.db.sink SELECT id, MAX(status) FROM orders;");
    cases.shop("flinks_function", "INSERT INTO lake.db.sink SELECT id, JSON_VALUE(status, '$.a') FROM orders;");
    cases.shop("window", "INSERT INTO lake.db.sink SELECT id, TUMBLE_END(placed, INTERVAL '1' HOUR) FROM orders;");
    insta::assert_snapshot!(cases);
}

#[test]
fn options() {
    let mut cases = Cases::default();
    cases.shop(
        "unknown_option",
        "CREATE TABLE t (a INT) WITH ('connector'='kafka', 'topik'='x', 'properties.bootstrap.servers'='b',\n  'format'='json', 'millstream.bad-records'='skip');",
    );
    cases.shop("missing_option", "CREATE TABLE t (a INT) WITH ('connector'='kafka', 'format'='json');");
    cases.shop(
        "wrong_value",
        "CREATE TABLE t (a INT) WITH ('connector'='kafka', 'topic'='x', 'properties.bootstrap.servers'='b', 'format'='json',\n  'scan.startup.mode'='earliest');",
    );
    cases.shop("no_connector", "CREATE TABLE t (a INT);");
    cases.shop("option_twice", "CREATE TABLE t (a INT) WITH ('connector'='print', 'connector'='print');");
    cases.shop("catalog_option", "CREATE CATALOG c WITH ('type'='iceberg', 'url'='x', 'warehouse'='w');");
    cases.shop("catalog_type", "CREATE CATALOG c WITH ('type'='icberg');");
    cases.shop("catalog_value", "CREATE CATALOG c WITH ('type'='iceberg', 'uri'='http://x', 'warehouse'='w');");
    cases.shop("table_option", "CREATE TABLE lake.db.t (a INT) WITH ('write.upsert.enable'='true');");
    cases.shop("connector_in_catalog", "CREATE TABLE lake.db.t (a INT) WITH ('connector'='print');");
    cases.shop("hint_option", "INSERT INTO lake.db.log SELECT id, name, n FROM events /*+ OPTIONS('topc'='x') */;");
    cases.shop("source_as_sink", "INSERT INTO events (id) SELECT id FROM orders;");
    cases.shop(
        "sink_as_source",
        "CREATE TABLE p (a INT) WITH ('connector'='print'); INSERT INTO lake.db.log (n) SELECT a FROM p;",
    );
    cases.shop("secret", "CREATE TABLE t (a INT) WITH ('connector'='kafka', 'properties.sasl.jaas.config' = 'password=hunter2', 'topik'='x');");
    insta::assert_snapshot!(cases);
}

#[test]
fn settings() {
    let mut cases = Cases::default();
    cases.job(
        "settings",
        "SET 'pipeline.nam' = 'x';\nSET 'millstream.comit.max-bytes' = '1';\nSET 'execution.checkpointing.intervall' = '1 s';\nSET 'table.exec.mini-batch.enabled' = 'true';\nSET 'foo.bar' = '1';",
    );
    cases.job(
        "warnings",
        "SET 'pipeline.name' = 'x';\nSET 'execution.checkpointing.intervall' = '1 s';\nSET 'table.exec.mini-batch.enabled' = 'true';\nSET 'foo.bar' = '1';",
    );
    let table = "CREATE TABLE k (a INT) WITH ('connector'='kafka', 'topic'='x', 'properties.bootstrap.servers'='b', 'format'='json');";
    let of_tables = ["kk.decimals.mode", "k.decimal.mode", "k.commit.max-bytes", "decimals.mode", "k.decimals.mode"];
    let of_tables = of_tables.map(|key| format!("SET 'millstream.table.{key}' = 'double';\n")).concat();
    cases.job("settings_of_tables", &format!("{of_tables}{table}"));
    cases.job(
        "no_pipeline_name",
        "CREATE CATALOG lake WITH ('type'='iceberg', 'uri'='jdbc:sqlite:x', 'warehouse'='w'); CREATE DATABASE lake.db; CREATE TABLE lake.db.t (a INT);\nCREATE TABLE k (a INT) WITH ('connector'='kafka', 'topic'='x', 'properties.bootstrap.servers'='b', 'format'='json'); INSERT INTO lake.db.t SELECT a FROM k;",
    );
    insta::assert_snapshot!(cases);
}

#[test]
fn definitions() {
    let mut cases = Cases::default();
    cases.shop("column_twice", "CREATE TABLE t (a INT, a STRING) WITH ('connector'='print');");
    cases.shop(
        "key_of_unknown_column",
        "CREATE TABLE t (alpha INT, PRIMARY KEY (alpa) NOT ENFORCED) WITH ('connector'='print');",
    );
    cases.shop(
        "key_of_computed_column",
        "CREATE TABLE t (a INT, b AS a, PRIMARY KEY (b) NOT ENFORCED) WITH ('connector'='print');",
    );
    cases.shop("two_keys", "CREATE TABLE t (a INT PRIMARY KEY NOT ENFORCED, PRIMARY KEY (a) NOT ENFORCED);");
    cases.shop(
        "metadata_key",
        "CREATE TABLE t (a INT METADATA FROM 'ofset', b INT) WITH ('connector'='kafka', 'topic'='x', 'properties.bootstrap.servers'='b', 'format'='json');",
    );
    cases.shop("computed_over_computed", "CREATE TABLE t (a INT, b AS a + 1, c AS b + 1) WITH ('connector'='print');");
    cases.shop("computed_in_catalog", "CREATE TABLE lake.db.t (a INT, b AS a + 1);");
    cases.shop("table_twice", "CREATE TABLE orders (a INT) WITH ('connector'='print');");
    cases.shop("no_database", "CREATE TABLE lake.nope.t (a INT);");
    insta::assert_snapshot!(cases);
}

#[test]
fn sinks() {
    let mut cases = Cases::default();
    cases.shop("different_number_of_columns", "INSERT INTO lake.db.sink SELECT id FROM orders;");
    cases.shop("changes_into_append_only", "INSERT INTO lake.db.log SELECT id, status, 1 FROM orders;");
    cases.shop(
        "changes_without_upsert",
        "CREATE TABLE lake.db.t (id BIGINT, PRIMARY KEY (id) NOT ENFORCED); INSERT INTO lake.db.t SELECT id FROM orders;",
    );
    cases.shop(
        "changes_without_key",
        "CREATE TABLE c (a INT) WITH ('connector'='kafka','topic'='c','properties.bootstrap.servers'='b','format'='debezium-json'); CREATE TABLE lake.db.t (a INT, PRIMARY KEY (a) NOT ENFORCED) WITH ('write.upsert.enabled'='true'); INSERT INTO lake.db.t SELECT a FROM c;",
    );
    cases.shop(
        "types_that_do_not_fit",
        "CREATE TABLE p (a TINYINT, b STRING) WITH ('connector'='print'); INSERT INTO p SELECT n, id FROM events;",
    );
    cases.shop("null_in_a_view", "CREATE VIEW v AS SELECT id, NULL AS x FROM events;");
    cases.shop("column_twice_in_a_view", "CREATE VIEW v AS SELECT id, name AS id FROM events;");
    cases.shop(
        "nullable_into_not_null",
        "CREATE TABLE p (a INT NOT NULL) WITH ('connector'='print'); INSERT INTO p SELECT n FROM events;",
    );
    cases.shop("unknown_target_column", "INSERT INTO lake.db.log (idd) SELECT id FROM events;");
    cases.shop("target_column_twice", "INSERT INTO lake.db.log (id, id) SELECT id, id FROM events;");
    cases.shop("same_sink_twice", "INSERT INTO lake.db.log SELECT id, name, n FROM events; INSERT INTO lake.db.log SELECT id, name, n FROM events;");
    cases.shop("into_a_view", "CREATE VIEW v AS SELECT id FROM orders; INSERT INTO v SELECT id FROM orders;");
    cases.shop("from_a_catalog", "INSERT INTO lake.db.log SELECT id, status, 1 FROM lake.db.sink;");
    insta::assert_snapshot!(cases);
}

#[test]
fn a_file_that_is_no_sql_does_not_flood() {
    let text = "{\"id\": 1};\n".repeat(500);
    let shown = shown(&text);
    assert_eq!(shown.matches("error: ").count(), 20, "{shown}");
    assert!(shown.ends_with("… and 480 more, not shown"), "{shown}");
}
