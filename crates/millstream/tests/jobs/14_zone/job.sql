-- A session two hours ahead of UTC.
SET 'table.local-time-zone' = 'GMT+02:00';
CREATE TABLE src (
  id INT NOT NULL,
  b BOOLEAN,
  i INT,
  l BIGINT,
  x DOUBLE,
  f FLOAT,
  d DECIMAL(10, 2),
  da DATE,
  ts TIMESTAMP(6),
  tl TIMESTAMP_LTZ(3),
  PRIMARY KEY (id) NOT ENFORCED
) WITH (${src}, 'format'='debezium-json');
CREATE TABLE ${dst} (
  id INT NOT NULL,
  txt STRING,
  wall TIMESTAMP(6),
  wall_day DATE,
  moment TIMESTAMP_LTZ(6),
  hh BIGINT,
  tl TIMESTAMP_LTZ(6),
  PRIMARY KEY (id) NOT ENFORCED
) WITH (${dst.upsert});
INSERT INTO ${dst}
SELECT id, CAST(tl AS STRING), CAST(tl AS TIMESTAMP(3)), CAST(tl AS DATE), CAST(ts AS TIMESTAMP_LTZ(6)), HOUR(tl), tl FROM src;
