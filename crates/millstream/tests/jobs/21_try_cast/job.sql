-- What is no number, date or boolean is NULL.
CREATE TABLE src (
  id INT,
  s STRING
) WITH (${src}, 'format'='json');
CREATE TABLE ${dst} (
  id INT,
  i INT, l BIGINT, x DOUBLE, p DECIMAL(6, 2), b BOOLEAN, da DATE, ts TIMESTAMP(6)
) WITH (${dst.append});
INSERT INTO ${dst}
SELECT id, TRY_CAST(s AS INT), TRY_CAST(s AS BIGINT), TRY_CAST(s AS DOUBLE), TRY_CAST(s AS DECIMAL(6, 2)), TRY_CAST(s AS BOOLEAN),
  TRY_CAST(s AS DATE), TRY_CAST(s AS TIMESTAMP(6))
FROM src;
