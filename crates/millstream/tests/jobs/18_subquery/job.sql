-- A filter over a projection over a filter.
CREATE TABLE src (
  id BIGINT NOT NULL,
  customer_id BIGINT,
  status STRING,
  total DECIMAL(10, 2),
  note STRING,
  PRIMARY KEY (id) NOT ENFORCED
) WITH (${src}, 'format'='debezium-json');
CREATE TABLE ${dst} (
  id BIGINT NOT NULL,
  cents BIGINT,
  state STRING,
  PRIMARY KEY (id) NOT ENFORCED
) WITH (${dst.upsert});
INSERT INTO ${dst}
SELECT k, cents, UPPER(state) FROM (
  SELECT id AS k, CAST(total * 100 AS BIGINT) AS cents, status AS state FROM src WHERE status IS NOT NULL
) AS o
WHERE cents > 1000;
