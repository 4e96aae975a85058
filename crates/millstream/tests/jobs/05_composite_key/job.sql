-- A key of two columns, written in the other order; an amount computed from two columns.
CREATE TABLE src (
  order_id BIGINT NOT NULL,
  line_no INT NOT NULL,
  sku STRING,
  qty INT,
  price DECIMAL(8, 2),
  PRIMARY KEY (order_id, line_no) NOT ENFORCED
) WITH (${src}, 'format'='debezium-json');
CREATE TABLE ${dst} (
  line_no INT NOT NULL,
  order_id BIGINT NOT NULL,
  sku STRING,
  amount DECIMAL(20, 2),
  PRIMARY KEY (line_no, order_id) NOT ENFORCED
) WITH (${dst.upsert});
INSERT INTO ${dst} SELECT line_no, order_id, UPPER(sku), qty * price FROM src;
