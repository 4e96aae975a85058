-- Columns computed in CREATE TABLE, one of them hidden behind SELECT *.
CREATE TABLE src (
  order_id BIGINT NOT NULL,
  line_no INT NOT NULL,
  sku STRING,
  qty INT,
  price DECIMAL(8, 2),
  amount AS qty * price,
  place AS CAST(order_id AS STRING) || '/' || CAST(line_no AS STRING),
  PRIMARY KEY (order_id, line_no) NOT ENFORCED
) WITH (${src}, 'format'='debezium-json');
CREATE TABLE ${dst} (
  order_id BIGINT NOT NULL,
  line_no INT NOT NULL,
  sku STRING,
  qty INT,
  price DECIMAL(8, 2),
  amount DECIMAL(19, 2),
  place STRING,
  PRIMARY KEY (order_id, line_no) NOT ENFORCED
) WITH (${dst.upsert});
INSERT INTO ${dst} SELECT * FROM src WHERE amount IS NOT NULL;
