-- Plain objects into a table with a key: the last one of a key stays.
CREATE TABLE src (
  id BIGINT NOT NULL,
  name STRING,
  n INT
) WITH (${src}, 'format'='json');
CREATE TABLE ${dst} (
  id BIGINT NOT NULL,
  name STRING,
  n INT,
  PRIMARY KEY (id) NOT ENFORCED
) WITH (${dst.upsert});
INSERT INTO ${dst} SELECT id, name, n FROM src WHERE n > 0;
