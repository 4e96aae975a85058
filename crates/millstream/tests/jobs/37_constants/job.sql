-- No column of the source is read: a row for each record all the same.
CREATE TABLE src (
  id BIGINT,
  name STRING
) WITH (${src}, 'format'='json');
CREATE TABLE ${dst} (
  n INT, x STRING, nothing INT, half DECIMAL(2, 1)
) WITH (${dst.append});
INSERT INTO ${dst} SELECT 1, 'x', CAST(NULL AS INT), 0.5 FROM src;
