-- Columns under other names, in another order, one twice.
CREATE TABLE src (
  id BIGINT NOT NULL,
  customer_id BIGINT,
  status STRING,
  total DECIMAL(10, 2),
  note STRING,
  PRIMARY KEY (id) NOT ENFORCED
) WITH (${src}, 'format'='debezium-json');
CREATE TABLE ${dst} (
  amount DECIMAL(10, 2),
  order_key BIGINT NOT NULL,
  state STRING,
  same_state STRING,
  PRIMARY KEY (order_key) NOT ENFORCED
) WITH (${dst.upsert});
INSERT INTO ${dst} SELECT total AS amount, id AS order_key, status AS state, o.status FROM src AS o;
