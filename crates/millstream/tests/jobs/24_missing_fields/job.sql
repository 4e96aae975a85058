-- Fields that a record lacks are NULL; fields that the table lacks are ignored.
CREATE TABLE src (
  id INT,
  name STRING,
  n BIGINT,
  flag BOOLEAN
) WITH (${src}, 'format'='json');
CREATE TABLE ${dst} (
  id INT,
  name STRING,
  n BIGINT,
  flag BOOLEAN,
  known BOOLEAN
) WITH (${dst.append});
INSERT INTO ${dst} SELECT id, name, n, flag, name IS NOT NULL AND n IS NOT NULL FROM src;
