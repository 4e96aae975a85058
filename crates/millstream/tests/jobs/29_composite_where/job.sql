-- A condition on a part of the key and on a value; the key's columns change places.
CREATE TABLE src (
  order_id BIGINT NOT NULL,
  line_no INT NOT NULL,
  sku STRING,
  qty INT,
  price DECIMAL(10, 2),
  PRIMARY KEY (order_id, line_no) NOT ENFORCED
) WITH (${src}, 'format'='debezium-json');
CREATE TABLE ${dst} (
  sku STRING,
  line BIGINT NOT NULL,
  ord BIGINT NOT NULL,
  PRIMARY KEY (ord, line) NOT ENFORCED
) WITH (${dst.upsert});
INSERT INTO ${dst} SELECT sku, line_no, order_id FROM src WHERE line_no <> 1 AND (qty > 0 OR qty IS NULL);
