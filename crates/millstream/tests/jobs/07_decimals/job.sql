-- Precision and scale of results, HALF_UP, NULL where a value does not fit.
CREATE TABLE src (
  id INT NOT NULL,
  p DECIMAL(10, 2),
  q INT,
  r DECIMAL(8, 3),
  PRIMARY KEY (id) NOT ENFORCED
) WITH (${src}, 'format'='debezium-json');
CREATE TABLE ${dst} (
  id INT NOT NULL,
  s DECIMAL(12, 3),
  f DECIMAL(21, 2),
  m DECIMAL(19, 5),
  d DECIMAL(21, 13),
  i INT,
  n DECIMAL(4, 2),
  rounded DECIMAL(9, 1),
  x DOUBLE,
  gt BOOLEAN,
  PRIMARY KEY (id) NOT ENFORCED
) WITH (${dst.upsert});
INSERT INTO ${dst}
SELECT id, p + r, p * q, p * r, p / q, CAST(p AS INT), CAST(p AS DECIMAL(4, 2)), ROUND(p, 1), p * 1e0, p > r
FROM src;
