-- COALESCE, NULLIF, IFNULL, IF, IS [NOT] NULL, IS [NOT] DISTINCT FROM.
CREATE TABLE src (
  id INT NOT NULL,
  a INT,
  b INT,
  s STRING,
  t STRING,
  PRIMARY KEY (id) NOT ENFORCED
) WITH (${src}, 'format'='debezium-json');
CREATE TABLE ${dst} (
  id INT NOT NULL,
  one_of INT,
  text_or STRING,
  unequal INT,
  replaced STRING,
  chosen INT,
  a_missing BOOLEAN,
  same BOOLEAN,
  differs BOOLEAN,
  total INT,
  joined STRING,
  PRIMARY KEY (id) NOT ENFORCED
) WITH (${dst.upsert});
INSERT INTO ${dst}
SELECT id, COALESCE(a, b, -1), COALESCE(s, 'none'), NULLIF(a, b), IFNULL(t, s), IF(a > 0, a, b), a IS NULL,
  s IS NOT DISTINCT FROM t, a IS DISTINCT FROM b, a + b, CONCAT_WS('-', s, t)
FROM src;
