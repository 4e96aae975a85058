-- A condition that is unknown does not select, and NOT does not turn it.
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
  is_greater BOOLEAN,
  all_positive BOOLEAN,
  any_positive BOOLEAN,
  PRIMARY KEY (id) NOT ENFORCED
) WITH (${dst.upsert});
INSERT INTO ${dst}
SELECT id, a > b, a > 0 AND b > 0, a > 0 OR b > 0 FROM src WHERE NOT (a > b) OR (s = t) IS NOT TRUE;
