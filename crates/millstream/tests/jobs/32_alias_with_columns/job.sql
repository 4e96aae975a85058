-- A table under another name with other names for its columns.
CREATE TABLE src (
  id BIGINT, name STRING, n INT, d DOUBLE, f FLOAT, b BOOLEAN, amount DECIMAL(10, 3), ts TIMESTAMP(3), moment TIMESTAMP_LTZ(3)
) WITH (${src}, 'format'='json');
CREATE TABLE ${dst} (
  k BIGINT, l STRING, `day` INT
) WITH (${dst.append});
INSERT INTO ${dst}
SELECT x.k, x.l, TIMESTAMPDIFF(DAY, TIMESTAMP '2000-01-01 00:00:00', t) FROM src AS x (k, l, m, d, f, b, g, t, i) WHERE x.m IS NOT NULL;
