-- A condition on the key, that a delete must meet too, beside one on values, that it need not meet.
CREATE TABLE src (
  id BIGINT NOT NULL,
  customer INT,
  status STRING,
  total DECIMAL(12, 2),
  placed TIMESTAMP(6),
  due DATE,
  PRIMARY KEY (id) NOT ENFORCED
) WITH (${src}, 'format'='debezium-json');
CREATE TABLE ${dst} (
  id BIGINT NOT NULL,
  status STRING,
  PRIMARY KEY (id) NOT ENFORCED
) WITH (${dst.upsert});
INSERT INTO ${dst} SELECT id, status FROM src WHERE id > 1 AND (status = 'void' OR total >= 5);
