-- INSERT into columns of other types: wider, narrower, of another kind.
CREATE TABLE src (
  id BIGINT, name STRING, n INT, d DOUBLE, f FLOAT, b BOOLEAN, amount DECIMAL(10, 3), ts TIMESTAMP(3), moment TIMESTAMP_LTZ(3)
) WITH (${src}, 'format'='json');
CREATE TABLE ${dst} (
  a DECIMAL(20, 2), b STRING, c BIGINT, d DECIMAL(12, 1), e DOUBLE, f DECIMAL(12, 1), g TIMESTAMP_LTZ(6), h TIMESTAMP(6), i INT, j DATE
) WITH (${dst.append});
INSERT INTO ${dst} SELECT id, CAST(name AS VARCHAR(3)), n, amount, f, n, ts, moment, CAST(d AS INT), CAST(moment AS DATE) FROM src;
