-- The same by way of a view.
CREATE TABLE src (
  id BIGINT NOT NULL,
  customer_id BIGINT,
  status STRING,
  total DECIMAL(10, 2),
  note STRING,
  PRIMARY KEY (id) NOT ENFORCED
) WITH (${src}, 'format'='debezium-json');
CREATE TEMPORARY VIEW paid AS
SELECT id, customer_id, total, total * 0.19 AS tax FROM src WHERE status IN ('paid', 'shipped');
CREATE TABLE ${dst} (
  id BIGINT NOT NULL,
  gross DECIMAL(17, 4),
  customer STRING,
  PRIMARY KEY (id) NOT ENFORCED
) WITH (${dst.upsert});
INSERT INTO ${dst} SELECT id, total + tax, 'c' || CAST(customer_id AS STRING) FROM paid;
