-- Plain objects: every row is an insert, equal ones stay.
CREATE TABLE src (
  id BIGINT,
  name STRING,
  n INT
) WITH (${src}, 'format'='json');
CREATE TABLE ${dst} (
  id BIGINT,
  name STRING,
  doubled BIGINT
) WITH (${dst.append});
INSERT INTO ${dst} SELECT id, name, n * 2 FROM src WHERE n >= 5 OR name = 'a';
