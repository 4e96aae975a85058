-- INSERT that names its columns: others are NULL.
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
  status STRING,
  spare STRING,
  total DECIMAL(10, 2),
  PRIMARY KEY (id) NOT ENFORCED
) WITH (${dst.upsert});
INSERT INTO ${dst} (total, id) SELECT total, id FROM src WHERE id <= 5;
