-- INSERT makes a query's types those of the table.
CREATE TABLE src (
  id INT NOT NULL,
  small SMALLINT,
  i INT,
  p DECIMAL(10, 2),
  s STRING,
  ts TIMESTAMP(6),
  PRIMARY KEY (id) NOT ENFORCED
) WITH (${src}, 'format'='debezium-json');
CREATE TABLE ${dst} (
  id BIGINT NOT NULL,
  small INT,
  i DOUBLE,
  p DECIMAL(14, 4),
  constant STRING,
  single BIGINT,
  a_half DECIMAL(5, 3),
  nothing STRING,
  ts TIMESTAMP(6),
  PRIMARY KEY (id) NOT ENFORCED
) WITH (${dst.upsert});
INSERT INTO ${dst} SELECT id, small, i, p, 'fixed', 1, 0.5, CAST(NULL AS STRING), ts FROM src;
