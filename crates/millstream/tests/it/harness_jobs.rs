//! Job files and records that the tests share.

/// A job from a Debezium topic `t` into `lake.db.t`, with more statements before it.
pub(crate) fn cdc_job(settings: &str) -> String {
    format!(
        "SET 'pipeline.name' = 'test';
{settings}
CREATE CATALOG lake WITH ('type'='iceberg','catalog-impl'='org.apache.iceberg.jdbc.JdbcCatalog','uri'='jdbc:sqlite:warehouse/catalog.db','warehouse'='warehouse');
CREATE DATABASE IF NOT EXISTS lake.db;
CREATE TABLE s (id BIGINT NOT NULL, name STRING, price DECIMAL(10, 2), PRIMARY KEY (id) NOT ENFORCED)
WITH ('connector'='kafka','topic'='t','properties.bootstrap.servers'='127.0.0.1:1','properties.group.id'='g','scan.startup.mode'='earliest-offset','format'='debezium-json');
CREATE TABLE IF NOT EXISTS lake.db.t (id BIGINT NOT NULL, name STRING, price DECIMAL(10, 2), PRIMARY KEY (id) NOT ENFORCED)
WITH ('format-version'='3','write.upsert.enabled'='true');
INSERT INTO lake.db.t SELECT id, name, price FROM s;
"
    )
}

/// A create or update event as a line for `produce`.
pub(crate) fn upsert(id: i64, name: &str, lsn: i64) -> String {
    event(
        id,
        &format!(
            r#"{{"before":null,"after":{{"id":{id},"name":"{name}","price":"AMg="}},"source":{{"lsn":{lsn}}},"op":"c"}}"#
        ),
    )
}

/// A delete event and its tombstone.
pub(crate) fn delete(id: i64, lsn: i64) -> String {
    let deleted = format!(
        r#"{{"before":{{"id":{id},"name":null,"price":null}},"after":null,"source":{{"lsn":{lsn}}},"op":"d"}}"#
    );
    format!("{}{}\n", event(id, &deleted), format_args!(r#"{{"key":"{{\"id\":{id}}}","value":null}}"#))
}

/// Any value under the key of a row.
pub(crate) fn event(id: i64, value: &str) -> String {
    let value = value.replace('\\', "\\\\").replace('"', "\\\"");
    format!(r#"{{"key":"{{\"id\":{id}}}","value":"{value}"}}"#) + "\n"
}
