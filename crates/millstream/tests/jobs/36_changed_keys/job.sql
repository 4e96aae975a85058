-- A change of a primary key as Debezium sends it: a delete, its tombstone, a create under the new key; keys are used again.
CREATE TABLE src (
  id BIGINT NOT NULL,
  name STRING,
  PRIMARY KEY (id) NOT ENFORCED
) WITH (${src}, 'format'='debezium-json');
CREATE TABLE ${dst} (
  id BIGINT NOT NULL,
  name STRING,
  PRIMARY KEY (id) NOT ENFORCED
) WITH (${dst.upsert});
INSERT INTO ${dst} SELECT id, UPPER(name) FROM src WHERE name <> 'hidden';
