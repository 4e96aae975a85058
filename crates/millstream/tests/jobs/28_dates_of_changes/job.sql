-- Times of change events: INSERT casts them, arithmetic and parts, a date compared with a literal or unknown.
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
  placed_on DATE,
  placed_in BIGINT,
  day_later TIMESTAMP(6),
  moment TIMESTAMP_LTZ(6),
  due DATE,
  PRIMARY KEY (id) NOT ENFORCED
) WITH (${dst.upsert});
INSERT INTO ${dst}
SELECT id, placed, EXTRACT(YEAR FROM placed), placed + INTERVAL '1' DAY, placed, due
FROM src
WHERE due IS NULL OR due < DATE '2024-03-01';
