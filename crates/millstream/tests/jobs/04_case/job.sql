-- CASE of both forms, nested, with NULL in the middle.
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
  size_class STRING,
  state INT,
  label STRING,
  PRIMARY KEY (id) NOT ENFORCED
) WITH (${dst.upsert});
INSERT INTO ${dst}
SELECT
  id,
  CASE WHEN total >= 50 THEN 'large' WHEN total >= 10 THEN 'medium' WHEN total IS NULL THEN NULL ELSE 'small' END,
  CASE status WHEN 'new' THEN 1 WHEN 'paid' THEN 2 WHEN 'shipped' THEN 3 END,
  CASE WHEN note IS NOT NULL THEN note ELSE CASE WHEN status IS NULL THEN 'unknown' ELSE status || '!' END END
FROM src;
