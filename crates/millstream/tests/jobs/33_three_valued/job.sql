-- Conditions over NULLs, in WHERE and beside it.
CREATE TABLE src (
  id BIGINT, name STRING, n INT, d DOUBLE, f FLOAT, b BOOLEAN, amount DECIMAL(10, 3), ts TIMESTAMP(3), moment TIMESTAMP_LTZ(3)
) WITH (${src}, 'format'='json');
CREATE TABLE ${dst} (
  id BIGINT, not_and BOOLEAN, or_null BOOLEAN, is_not_true BOOLEAN, n_in BOOLEAN, n_not_in BOOLEAN, compared BOOLEAN
) WITH (${dst.append});
INSERT INTO ${dst}
SELECT id, NOT (n > 0 AND b), n > 0 OR b, (n > 0) IS NOT TRUE, n IN (5, NULL), n NOT IN (5, NULL), d = f
FROM src
WHERE (n >= -3 OR n IS NULL) AND (d < 2 OR d IS NULL OR NOT (n > 0 AND b)) AND NOT (name = 'x' AND b IS TRUE)
  AND (amount BETWEEN -1 AND 13 OR amount IS NULL);
