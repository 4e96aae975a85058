-- Metadata of change events, beside their columns.
CREATE TABLE src (
  id BIGINT NOT NULL,
  customer_id BIGINT,
  status STRING,
  total DECIMAL(10, 2),
  note STRING,
  pos BIGINT METADATA FROM 'offset' VIRTUAL,
  PRIMARY KEY (id) NOT ENFORCED
) WITH (${src}, 'format'='debezium-json');
CREATE TABLE ${dst} (
  id BIGINT NOT NULL,
  pos BIGINT,
  early BOOLEAN,
  PRIMARY KEY (id) NOT ENFORCED
) WITH (${dst.upsert});
INSERT INTO ${dst} SELECT id, pos, pos < 5 FROM src;
